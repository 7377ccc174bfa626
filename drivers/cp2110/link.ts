import { DeviceError } from '../device.ts';
import { type HidDevice, openHid } from '../link/hid.ts';
import type { BaudLink } from '../link/link.ts';
import {
  decodeData,
  decodeUartBaud,
  encodeData,
  encodeEnable,
  encodePurge,
  encodeUartConfig,
  UART_CONFIG_REPORT,
} from './wire.ts';

/**
 * The UART behind a CP2110 bridge: what hangs on it is spoken to as over a serial port.
 * @param path hidraw device of the bridge, e.g. `/dev/vantay/finger-scanner`
 * @throws DeviceError as {@link openHid} does, DEVICE_PROTOCOL when it is no CP2110
 */
export async function openCp2110(path: string, baud: number, signal: AbortSignal): Promise<BaudLink> {
  return openCp2110On(await openHid(path, signal), baud);
}

/** The same on a bridge that is open; it is closed when it is none. */
export async function openCp2110On(hid: HidDevice, baud: number): Promise<BaudLink> {
  try {
    const link = new Cp2110Link(hid);
    await link.setBaud(baud);
    return link;
  } catch (error) {
    await hid.close();
    throw error;
  }
}

class Cp2110Link implements BaudLink {
  readonly location: string;
  readonly lost: Promise<DeviceError>;
  readonly #hid: HidDevice;

  constructor(hid: HidDevice) {
    this.location = hid.location;
    this.lost = hid.lost;
    this.#hid = hid;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (const report of encodeData(bytes)) await this.#hid.write(report);
  }

  async read(signal: AbortSignal): Promise<Uint8Array> {
    for (;;) {
      const pieces = (await this.#hid.read(signal)).flatMap(report => decodeData(report) ?? []);
      if (pieces.length > 0) return Buffer.concat(pieces);
    }
  }

  /** The bridge says what it made of the speed: it is a CP2110 only if that is what was asked for. */
  async setBaud(baud: number): Promise<void> {
    await this.#hid.sendFeature(encodeUartConfig(baud));
    const { number, bytes } = UART_CONFIG_REPORT;
    const told = decodeUartBaud(await this.#hid.getFeature(number, bytes));
    if (told !== baud) {
      throw new DeviceError('DEVICE_PROTOCOL', `${this.location}: no CP2110 that runs at ${baud} baud`);
    }
    await this.#hid.sendFeature(encodeEnable());
    await this.#hid.sendFeature(encodePurge());
  }

  close(): Promise<void> {
    return this.#hid.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
