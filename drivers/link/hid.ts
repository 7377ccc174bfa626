import { DeviceError } from '../device.ts';
import { holderOf } from '../holder.ts';
import { mayOpen, openOwned } from './owner.ts';

/** A HID device, spoken to in reports; each begins with its number. It is open until it is closed or lost. */
export interface HidDevice extends AsyncDisposable {
  readonly location: string;
  readonly lost: Promise<DeviceError>;
  write(report: Uint8Array): Promise<void>;
  /** All input reports that came since the last read; waits for one. One reader at a time. */
  read(signal: AbortSignal): Promise<readonly Uint8Array[]>;
  sendFeature(report: Uint8Array): Promise<void>;
  getFeature(number: number, bytes: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens a HID device in a process of its own.
 * @param path a hidraw device or a stable link to one
 * @throws DeviceError as {@link mayOpen} and {@link openOwned} do, DEVICE_IN_USE or DEVICE_FAULT
 */
export async function openHid(path: string, signal: AbortSignal): Promise<HidDevice> {
  await mayOpen(path);
  // The kernel lets several programs open a hidraw device, and each of them read what was meant for another.
  const holder = await holderOf(path);
  if (holder !== undefined) throw new DeviceError('DEVICE_IN_USE', `${path}: ${holder} holds it`);
  const owned = await openOwned(
    {
      name: 'vantay-hid',
      module: new URL('./hid-host.ts', import.meta.url),
      args: [path],
      // node-hid says only that it could not open.
      refusal: text => new DeviceError('DEVICE_FAULT', `${path} could not be opened: ${text}`),
    },
    signal,
  );
  return {
    location: path,
    lost: owned.lost,
    write: async report => void (await owned.ask('write', report)),
    read: readSignal => owned.readPieces(readSignal),
    sendFeature: async report => void (await owned.ask('send-feature', report)),
    getFeature: (number, bytes) => owned.ask('get-feature', Uint8Array.of(number, bytes >> 8, bytes & 255)),
    close: () => owned.close(),
    [Symbol.asyncDispose]: () => owned.close(),
  };
}
