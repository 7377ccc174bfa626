/** Signs that frames do not come from a camera that looks at a person. */
import { createHash } from 'node:crypto';
import type { DeviceIdentity } from '../../drivers/device.ts';
import type { InjectionSign } from '../contract/common.ts';

/** The noise of a sensor never makes the same file twice; as many in a row are a frozen stream. */
const FROZEN_FRAMES = 5;
/** As many frames that came in this order before are a loop. */
const LOOP_FRAMES = 4;
/** Names that virtual camera drivers give themselves (v4l2loopback, OBS, and the makers of such programs). */
const VIRTUAL = /v4l2.?loopback|dummy video|virtual|\bobs\b|manycam|droidcam|xsplit|snap camera|iriun/i;

/** Remembers the hashes of one face step's frames, never the frames. */
export class InjectionWatch {
  readonly #places = new Map<string, number>();
  readonly #signs = new Set<InjectionSign>();
  #last = '';
  #lastPlace = -1;
  #count = 0;
  #frozen = 1;
  #looped = 0;
  #device = '';

  /** @param jpeg the file as the camera sent it */
  add(jpeg: Uint8Array, identity: DeviceIdentity): void {
    const { driver, model, serial, location } = identity;
    const device = JSON.stringify([driver, model, serial, location]);
    if (this.#device !== '' && device !== this.#device) this.#signs.add('device_changed');
    this.#device = device;
    if (VIRTUAL.test(model)) this.#signs.add('virtual_camera');
    const hash = createHash('sha256').update(jpeg).digest('base64');
    const place = this.#places.get(hash);
    if (place === undefined) this.#places.set(hash, this.#count);
    else this.#signs.add('repeated_frame');
    this.#frozen = hash === this.#last ? this.#frozen + 1 : 1;
    if (this.#frozen >= FROZEN_FRAMES) this.#signs.add('frozen_stream');
    this.#looped =
      place !== undefined && hash !== this.#last && place >= this.#lastPlace ? this.#looped + 1 : 0;
    if (this.#looped >= LOOP_FRAMES) this.#signs.add('looping_stream');
    this.#last = hash;
    this.#lastPlace = place ?? -1;
    this.#count += 1;
  }

  get signs(): readonly InjectionSign[] {
    return [...this.#signs];
  }
}
