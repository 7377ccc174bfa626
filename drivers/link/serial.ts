import { DeviceError, type DeviceErrorCode } from '../device.ts';
import { holderOf } from '../holder.ts';
import type { BaudLink } from './link.ts';
import { mayOpen, openOwned } from './owner.ts';

/**
 * Opens a serial port exclusively, in a process of its own: 8 data bits, no parity, 1 stop bit.
 * @param path tty device, e.g. `/dev/ttyUSB0` or a stable link under `/dev/serial/by-id`
 * @param baud bits per second
 * @throws DeviceError as {@link mayOpen} and {@link openOwned} do, DEVICE_IN_USE or DEVICE_FAULT
 */
export async function openSerial(path: string, baud: number, signal: AbortSignal): Promise<BaudLink> {
  await mayOpen(path);
  const owner = {
    name: 'vantay-serial',
    module: new URL('./serial-host.ts', import.meta.url),
    args: [path, String(baud)],
    refusal: (text: string) => openError(path, text),
  } as const;
  const owned = await openOwned(owner, signal).catch(async error => {
    throw await named(path, error);
  });
  return {
    location: path,
    lost: owned.lost,
    write: async bytes => void (await owned.ask('write', bytes)),
    read: readSignal => owned.read(readSignal),
    async setBaud(wanted) {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(wanted);
      await owned.ask('baud', bytes, 'DEVICE_FAULT');
    },
    close: () => owned.close(),
    [Symbol.asyncDispose]: () => owned.close(),
  };
}

/** Tells who it is that holds the port, where that can be seen. */
async function named(path: string, error: unknown): Promise<unknown> {
  if (!(error instanceof DeviceError) || error.code !== 'DEVICE_IN_USE') return error;
  const holder = await holderOf(path);
  return holder === undefined ? error : new DeviceError('DEVICE_IN_USE', `${path}: ${holder} holds it`);
}

/** What the bindings' messages say; they carry no errno of their own. */
const OPEN_ERRORS: readonly (readonly [RegExp, DeviceErrorCode, string])[] = [
  [/No such file|ENOENT|ENXIO|ENODEV|No such device/i, 'DEVICE_NOT_FOUND', 'there is no such device'],
  [/Permission denied|EACCES|EPERM/i, 'DEVICE_NO_PERMISSION', 'this user may not open it'],
  [
    /Cannot lock port|EBUSY|busy|Resource temporarily unavailable/i,
    'DEVICE_IN_USE',
    'another process holds it',
  ],
];

function openError(path: string, text: string): DeviceError {
  const known = OPEN_ERRORS.find(([pattern]) => pattern.test(text));
  if (known === undefined) return new DeviceError('DEVICE_FAULT', `${path} could not be opened: ${text}`);
  const [, code, meaning] = known;
  return new DeviceError(code, `${path}: ${meaning}`);
}
