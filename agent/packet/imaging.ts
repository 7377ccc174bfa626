import { Worker } from 'node:worker_threads';
import { PacketError } from './errors.ts';
import type { ImagingAnswer, ImagingRequest, RawImage } from './imaging-worker.ts';

export type { RawImage } from './imaging-worker.ts';

type Unsent<T> = T extends unknown ? Omit<T, 'id'> : never;

interface Pending {
  resolve(answer: ImagingAnswer): void;
  reject(error: PacketError): void;
}

/**
 * JPEG 2000 (lossless) in a thread of its own: one image takes hundreds of milliseconds, and the main process may not
 * wait that long. The thread starts with the first image; one that crashes or misses its deadline is ended, and the
 * next image starts a new one.
 */
export class ImageCodec implements AsyncDisposable {
  readonly #deadlineMs: number;
  #worker: Worker | null = null;
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  #disposed = false;

  /** @param options.deadlineMs longest an image may take, those ahead of it in the queue included */
  constructor(options: { readonly deadlineMs: number }) {
    this.#deadlineMs = options.deadlineMs;
  }

  /**
   * @returns a JP2 file (ISO/IEC 15444-1) that holds exactly these pixels
   * @throws PacketError PACKET_IMAGE; the signal's reason when aborted
   */
  async encode(image: RawImage, signal: AbortSignal): Promise<Uint8Array> {
    if (image.pixels.length !== image.width * image.height * image.components)
      throw unusable('sizes disagree');
    const answer = await this.#ask({ kind: 'encode', image }, signal);
    if (answer.kind !== 'encoded') throw unusable('not encoded');
    return answer.file;
  }

  /**
   * @param file JP2 file or bare codestream of an 8-bit grey or RGB image
   * @throws PacketError PACKET_IMAGE; the signal's reason when aborted
   */
  async decode(file: Uint8Array, signal: AbortSignal): Promise<RawImage> {
    const answer = await this.#ask({ kind: 'decode', file }, signal);
    if (answer.kind !== 'decoded') throw unusable('not decoded');
    return answer.image;
  }

  async #ask(request: Unsent<ImagingRequest>, signal: AbortSignal): Promise<ImagingAnswer> {
    signal.throwIfAborted();
    if (this.#disposed) throw unusable('codec is closed');
    const worker = this.#start();
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<ImagingAnswer>();
    this.#pending.set(id, { resolve, reject });
    const aborted = () => reject(signal.reason);
    signal.addEventListener('abort', aborted, { once: true });
    const timer = setTimeout(() => this.#lose(worker, 'missed its deadline'), this.#deadlineMs);
    try {
      worker.postMessage({ ...request, id } satisfies ImagingRequest);
      return await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', aborted);
      this.#pending.delete(id);
    }
  }

  #start(): Worker {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(new URL('./imaging-worker.ts', import.meta.url));
    worker.unref();
    worker.on('message', (answer: ImagingAnswer) => this.#pending.get(answer.id)?.resolve(answer));
    worker.on('error', () => this.#lose(worker, 'crashed'));
    worker.on('exit', () => this.#lose(worker, 'ended'));
    this.#worker = worker;
    return worker;
  }

  #lose(worker: Worker, why: string): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    for (const pending of this.#pending.values()) pending.reject(unusable(why));
    void worker.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    const worker = this.#worker;
    if (worker === null) return;
    this.#lose(worker, 'closed');
    await worker.terminate();
  }
}

const unusable = (why: string): PacketError => new PacketError('PACKET_IMAGE', `image codec: ${why}`);
