import type { DeviceError, DeviceIdentity, LightSignal, SignalLight } from '../device.ts';
import { deviceNode } from '../find-device.ts';
import { type HidDevice, openHid } from '../link/hid.ts';
import { type Colour, encodeFade } from './wire.ts';

export interface Blink1Settings {
  /** hidraw device, or as {@link deviceNode} finds it. */
  readonly path: string;
}

/** ISO 3864-4 safety colours in spirit: green for go, blue for an action asked of the person, red for stop. */
const COLOURS: Readonly<Record<LightSignal, Colour>> = {
  ready: { red: 0, green: 160, blue: 0 },
  capture: { red: 0, green: 60, blue: 255 },
  error: { red: 255, green: 0, blue: 0 },
};
const DARK: Colour = { red: 0, green: 0, blue: 0 };
/** Seen as a change, not as a flash. */
const FADE_MS = 200;

/** @throws DeviceError as {@link deviceNode} and {@link openHid} do */
export async function openBlink1(settings: Blink1Settings, signal: AbortSignal): Promise<Blink1> {
  return new Blink1(await openHid(await deviceNode(settings.path, 'hid'), signal));
}

class Blink1 implements SignalLight {
  readonly identity: DeviceIdentity;
  readonly #hid: HidDevice;

  constructor(hid: HidDevice) {
    this.#hid = hid;
    this.identity = { driver: 'blink1', model: 'blink(1)', serial: '', location: hid.location };
  }

  get lost(): Promise<DeviceError> {
    return this.#hid.lost;
  }

  show(what: LightSignal): Promise<void> {
    return this.#hid.sendFeature(encodeFade(COLOURS[what], FADE_MS));
  }

  /** Dark: a light that nobody drives must not promise anything. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hid.sendFeature(encodeFade(DARK, 0)).catch(() => {});
    await this.#hid.close();
  }
}
