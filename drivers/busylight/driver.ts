import type { DeviceError, DeviceIdentity, LightSignal, SignalLight } from '../device.ts';
import { deviceNode } from '../find-device.ts';
import { DARK, SIGNAL_COLOURS } from '../light-colours.ts';
import { type HidDevice, openHid } from '../link/hid.ts';
import { encodeColour, encodeKeepAlive, MAX_KEEP_ALIVE_S } from './wire.ts';

export interface BusylightSettings {
  /** hidraw device, or as {@link deviceNode} finds it. */
  readonly path: string;
}

/** Twice before the light would go out. */
const KEEP_ALIVE_EVERY_MS = (MAX_KEEP_ALIVE_S * 1000) / 2.5;

/** @throws DeviceError as {@link deviceNode} and {@link openHid} do */
export async function openBusylight(settings: BusylightSettings, signal: AbortSignal): Promise<Busylight> {
  return new Busylight(await openHid(await deviceNode(settings.path, 'hid'), signal));
}

/** Goes out by itself soon after the agent has ended, however it ended. */
export class Busylight implements SignalLight {
  readonly identity: DeviceIdentity;
  readonly #hid: HidDevice;
  readonly #keepingAlive: NodeJS.Timeout;

  constructor(hid: HidDevice) {
    this.#hid = hid;
    this.identity = { driver: 'busylight', model: 'Busylight', serial: '', location: hid.location };
    // Whatever keeps a report from getting there, the link tells of it through `lost`.
    const keepAlive = () => hid.write(encodeKeepAlive(MAX_KEEP_ALIVE_S)).catch(() => {});
    this.#keepingAlive = setInterval(keepAlive, KEEP_ALIVE_EVERY_MS);
  }

  get lost(): Promise<DeviceError> {
    return this.#hid.lost;
  }

  async show(what: LightSignal): Promise<void> {
    await this.#hid.write(encodeColour(SIGNAL_COLOURS[what]));
    await this.#hid.write(encodeKeepAlive(MAX_KEEP_ALIVE_S));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#keepingAlive);
    await this.#hid.write(encodeColour(DARK)).catch(() => {});
    await this.#hid.close();
  }
}
