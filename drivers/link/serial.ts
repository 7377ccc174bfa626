import { read } from 'node:fs';
import { promisify } from 'node:util';
import { SerialPort } from 'serialport';
import { DeviceError, type DeviceErrorCode } from '../device.ts';
import { holderOf } from '../holder.ts';
import { Inbox } from './inbox.ts';
import type { BaudLink } from './link.ts';

/** A tty that does not open, take bytes or close within this time hangs in its kernel driver; 80 ms were measured. */
const TTY_DEADLINE_MS = 5_000;
/** Bytes taken from the kernel at once; its own buffer holds 4096. */
const READ_BYTES = 4_096;

/** What serialport's bindings open on Linux and macOS. */
type AnyPort = Awaited<ReturnType<typeof SerialPort.binding.open>>;
type UnixPort = Extract<AnyPort, { readonly poller: unknown }>;

/**
 * Opens a serial port exclusively, 8 data bits, no parity, 1 stop bit.
 *
 * serialport's bindings open the port and set it up, but its stream is not used: when a tty hangs up while the stream
 * is busy reading, its read returns 0 bytes and the stream reads again, forever, without ever telling.
 * @param path tty device, e.g. `/dev/ttyUSB0` or a stable link under `/dev/serial/by-id`
 * @param baud bits per second
 * @throws DeviceError DEVICE_NOT_FOUND, DEVICE_NO_PERMISSION, DEVICE_IN_USE, DEVICE_TIMEOUT or DEVICE_FAULT
 */
export async function openSerial(path: string, baud: number, signal: AbortSignal): Promise<BaudLink> {
  signal.throwIfAborted();
  // hupcl off: dropping DTR at close resets the bridge of some sensors.
  const opening: Promise<AnyPort> = SerialPort.binding.open({
    path,
    baudRate: baud,
    hupcl: false,
    lock: true,
  });
  const port = await within(path, opening).catch(async error => {
    void opening.then(late => late.close()).catch(() => {});
    throw await named(path, openError(path, error));
  });
  if (!('poller' in port)) {
    await port.close();
    throw new DeviceError('DEVICE_FAULT', `${path}: serial ports are supported on Linux and macOS only`);
  }
  const link = new SerialLink(path, port);
  if (signal.aborted) {
    await link.close();
    signal.throwIfAborted();
  }
  return link;
}

class SerialLink implements BaudLink {
  readonly location: string;
  readonly #port: UnixPort;
  readonly #inbox = new Inbox();
  readonly #reading: Promise<void>;
  #writing: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(location: string, port: UnixPort) {
    this.location = location;
    this.#port = port;
    this.#reading = this.#readAll();
    // An unplugged tty is let go at once, so that its name is free when the device comes back.
    void this.#reading.then(() => this.close());
  }

  get lost(): Promise<DeviceError> {
    return this.#inbox.lost;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#inbox.dead !== undefined) throw this.#inbox.dead;
    this.#writing = within(this.location, this.#port.write(Buffer.from(bytes))).catch(error => {
      this.#inbox.fail(error instanceof DeviceError ? error : gone(this.location, error));
    });
    await this.#writing;
    if (this.#inbox.dead !== undefined) throw this.#inbox.dead;
  }

  read(signal: AbortSignal): Promise<Uint8Array> {
    return this.#inbox.take(signal);
  }

  async setBaud(baud: number): Promise<void> {
    if (this.#inbox.dead !== undefined) throw this.#inbox.dead;
    await within(this.location, this.#port.update({ baudRate: baud })).catch(error => {
      throw openError(this.location, error);
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    this.#inbox.fail(new DeviceError('DEVICE_GONE', `${this.location} was closed`));
    this.#port.poller.stop();
    // What is still in the kernel must end first: the descriptor's number may belong to another file afterwards.
    await Promise.all([this.#reading, this.#writing]);
    await within(this.location, this.#port.close()).catch(() => {});
  }

  async #readAll(): Promise<void> {
    const buffer = Buffer.alloc(READ_BYTES);
    try {
      while (this.#inbox.dead === undefined)
        this.#inbox.push(await readSome(this.#port, buffer, this.#inbox));
    } catch (error) {
      this.#inbox.fail(gone(this.location, error));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const readFile = promisify(read);

/** Waits for bytes; a copy of them. */
async function readSome(port: UnixPort, buffer: Buffer, inbox: Inbox): Promise<Uint8Array> {
  for (;;) {
    if (port.fd === null || inbox.dead !== undefined) throw new Error('closed');
    try {
      const { bytesRead } = await readFile(port.fd, buffer, 0, buffer.length, null);
      if (bytesRead > 0) {
        const bytes = Uint8Array.from(buffer.subarray(0, bytesRead));
        // What a device sends is of a person: it does not lie here until the next one comes.
        buffer.fill(0, 0, bytesRead);
        return bytes;
      }
      // The port was opened to wait for at least one byte (VMIN 1): no byte means the tty hung up.
      throw new Error('hung up');
    } catch (error) {
      if (!isWouldBlock(error)) throw error;
    }
    if (inbox.dead !== undefined) throw inbox.dead;
    await new Promise<void>((resolve, reject) => {
      port.poller.once('readable', error => (error ? reject(error) : resolve()));
    });
  }
}

function isWouldBlock(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    ['EAGAIN', 'EWOULDBLOCK', 'EINTR'].includes(String(error.code))
  );
}

function within<T>(path: string, work: Promise<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const late = () =>
    reject(new DeviceError('DEVICE_TIMEOUT', `${path} did not answer within ${TTY_DEADLINE_MS} ms`));
  const timer = setTimeout(late, TTY_DEADLINE_MS);
  work.then(resolve, reject).finally(() => clearTimeout(timer));
  return promise;
}

function gone(path: string, cause: unknown): DeviceError {
  return new DeviceError('DEVICE_GONE', `${path} was unplugged or closed`, { cause });
}

/** Tells who it is that holds the port, where that can be seen. */
async function named(path: string, error: DeviceError): Promise<DeviceError> {
  const holder = error.code === 'DEVICE_IN_USE' ? await holderOf(path) : undefined;
  return holder === undefined
    ? error
    : new DeviceError('DEVICE_IN_USE', `${path}: ${holder} holds it`, { cause: error.cause });
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

function openError(path: string, cause: unknown): DeviceError {
  if (cause instanceof DeviceError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  for (const [pattern, code, meaning] of OPEN_ERRORS) {
    if (pattern.test(text)) return new DeviceError(code, `${path}: ${meaning}`, { cause });
  }
  return new DeviceError('DEVICE_FAULT', `${path} could not be opened: ${text}`, { cause });
}
