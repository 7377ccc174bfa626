import { Worker } from 'node:worker_threads';
import { type CallName, type Calls, OPENED, type WorkerAnswer, type WorkerStart } from './calls.ts';
import { CacheError } from './errors.ts';
import type { StoreOptions } from './store.ts';
import type { CacheStatus, Claim, Effect, Faces, Found, KeptRecord, Page } from './types.ts';

/** Longest one call may take, milliseconds: opening a million records and emptying them take seconds on a slow disk. */
const DEADLINE_MS = 120_000;

interface Pending {
  resolve(value: unknown): void;
  reject(error: CacheError): void;
}

/** The kept records, worked by a thread of their own. Every call rejects with CacheError. */
export class RecordCache implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #now: () => number;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #lastId = OPENED;
  #closed: CacheError | null = null;

  private constructor(start: WorkerStart, now: () => number) {
    this.#now = now;
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: start });
    this.#worker.on('message', (answer: WorkerAnswer) => {
      const pending = this.#pending.get(answer.id);
      if (answer.ok) pending?.resolve(answer.gives);
      else pending?.reject(new CacheError(answer.code, answer.message));
    });
    this.#worker.on('error', () => this.#close(new CacheError('RECORDS_IO', 'the thread crashed')));
    this.#exited = new Promise(resolve => {
      this.#worker.on('exit', () => {
        this.#close(new CacheError('RECORDS_CLOSED', 'the kept records are closed'));
        resolve();
      });
    });
  }

  /** Opens the file, or makes it. @throws CacheError as `CacheStore` */
  static async open(options: StoreOptions, clock: { now(): Date }): Promise<RecordCache> {
    const now = () => clock.now().getTime();
    const cache = new RecordCache({ options, nowMs: now() }, now);
    try {
      await cache.#answer(OPENED);
      return cache;
    } catch (error) {
      await cache.#worker.terminate();
      throw error;
    }
  }

  status(): Promise<CacheStatus> {
    return this.#call('status', null);
  }

  /** See `CacheStore.apply`; what is asked afterwards sees the page. */
  apply(page: Page): Promise<Effect> {
    return this.#call('apply', { page, nowMs: this.#now() });
  }

  find(claim: Claim): Promise<Found | null> {
    return this.#call('find', { claim, nowMs: this.#now() });
  }

  at(row: number): Promise<KeptRecord | null> {
    return this.#call('at', { row, nowMs: this.#now() });
  }

  faces(after: number, limit: number): Promise<Faces> {
    return this.#call('faces', { after, limit });
  }

  async rotate(): Promise<void> {
    await this.#call('rotate', { nowMs: this.#now() });
  }

  sealAnew(): Promise<boolean> {
    return this.#call('sealAnew', null);
  }

  expire(): Promise<Uint32Array> {
    return this.#call('expire', { nowMs: this.#now() });
  }

  restart(): Promise<Uint32Array> {
    return this.#call('restart', null);
  }

  async wipe(): Promise<void> {
    await this.#call('wipe', null);
  }

  async allow(): Promise<void> {
    await this.#call('allow', { nowMs: this.#now() });
  }

  /** Finishes what was asked before, closes the file, and ends the thread, whose memory goes with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed === null) await this.#call('close', null).catch(() => {});
    await this.#worker.terminate();
    await this.#exited;
  }

  async #call<Name extends CallName>(name: Name, takes: Calls[Name]['takes']): Promise<Calls[Name]['gives']> {
    if (this.#closed !== null) throw this.#closed;
    const id = ++this.#lastId;
    const answer = this.#answer(id);
    this.#worker.postMessage({ id, name, takes });
    return (await answer) as Calls[Name]['gives'];
  }

  async #answer(id: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    const late = setTimeout(() => reject(new CacheError('RECORDS_IO', 'no answer in time')), DEADLINE_MS);
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      this.#pending.delete(id);
    }
  }

  #close(error: CacheError): void {
    this.#closed ??= error;
    for (const pending of this.#pending.values()) pending.reject(error);
  }
}
