import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { deadline, orAbort, pause } from '../deadline.ts';
import { DeviceError, type DeviceErrorCode } from '../device.ts';
import { Inbox } from './inbox.ts';
import { encodeHead, FrameReader, type Report, type Request } from './owner-wire.ts';

/** Starting Node and loading a native module takes 0.2 s; the rest is for a busy machine. */
const OPEN_DEADLINE_MS = 10_000;
/** Of all that is asked, a HID control transfer may take longest: 5 s in the kernel (hid-core: USB_CTRL_GET_TIMEOUT). */
const ANSWER_DEADLINE_MS = 6_000;
/** A device may have nothing to say for hours: so often its owner is asked whether it still moves. */
const PING_EVERY_MS = 2_000;
/** A process that was killed is gone at once, unless its device's driver in the kernel hangs. */
const EXIT_DEADLINE_MS = 5_000;

/** Keeps the process small, and its memory, through which fingers pass, from any debugger. */
const NODE_OPTIONS = ['--disable-sigusr1', '--max-semi-space-size=1', '--v8-pool-size=1'];

/** Which process owns a device. */
export interface Owner {
  /** Its name in lists of processes: whoever finds the device in use is told of it. */
  readonly name: string;
  /** The module that it runs, which calls `own` of host.ts. */
  readonly module: URL;
  /** What the module is started with; the device's path first. */
  readonly args: readonly [path: string, ...more: string[]];
  /** What it means that the device did not open, from what the native code says. */
  readonly refusal: (text: string) => DeviceError;
}

/**
 * Opens a device in a process of its own.
 * @throws DeviceError DEVICE_TIMEOUT, DEVICE_GONE, DEVICE_FAULT, or what {@link Owner.refusal} makes of it
 */
export async function openOwned(owner: Owner, signal: AbortSignal): Promise<OwnedDevice> {
  const [path] = owner.args;
  signal.throwIfAborted();
  const device = new OwnedDevice(owner);
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

/**
 * What can be seen without a process: while a device is not there, it is looked for each second.
 * @throws DeviceError DEVICE_NOT_FOUND or DEVICE_NO_PERMISSION
 */
export async function mayOpen(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK | constants.W_OK);
  } catch (cause) {
    const denied = cause instanceof Error && 'code' in cause && cause.code === 'EACCES';
    if (denied)
      throw new DeviceError('DEVICE_NO_PERMISSION', `${path}: this user may not open it`, { cause });
    throw new DeviceError('DEVICE_NOT_FOUND', `${path}: there is no such device`, { cause });
  }
}

/** A device that is open in a process of its own. The process goes with the device: one that failed is never used again. */
export class OwnedDevice implements AsyncDisposable {
  readonly location: string;
  readonly opened: Promise<void>;
  readonly #owner: Owner;
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #ended: Promise<void>;
  readonly #opening = Promise.withResolvers<void>();
  readonly #reports = new FrameReader<Report>();
  readonly #inbox = new Inbox();
  readonly #waiting = new Map<number, PromiseWithResolvers<Uint8Array>>();
  readonly #closing = new AbortController();
  #lastId = 0;

  constructor(owner: Owner) {
    this.#owner = owner;
    this.location = owner.args[0];
    this.opened = this.#opening.promise;
    this.opened.catch(() => {});
    const child = spawn(process.execPath, [...NODE_OPTIONS, fileURLToPath(owner.module), ...owner.args], {
      argv0: owner.name,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#process = child;
    this.#ended = new Promise(resolve => {
      child.once('close', (code, signal) => {
        this.#fail('DEVICE_GONE', `the process that owns it ended (${signal ?? code})`);
        resolve();
      });
      // No such process could be started.
      child.once('error', cause => {
        this.#fail('DEVICE_FAULT', 'no process could be started for it', cause);
        resolve();
      });
    });
    child.stdout?.on('data', (chunk: Buffer) => this.#hear(chunk));
    // Its end is told by 'close'.
    child.stdin?.on('error', () => {});
  }

  /** Resolves with the reason once the device or its process is gone. */
  get lost(): Promise<DeviceError> {
    return this.#inbox.lost;
  }

  /** All that the device sent since the last call, in one piece; waits for something. One reader at a time. */
  read(signal: AbortSignal): Promise<Uint8Array> {
    return this.#inbox.take(signal);
  }

  /** The same in the pieces that it came in. */
  readPieces(signal: AbortSignal): Promise<readonly Uint8Array[]> {
    return this.#inbox.takeAll(signal);
  }

  /**
   * Has the owner do something; gives its answer.
   * @param refusedCode what it means when the device does not do it
   */
  async ask(
    ask: string,
    bytes: Uint8Array = new Uint8Array(0),
    refusedCode: DeviceErrorCode = 'DEVICE_GONE',
  ): Promise<Uint8Array> {
    if (this.#inbox.dead !== undefined) throw this.#inbox.dead;
    this.#lastId += 1;
    const request: Request = { id: this.#lastId, ask };
    const answer = Promise.withResolvers<Uint8Array>();
    this.#waiting.set(request.id, answer);
    const late = () => this.#fail('DEVICE_TIMEOUT', `did not ${ask} within ${ANSWER_DEADLINE_MS} ms`);
    const timer = setTimeout(late, ANSWER_DEADLINE_MS);
    try {
      this.#process.stdin.write(Buffer.concat([encodeHead(request, bytes.length), bytes]));
      return await answer.promise;
    } catch (error) {
      if (error instanceof DeviceError) throw error;
      throw this.#fail(refusedCode, `did not ${ask}`, error);
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(request.id);
    }
  }

  /** What a process says whose memory is broken may be anything. */
  #hear(chunk: Buffer): void {
    try {
      for (const { word, bytes } of this.#reports.push(chunk)) this.#take(word, bytes);
    } catch (error) {
      this.#fail('DEVICE_FAULT', 'the process that owns it makes no sense', error);
    }
  }

  #take(report: Report, bytes: Uint8Array): void {
    switch (report.kind) {
      case 'open':
        this.#opening.resolve();
        void this.#ping();
        break;
      case 'input':
        this.#inbox.push(bytes);
        break;
      case 'done':
        this.#waiting.get(report.id)?.resolve(bytes);
        break;
      case 'failed':
        this.#waiting.get(report.id)?.reject(new Error(report.text));
        break;
      case 'lost':
        this.#fail('DEVICE_GONE', `was unplugged or closed: ${report.text}`);
        break;
      case 'refused':
        this.#end(this.#owner.refusal(report.text));
        break;
    }
  }

  async #ping(): Promise<void> {
    try {
      for (;;) {
        await pause(PING_EVERY_MS, this.#closing.signal);
        await this.ask('ping');
      }
    } catch {
      // It is closed, or has failed and said so.
    }
  }

  #fail(code: DeviceErrorCode, what: string, cause?: unknown): DeviceError {
    return this.#end(new DeviceError(code, `${this.location} ${what}`, { cause }));
  }

  /** The first reason stays. */
  #end(error: DeviceError): DeviceError {
    this.#inbox.fail(error);
    const reason = this.#inbox.dead ?? error;
    this.#closing.abort(reason);
    this.#opening.reject(reason);
    for (const { reject } of this.#waiting.values()) reject(reason);
    this.#process.kill('SIGKILL');
    return reason;
  }

  async close(): Promise<void> {
    this.#fail('DEVICE_GONE', 'was closed');
    const patience = new AbortController();
    await Promise.race([this.#ended, pause(EXIT_DEADLINE_MS, patience.signal)]);
    patience.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
