import { SerialPort } from 'serialport';
import { DeviceError, type DeviceErrorCode } from '../device.ts';
import { Inbox } from './inbox.ts';
import type { BaudLink } from './link.ts';

/** A tty that has not opened or closed by then hangs in its driver; five seconds is far above the 80 ms measured. */
const OPEN_DEADLINE_MS = 5_000;

/**
 * Opens a serial port exclusively, 8 data bits, no parity, 1 stop bit.
 * @param path tty device, e.g. `/dev/ttyUSB0` or a stable link under `/dev/serial/by-id`
 * @param baud bits per second
 * @throws DeviceError DEVICE_NOT_FOUND, DEVICE_NO_PERMISSION, DEVICE_IN_USE, DEVICE_TIMEOUT or DEVICE_FAULT
 */
export async function openSerial(path: string, baud: number, signal: AbortSignal): Promise<BaudLink> {
  signal.throwIfAborted();
  // hupcl off: dropping DTR at close resets some sensors' bridges.
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false, hupcl: false });
  const inbox = new Inbox();
  port.on('data', (chunk: Buffer) => inbox.push(chunk));
  port.on('error', error => inbox.fail(gone(path, error)));
  port.on('close', (error: Error | null) => inbox.fail(gone(path, error)));
  await within(OPEN_DEADLINE_MS, path, done => port.open(done)).catch(error => {
    throw openError(path, error);
  });
  const link = new SerialLink(path, port, inbox);
  if (signal.aborted) {
    await link.close();
    signal.throwIfAborted();
  }
  return link;
}

class SerialLink implements BaudLink {
  readonly location: string;
  readonly #port: SerialPort;
  readonly #inbox: Inbox;
  #interruptWrite: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(location: string, port: SerialPort, inbox: Inbox) {
    this.location = location;
    this.#port = port;
    this.#inbox = inbox;
    // A port that is unplugged while a write waits never calls the write back: the loss ends the wait instead.
    void inbox.lost.then(() => this.#interruptWrite?.());
  }

  get lost(): Promise<DeviceError> {
    return this.#inbox.lost;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#inbox.dead !== undefined) throw this.#inbox.dead;
    await within(OPEN_DEADLINE_MS, this.location, done => {
      this.#interruptWrite = done;
      this.#port.write(Buffer.from(bytes), done);
    }).catch(error => {
      this.#inbox.fail(error instanceof DeviceError ? error : gone(this.location, error));
    });
    this.#interruptWrite = undefined;
    if (this.#inbox.dead !== undefined) throw this.#inbox.dead;
  }

  read(signal: AbortSignal): Promise<Uint8Array> {
    return this.#inbox.take(signal);
  }

  async setBaud(baud: number): Promise<void> {
    if (this.#inbox.dead !== undefined) throw this.#inbox.dead;
    await within(OPEN_DEADLINE_MS, this.location, done => this.#port.update({ baudRate: baud }, done)).catch(
      error => {
        throw openError(this.location, error);
      },
    );
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    this.#inbox.fail(new DeviceError('DEVICE_GONE', `${this.location} was closed`));
    if (this.#port.isOpen) {
      // An unplug that comes first has closed the port already; there is nothing left to release then.
      await within(OPEN_DEADLINE_MS, this.location, done => this.#port.close(done)).catch(() => {});
    }
    this.#port.removeAllListeners();
    // The stream may still emit the failure of a read that the close interrupted.
    this.#port.on('error', () => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Runs a callback-style port call with a deadline. */
function within(
  ms: number,
  path: string,
  start: (done: (error?: Error | null) => void) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new DeviceError('DEVICE_TIMEOUT', `${path} did not answer within ${ms} ms`)),
      ms,
    );
    start(error => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    });
  });
}

function gone(path: string, cause: Error | null): DeviceError {
  return new DeviceError('DEVICE_GONE', `${path} was unplugged or closed`, { cause });
}

/** What the bindings' messages begin or end with; they carry no errno of their own. */
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
