import { CONTENT_LIMITS, type ContentLimits, ContentWatch } from './content-watch.ts';
import { deadline, orAbort } from './deadline.ts';
import { type Camera, type CameraFrame, DeviceError, type DeviceIdentity } from './device.ts';
import type { Link } from './link/link.ts';

export interface StreamLimits extends ContentLimits {
  /** No frame for this long means a stalled camera: the slowest kiosk camera sends five a second. */
  readonly stallAfterMs: number;
  /** A camera may take this long from opening to its first frame; USB cameras need one to three seconds. */
  readonly firstFrameWithinMs: number;
}

const STREAM_LIMITS: StreamLimits = {
  ...CONTENT_LIMITS,
  stallAfterMs: 2_000,
  firstFrameWithinMs: 10_000,
};

/**
 * A camera made of frames that some source pushes in. Keeps the newest frame only; fails for good when the source ends,
 * stalls or shows nothing of use, and releases the source then.
 */
export class StreamCamera implements Camera {
  readonly identity: DeviceIdentity;
  readonly lost: Promise<DeviceError>;
  readonly #limits: StreamLimits;
  readonly #release: () => Promise<void>;
  readonly #watch: ContentWatch;
  readonly #resolveLost: (error: DeviceError) => void;
  /** Armed by the first frame; until then opening has a deadline of its own. */
  #stall: NodeJS.Timeout | undefined;
  #newest: CameraFrame | undefined;
  #dead: DeviceError | undefined;
  #changed = Promise.withResolvers<void>();
  #closing: Promise<void> | undefined;

  /** @param release closes the source; called once */
  constructor(identity: DeviceIdentity, limits: Partial<StreamLimits>, release: () => Promise<void>) {
    this.identity = identity;
    this.#limits = { ...STREAM_LIMITS, ...limits };
    this.#release = release;
    this.#watch = new ContentWatch(identity.location, this.#limits, error => this.fail(error));
    const { promise, resolve } = Promise.withResolvers<DeviceError>();
    this.lost = promise;
    this.#resolveLost = resolve;
  }

  /** A camera whose frames a splitter finds among the bytes of a link; they end together. */
  static on(
    link: Link,
    splitter: { push(bytes: Uint8Array): Uint8Array[] },
    identity: DeviceIdentity,
    limits: Partial<StreamLimits>,
  ): StreamCamera {
    const camera = new StreamCamera(identity, limits, () => link.close());
    const pump = async (): Promise<never> => {
      const untilClosed = new AbortController().signal;
      for (;;) for (const jpeg of splitter.push(await link.read(untilClosed))) camera.push(jpeg);
    };
    pump().catch(error => {
      const unknown = `${identity.location} failed`;
      camera.fail(
        error instanceof DeviceError ? error : new DeviceError('DEVICE_FAULT', unknown, { cause: error }),
      );
    });
    return camera;
  }

  /** The source has a frame: one whole JPEG file, which the camera may keep. */
  push(jpeg: Uint8Array): void {
    if (this.#dead !== undefined) return;
    const arrivedAtMs = performance.now();
    this.#newest = {
      jpeg,
      arrivedAtMs,
      sequence: this.#newest === undefined ? 0 : this.#newest.sequence + 1,
    };
    if (this.#stall === undefined) this.#stall = setTimeout(() => this.#stalled(), this.#limits.stallAfterMs);
    else this.#stall.refresh();
    this.#watch.see(jpeg, arrivedAtMs);
    this.#wake();
  }

  /** The source ended; the first reason stays. */
  fail(error: DeviceError): void {
    if (this.#dead !== undefined) return;
    this.#dead = error;
    this.#newest = undefined;
    clearTimeout(this.#stall);
    this.#resolveLost(error);
    this.#wake();
    void this.#close();
  }

  /** Waits for the first frame, so that an open camera is one that shows something. */
  async started(signal: AbortSignal): Promise<this> {
    const message = `${this.identity.location}: no frame within ${this.#limits.firstFrameWithinMs} ms`;
    using limit = deadline(
      signal,
      this.#limits.firstFrameWithinMs,
      () => new DeviceError('DEVICE_TIMEOUT', message),
    );
    try {
      await this.#after(-1, limit.signal);
      return this;
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async *frames(signal: AbortSignal): AsyncGenerator<CameraFrame, never, void> {
    for (let seen = -1; ; ) {
      const frame = await this.#after(seen, signal);
      seen = frame.sequence;
      yield frame;
    }
  }

  async #after(sequence: number, signal: AbortSignal): Promise<CameraFrame> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#dead !== undefined) throw this.#dead;
      if (this.#newest !== undefined && this.#newest.sequence > sequence) return this.#newest;
      await orAbort(this.#changed.promise, signal);
    }
  }

  #stalled(): void {
    const message = `${this.identity.location}: no frame for ${this.#limits.stallAfterMs} ms`;
    this.fail(new DeviceError('DEVICE_TIMEOUT', message));
  }

  #wake(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }

  #close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.fail(new DeviceError('DEVICE_GONE', `${this.identity.location} was closed`));
    await this.#close();
  }
}
