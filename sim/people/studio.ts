import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { PeopleError } from './errors.ts';
import type { GrayImage, Impression, ImpressionOptions, PatternClass } from './finger/index.ts';
import { defaultCacheFolder } from './master-cache.ts';

/** What makes a finger: the same key is the same finger. */
export interface FingerKey {
  readonly seed: number;
  readonly patternClass: PatternClass;
}

export interface StudioTask {
  readonly id: number;
  readonly finger: FingerKey;
  /** Without options only the master is made ready. */
  readonly options: ImpressionOptions | undefined;
}

export interface StudioAnswer {
  readonly id: number;
  readonly impression?: Impression | undefined;
  readonly error?: string;
}

interface Waiting {
  readonly resolve: (impression: Impression | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

interface Hand {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

export interface StudioOptions {
  /** Folder of the disk cache; made when absent. */
  readonly cacheFolder?: string;
  /** Worker threads; the smaller of 2 and the cores unless given. */
  readonly threads?: number;
  /** Longest wait for one finger or impression in milliseconds, queueing included. */
  readonly timeoutMs?: number;
}

/**
 * Makes fingers and their impressions on worker threads, because the process that wants them also plays devices in real
 * time. Threads start with the first task and do not keep the process alive when there is none.
 */
export class FingerStudio implements AsyncDisposable {
  readonly #cacheFolder: string;
  readonly #timeoutMs: number;
  readonly #hands: (Hand | undefined)[];
  #lastId = 0;

  constructor(options: StudioOptions = {}) {
    this.#cacheFolder = options.cacheFolder ?? defaultCacheFolder();
    this.#timeoutMs = options.timeoutMs ?? 120_000;
    this.#hands = new Array<undefined>(options.threads ?? Math.min(2, availableParallelism())).fill(
      undefined,
    );
  }

  /**
   * One impression of a finger, which is made first where it is not kept.
   * @throws PeopleError PEOPLE_TIMEOUT, PEOPLE_WORKER_FAILED; the abort reason when `signal` aborts
   */
  async impression(finger: FingerKey, options: ImpressionOptions, signal?: AbortSignal): Promise<GrayImage> {
    return (await this.print(finger, options, signal)).image;
  }

  /** The same with the minutiae that the impression shows, exactly known. Errors as {@link impression}. */
  async print(finger: FingerKey, options: ImpressionOptions, signal?: AbortSignal): Promise<Impression> {
    const impression = await this.#ask(finger, options, signal);
    if (!impression)
      throw new PeopleError('PEOPLE_WORKER_FAILED', 'the finger worker answered without an image');
    return impression;
  }

  /** Makes a finger ahead of its first impression. Errors as {@link impression}. */
  async prepare(finger: FingerKey, signal?: AbortSignal): Promise<void> {
    await this.#ask(finger, undefined, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const hands = this.#hands.splice(0);
    await Promise.all(hands.map(hand => hand?.worker.terminate()));
  }

  #hand(index: number): Hand {
    const busy = this.#hands[index];
    if (busy) return busy;
    const worker = new Worker(new URL('./studio-worker.ts', import.meta.url), {
      workerData: { cacheFolder: this.#cacheFolder },
      name: 'finger-studio',
    });
    const hand: Hand = { worker, waiting: new Map() };
    worker.unref();
    worker.on('message', (answer: StudioAnswer) => {
      const task = hand.waiting.get(answer.id);
      if (!task) return;
      if (answer.error === undefined) task.resolve(answer.impression);
      else task.reject(new PeopleError('PEOPLE_WORKER_FAILED', `the finger worker refused: ${answer.error}`));
    });
    const fail = (cause?: unknown): void => {
      if (this.#hands[index] === hand) this.#hands[index] = undefined;
      for (const task of hand.waiting.values()) {
        task.reject(new PeopleError('PEOPLE_WORKER_FAILED', 'the finger worker ended', { cause }));
      }
    };
    worker.on('error', fail);
    worker.on('exit', () => fail());
    this.#hands[index] = hand;
    return hand;
  }

  async #ask(
    finger: FingerKey,
    options: ImpressionOptions | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Impression | undefined> {
    signal?.throwIfAborted();
    if (this.#hands.length === 0)
      throw new PeopleError('PEOPLE_WORKER_FAILED', 'the finger studio is closed');
    // One finger always goes to one worker, which has its master in memory then.
    const hand = this.#hand(finger.seed % this.#hands.length);
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<Impression | undefined>();
    hand.waiting.set(id, { resolve, reject });
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    const seconds = this.#timeoutMs / 1000;
    const deadline = setTimeout(
      () => reject(new PeopleError('PEOPLE_TIMEOUT', `no finger image within ${seconds} s`)),
      this.#timeoutMs,
    );
    hand.worker.ref();
    try {
      const task: StudioTask = { id, finger, options };
      hand.worker.postMessage(task);
      return await promise;
    } finally {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', abort);
      hand.waiting.delete(id);
      if (hand.waiting.size === 0) hand.worker.unref();
    }
  }
}
