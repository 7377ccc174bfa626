import type { DeviceError, DeviceIdentity, LightSignal, SignalLight } from '../device.ts';
import { deviceNode } from '../find-device.ts';
import { DARK, SIGNAL_COLOURS } from '../light-colours.ts';
import { type HidDevice, openHid } from '../link/hid.ts';
import { encodeFade } from './wire.ts';

export interface Blink1Settings {
  /** hidraw device, or as {@link deviceNode} finds it. */
  readonly path: string;
}

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
    return this.#hid.sendFeature(encodeFade(SIGNAL_COLOURS[what], FADE_MS));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hid.sendFeature(encodeFade(DARK, 0)).catch(() => {});
    await this.#hid.close();
  }
}
