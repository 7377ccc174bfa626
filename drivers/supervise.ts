import { deadline, orAbort, pause } from './deadline.ts';
import { DeviceError } from './device.ts';

/** A device that may tell of its own loss while nobody uses it. */
export interface Supervisable extends AsyncDisposable {
  readonly lost?: Promise<DeviceError>;
}

export type DeviceState =
  | { readonly state: 'starting' }
  | { readonly state: 'ready' }
  | { readonly state: 'failed'; readonly error: DeviceError }
  | { readonly state: 'stopped' };

export interface SuperviseOptions {
  /** Hears each change of state, in order; must not throw. */
  readonly onState?: (state: DeviceState) => void;
  /** Ends the supervision and closes the device. */
  readonly signal: AbortSignal;
  readonly clock?: SuperviseClock;
  /** How long {@link Supervised.use} waits for a device that is not ready. */
  readonly readyDeadlineMs?: number;
}

export interface SuperviseClock {
  /** Resolves after `ms`, rejects when `signal` aborts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  /** Uniform in 0 .. 1, for the jitter. */
  random(): number;
}

export interface Supervised<D> extends AsyncDisposable {
  readonly state: DeviceState;
  /**
   * Runs `fn` with the device once it is ready. When `fn` throws a DeviceError the device counts as failed: it is
   * closed and opened anew, and the error is thrown on. `fn` must not keep the device: each opening gives a fresh one.
   * @throws DeviceError of the last failure when the device is not ready in time, the abort reason of `signal`
   */
  use<R>(fn: (device: D, signal: AbortSignal) => Promise<R>, signal: AbortSignal): Promise<R>;
}

const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 5_000;
/** Looking whether a device has come back costs one failed open: so often that it is in use within 3 s of its return. */
const MAX_ABSENT_WAIT_MS = 1_000;
/** Part of a wait that is left to chance, so that devices of one hub do not all come at once. */
const JITTER = 0.25;
/** An open that takes longer than this hangs: the slowest true one, a search over all speeds, takes 6 s. */
const OPEN_DEADLINE_MS = 30_000;
const READY_DEADLINE_MS = 10_000;

const REAL_CLOCK: SuperviseClock = { pause, random: Math.random };

/** Keeps a device open until `signal` aborts: see {@link Supervised}. Starts at once. */
export function supervise<D extends Supervisable>(
  open: (signal: AbortSignal) => Promise<D>,
  options: SuperviseOptions,
): Supervised<D> {
  return new Supervisor(open, options);
}

/** One opening of a device. Its failure ends it for good. */
interface Tenure<D> {
  readonly device: D;
  readonly fail: (error: DeviceError) => void;
  /** Something was done with it since: the back-off begins anew. */
  worked: boolean;
}

class Supervisor<D extends Supervisable> implements Supervised<D> {
  readonly #open: (signal: AbortSignal) => Promise<D>;
  readonly #options: SuperviseOptions;
  readonly #clock: SuperviseClock;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #state: DeviceState = { state: 'starting' };
  #tenure: Tenure<D> | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(open: (signal: AbortSignal) => Promise<D>, options: SuperviseOptions) {
    this.#open = open;
    this.#options = options;
    this.#clock = options.clock ?? REAL_CLOCK;
    options.onState?.(this.#state);
    this.#running = this.#run();
  }

  get state(): DeviceState {
    return this.#state;
  }

