import { type ChildProcess, fork } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { deadline, orAbort } from '../deadline.ts';
import { DeviceError } from '../device.ts';
import { holderOf } from '../holder.ts';
import type { FromHidHost, HidRequest } from './hid-messages.ts';

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

const HOST = fileURLToPath(new URL('./hid-host.ts', import.meta.url));
/** Starting Node and loading the native module takes 0.2 s; the rest is for a busy machine. */
const OPEN_DEADLINE_MS = 10_000;
/** A control transfer has 5 s in the kernel (hid-core: USB_CTRL_GET_TIMEOUT). */
const ANSWER_DEADLINE_MS = 6_000;
/** Reports kept for a reader that does not read: an image over a CP2110 is 650 of them. */
const MAX_WAITING_REPORTS = 65_536;

/**
 * Opens a HID device in a process of its own.
 * @param path a hidraw device or a stable link to one
 * @throws DeviceError DEVICE_NOT_FOUND, DEVICE_NO_PERMISSION, DEVICE_IN_USE, DEVICE_TIMEOUT or DEVICE_FAULT
 */
export async function openHid(path: string, signal: AbortSignal): Promise<HidDevice> {
  await mayOpen(path);
  // The kernel lets several programs open a hidraw device, and each of them read what was meant for another.
  const holder = await holderOf(path);
  if (holder !== undefined) throw new DeviceError('DEVICE_IN_USE', `${path}: ${holder} holds it`);
  signal.throwIfAborted();
  const child = fork(HOST, [path], {
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const device = new HostedHid(path, child);
  try {
    const late = () =>
      new DeviceError('DEVICE_TIMEOUT', `${path} did not open within ${OPEN_DEADLINE_MS} ms`);
    using limit = deadline(signal, OPEN_DEADLINE_MS, late);
    await orAbort(device.opened, limit.signal);
    return device;
  } catch (error) {
    await device.close();
    throw error;
  }
}

/** node-hid says only that it could not open; the kernel says why. */
async function mayOpen(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    const denied = cause instanceof Error && 'code' in cause && cause.code === 'EACCES';
    if (denied)
      throw new DeviceError('DEVICE_NO_PERMISSION', `${path}: this user may not open it`, { cause });
    throw new DeviceError('DEVICE_NOT_FOUND', `${path}: there is no such device`, { cause });
  }
}

class HostedHid implements HidDevice {
  readonly location: string;
  readonly lost: Promise<DeviceError>;
  readonly opened: Promise<void>;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, PromiseWithResolvers<Uint8Array | null>>();
  readonly #resolveLost: (error: DeviceError) => void;
  readonly #opening = Promise.withResolvers<void>();
  #reports: Uint8Array[] = [];
  #arrived = Promise.withResolvers<void>();
  #dead: DeviceError | undefined;
  #lastId = 0;

  constructor(location: string, child: ChildProcess) {
    this.location = location;
    this.#child = child;
    const { promise, resolve } = Promise.withResolvers<DeviceError>();
    this.lost = promise;
    this.#resolveLost = resolve;
    this.opened = this.#opening.promise;
    this.opened.catch(() => {});
    this.#exited = new Promise(done => child.once('exit', () => done()));
    child.on('message', message => this.#take(message as FromHidHost));
    child.on('error', cause => this.#fail('DEVICE_FAULT', 'the process that owns it failed', cause));
    child.once('exit', code => this.#fail('DEVICE_GONE', `the process that owns it ended (${code})`));
  }

  async write(report: Uint8Array): Promise<void> {
    await this.#ask({ kind: 'write', report });
  }

  async sendFeature(report: Uint8Array): Promise<void> {
    await this.#ask({ kind: 'send-feature', report });
  }

  async getFeature(number: number, bytes: number): Promise<Uint8Array> {
    return (await this.#ask({ kind: 'get-feature', number, bytes })) ?? new Uint8Array(0);
  }

  async read(signal: AbortSignal): Promise<readonly Uint8Array[]> {
    while (this.#reports.length === 0) {
      signal.throwIfAborted();
      if (this.#dead !== undefined) throw this.#dead;
      await orAbort(this.#arrived.promise, signal);
    }
    const reports = this.#reports;
    this.#reports = [];
    return reports;
  }

  async #ask(request: HidRequest): Promise<Uint8Array | null> {
    if (this.#dead !== undefined) throw this.#dead;
    this.#lastId += 1;
    const id = this.#lastId;
    const answer = Promise.withResolvers<Uint8Array | null>();
    this.#waiting.set(id, answer);
    const timer = setTimeout(
      () => this.#fail('DEVICE_TIMEOUT', `did not take a report within ${ANSWER_DEADLINE_MS} ms`),
      ANSWER_DEADLINE_MS,
    );
    try {
      this.#child.send({ ...request, id });
      return await answer.promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  #take(message: FromHidHost): void {
    switch (message.kind) {
      case 'open':
        this.#opening.resolve();
        break;
      case 'refused':
        this.#fail('DEVICE_FAULT', `could not be opened: ${message.text}`);
        break;
      case 'lost':
        this.#fail('DEVICE_GONE', `was unplugged: ${message.text}`);
        break;
      case 'done':
        this.#waiting.get(message.id)?.resolve(message.report);
        break;
      case 'failed':
        this.#fail('DEVICE_GONE', `took no report: ${message.text}`);
        break;
      case 'report':
        this.#reports.push(message.report);
        if (this.#reports.length > MAX_WAITING_REPORTS)
          this.#fail('DEVICE_PROTOCOL', `sent more than ${MAX_WAITING_REPORTS} reports unread`);
        this.#wake();
        break;
    }
  }

  /** The first reason stays. The process goes with the device: a handle that failed once is never used again. */
  #fail(code: DeviceError['code'], what: string, cause?: unknown): void {
    if (this.#dead !== undefined) return;
    const error = new DeviceError(code, `${this.location} ${what}`, { cause });
    this.#dead = error;
    this.#opening.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#resolveLost(error);
    this.#wake();
    this.#child.kill('SIGKILL');
  }

  #wake(): void {
    const { resolve } = this.#arrived;
    this.#arrived = Promise.withResolvers();
    resolve();
  }

  async close(): Promise<void> {
    this.#fail('DEVICE_GONE', 'was closed');
    await this.#exited;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
