import { DeviceError } from '../device.ts';

/** Most bytes held for a reader that does not read: far above any device's burst (an R30x image is 41 kB on the wire). */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/**
 * Bytes that arrived and were not read yet, with at most one waiting reader. Holds no event listener of its own, so a
 * link that hands its bytes here cannot leak listeners however often it is read.
 */
export class Inbox {
  readonly lost: Promise<DeviceError>;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #dead: DeviceError | undefined;
  #wake: (() => void) | undefined;
  #resolveLost: (error: DeviceError) => void;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<DeviceError>();
    this.lost = promise;
    this.#resolveLost = resolve;
  }

  get dead(): DeviceError | undefined {
    return this.#dead;
  }

  /** Takes ownership of `chunk`. Overflow kills the inbox: bytes silently missing would be worse. */
  push(chunk: Uint8Array): void {
    if (this.#dead !== undefined) return;
    if (this.#bytes + chunk.length > MAX_WAITING_BYTES) {
      this.fail(new DeviceError('DEVICE_PROTOCOL', `more than ${MAX_WAITING_BYTES} bytes arrived unread`));
      return;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wake?.();
  }

  /** The first reason stays. Bytes that arrived before it can still be read. */
  fail(error: DeviceError): void {
    if (this.#dead !== undefined) return;
    this.#dead = error;
    this.#resolveLost(error);
    this.#wake?.();
  }

  /** All that arrived since the last call, in one piece; waits for something. */
  async take(signal: AbortSignal): Promise<Uint8Array> {
    const chunks = await this.takeAll(signal);
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  /** The same in the pieces that it arrived in. */
  async takeAll(signal: AbortSignal): Promise<readonly Uint8Array[]> {
    while (this.#chunks.length === 0) {
      signal.throwIfAborted();
      if (this.#dead !== undefined) throw this.#dead;
      await this.#arrival(signal);
    }
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#bytes = 0;
    return chunks;
  }

  #arrival(signal: AbortSignal): Promise<void> {
    if (this.#wake !== undefined) throw new Error('two readers wait on one link');
    return new Promise(resolve => {
      const done = () => {
        this.#wake = undefined;
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done);
    });
  }
}
