import { ModelError } from '../error.ts';
import type { CallOptions, ModelsHealth } from '../models.ts';
import { Supervisor } from '../supervisor.ts';
import type { GalleryEvent } from './types.ts';

/**
 * How the process deals with memory. Rows pass through buffers that nothing needs for long: with a small young generation they
 * are collected soon, and the allocator (mallopt(3), bytes) gives large ones straight back to the system. What stays lies in
 * huge pages where the system lends them: a search reads all of it.
 */
const FRUGAL = {
  execArgv: ['--max-semi-space-size=1'],
  env: {
    MALLOC_ARENA_MAX: '1',
    MALLOC_MMAP_THRESHOLD_: String(4 * 1024 * 1024),
    MALLOC_TRIM_THRESHOLD_: String(16 * 1024 * 1024),
    GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1',
  },
};

/** Pause before the gallery is filled anew after its source failed, milliseconds. */
const REFILL_MS = 10_000;

interface FilledProcessOptions<Lot> {
  /** Module that the process runs: it answers `empty`, then `load` with each lot, then `loaded` with its size. */
  readonly entry: URL;
  /** What it is given at its start. */
  readonly shape: unknown;
  readonly fill: (signal: AbortSignal) => AsyncIterable<Lot> | Iterable<Lot>;
  readonly deadlineMs: number;
  readonly startDeadlineMs?: number | undefined;
  readonly log?: ((event: GalleryEvent) => void) | undefined;
}

/** A process that holds records, given all of them anew whenever it starts. */
export class FilledProcess<Lot> implements AsyncDisposable {
  readonly #fillAgain: FilledProcessOptions<Lot>['fill'];
  readonly #supervisor: Supervisor;
  readonly #log: (event: GalleryEvent) => void;
  readonly #closed = new AbortController();
  /** Of the filling that runs, if one does. */
  #filling = new AbortController();
  #refillTimer: NodeJS.Timeout | undefined;
  #filled = Promise.withResolvers<void>();
  #isFilled = false;

  private constructor({ entry, shape, fill, deadlineMs, startDeadlineMs, log }: FilledProcessOptions<Lot>) {
    this.#fillAgain = fill;
    this.#log = log ?? (() => {});
    this.#supervisor = new Supervisor({
      entry,
      args: [JSON.stringify(shape)],
      ...FRUGAL,
      deadlineMs,
      startDeadlineMs,
      log,
      onReady: () => void this.#fill(),
    });
  }

  /**
   * Forks it and resolves once it runs; it is being filled then.
   * @throws ModelError MODEL_CRASHED when it dies while starting (a shape it cannot hold), MODEL_TIMEOUT
   */
  static async start<Lot>(options: FilledProcessOptions<Lot>): Promise<FilledProcess<Lot>> {
    const started = new FilledProcess(options);
    try {
      await started.#supervisor.start();
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
  }

  get health(): ModelsHealth & { readonly filled: boolean } {
    const { health } = this.#supervisor;
    return { ...health, filled: this.#isFilled && health.state === 'ready' };
  }

  /** Calls what changes the records, once they are all there. */
  async change<T>(method: string, args: readonly unknown[], options?: CallOptions): Promise<T> {
    await this.#untilFilled(options);
    return this.#supervisor.call('gallery', method, args, options);
  }

  /** Calls what looks through all records. */
  ask<T>(method: string, args: readonly unknown[], options?: CallOptions): Promise<T> {
    if (!this.health.filled)
      return Promise.reject(new ModelError('MODEL_BUSY', 'the gallery is being filled'));
    return this.#supervisor.call('gallery', method, args, options);
  }

  /** A change that came while the gallery is being filled is made afterwards: what fills it may be older. */
  #untilFilled({ signal }: CallOptions = {}): Promise<unknown> {
    if (!signal) return this.#filled.promise;
    signal.throwIfAborted();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    return Promise.race([this.#filled.promise, aborted]).finally(() =>
      signal.removeEventListener('abort', abort),
    );
  }

  /** Gives a process that has just started all records. One that dies meanwhile is filled when the next is ready. */
  async #fill(): Promise<void> {
    this.#filling.abort();
    clearTimeout(this.#refillTimer);
    const filling = new AbortController();
    this.#filling = filling;
    if (this.#isFilled) this.#filled = Promise.withResolvers();
    this.#isFilled = false;
    const signal = AbortSignal.any([filling.signal, this.#closed.signal]);
    const startedAtMs = performance.now();
    try {
      await this.#supervisor.call('gallery', 'empty', [], { signal });
      for await (const lot of this.#fillAgain(signal)) {
        signal.throwIfAborted();
        await this.#supervisor.call('gallery', 'load', [lot], { signal });
      }
      const size = await this.#supervisor.call<number>('gallery', 'loaded', [], { signal });
      this.#isFilled = true;
      this.#filled.resolve();
      this.#log({ event: 'gallery_filled', size, tookMs: performance.now() - startedAtMs });
    } catch (error) {
      if (signal.aborted) return;
      const code = error instanceof ModelError ? error.code : 'unexpected';
      this.#log({ event: 'gallery_not_filled', code, retryInMs: REFILL_MS });
      this.#refillTimer = setTimeout(() => void this.#fill(), REFILL_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    this.#filled.promise.catch(() => {});
    this.#filled.reject(new ModelError('MODEL_CRASHED', 'the gallery is closed'));
    clearTimeout(this.#refillTimer);
    await this.#supervisor[Symbol.asyncDispose]();
  }
}