  async use<R>(fn: (device: D, signal: AbortSignal) => Promise<R>, signal: AbortSignal): Promise<R> {
    const tenure = await this.#ready(signal);
    const controller = new AbortController();
    const follow = () => controller.abort(signal.reason);
    const stop = () => controller.abort(this.#stop.signal.reason);
    signal.addEventListener('abort', follow);
    this.#stop.signal.addEventListener('abort', stop);
    try {
      if (signal.aborted) follow();
      const result = await fn(tenure.device, controller.signal);
      tenure.worked = true;
      return result;
    } catch (error) {
      // Whoever is in the middle of something when the supervision ends hears why, not that the device was closed.
      if (this.#stop.signal.aborted) throw this.#stop.signal.reason;
      if (error instanceof DeviceError) tenure.fail(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', follow);
      this.#stop.signal.removeEventListener('abort', stop);
    }
  }

  async #ready(signal: AbortSignal): Promise<Tenure<D>> {
    using limit = deadline(signal, this.#options.readyDeadlineMs ?? READY_DEADLINE_MS, () =>
      this.#notReady(),
    );
    for (;;) {
      limit.signal.throwIfAborted();
      if (this.#tenure !== undefined && this.#state.state === 'ready') return this.#tenure;
      if (this.#state.state === 'stopped') throw this.#notReady();
      await orAbort(this.#changed.promise, limit.signal);
    }
  }

  #notReady(): DeviceError {
    if (this.#state.state === 'failed') return this.#state.error;
    const code = this.#state.state === 'stopped' ? 'DEVICE_GONE' : 'DEVICE_TIMEOUT';
    return new DeviceError(code, `the device is ${this.#state.state}`);
  }

  async #run(): Promise<void> {
    const follow = () => this.#stop.abort(this.#options.signal.reason);
    this.#options.signal.addEventListener('abort', follow);
    if (this.#options.signal.aborted) follow();
    try {
      for (let failures = 0; !this.#stop.signal.aborted; ) {
        const { error, worked } = await this.#once();
        if (error === undefined) break;
        failures = worked ? 0 : failures + 1;
        this.#enter({ state: 'failed', error });
        await this.#clock.pause(this.#waitMs(failures, error), this.#stop.signal).catch(() => {});
      }
    } finally {
      this.#options.signal.removeEventListener('abort', follow);
      this.#enter({ state: 'stopped' });
    }
  }

  /** Opens the device and keeps it until it fails or the supervision ends; then it is closed. */
  async #once(): Promise<{ readonly error?: DeviceError; readonly worked: boolean }> {
    let device: D;
    try {
      const late = () =>
        new DeviceError('DEVICE_TIMEOUT', `the device did not open within ${OPEN_DEADLINE_MS} ms`);
      using limit = deadline(this.#stop.signal, OPEN_DEADLINE_MS, late);
      device = await this.#open(limit.signal);
    } catch (error) {
      if (this.#stop.signal.aborted) return { worked: false };
      return { error: asDeviceError(error), worked: false };
    }
    const { promise: failed, resolve } = Promise.withResolvers<DeviceError>();
    const fail = (error: DeviceError) => {
      // At once: whoever asks next must not get the handle that has just failed.
      if (this.#tenure === tenure) this.#tenure = undefined;
      resolve(error);
    };
    const tenure: Tenure<D> = { device, fail, worked: false };
    void device.lost?.then(fail);
    this.#tenure = tenure;
    this.#enter({ state: 'ready' });
    const error = await orAbort(failed, this.#stop.signal).catch(() => undefined);
    this.#tenure = undefined;
    // A device that does not even close must not keep the next opening from being tried.
    await Promise.resolve(device[Symbol.asyncDispose]()).catch(() => {});
    return error === undefined ? { worked: tenure.worked } : { error, worked: tenure.worked };
  }

  #waitMs(failures: number, error: DeviceError): number {
    const absent = error.code === 'DEVICE_NOT_FOUND' || error.code === 'DEVICE_GONE';
    const limitMs = absent ? MAX_ABSENT_WAIT_MS : MAX_WAIT_MS;
    const waitMs = Math.min(limitMs, FIRST_WAIT_MS * 2 ** Math.min(failures, 10));
    return waitMs * (1 - JITTER * this.#clock.random());
  }

  #enter(state: DeviceState): void {
    this.#state = state;
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
    this.#options.onState?.(state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new DeviceError('DEVICE_GONE', 'the device was closed'));
    await this.#running;
  }
}

/** What an open threw is a fault of the device unless it says otherwise; bugs must not end the supervision silently. */
function asDeviceError(error: unknown): DeviceError {
  if (error instanceof DeviceError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new DeviceError('DEVICE_FAULT', `the device could not be opened: ${text}`, { cause: error });
}
