import { CallThread } from '../../store/call-thread.ts';
import type { Calls, WorkerStart } from './calls.ts';
import { CacheError, type CacheErrorCode } from './errors.ts';
import type { StoreOptions } from './store.ts';
import type { CacheStatus, Claim, Effect, Faces, Fingers, Found, KeptRecord, Page } from './types.ts';

/** Longest one call may take, milliseconds: opening a million records and emptying them take seconds on a slow disk. */
const DEADLINE_MS = 120_000;

const ERRORS = {
  failed: 'RECORDS_IO',
  closed: 'RECORDS_CLOSED',
  make: (code: CacheErrorCode, message: string) => new CacheError(code, message),
} as const;

/** The kept records, worked by a thread of their own. Every call rejects with CacheError. */
export class RecordCache implements AsyncDisposable {
  readonly #thread: CallThread<Calls, CacheErrorCode>;
  readonly #now: () => number;

  private constructor(thread: CallThread<Calls, CacheErrorCode>, now: () => number) {
    this.#thread = thread;
    this.#now = now;
  }

  /** Opens the file, or makes it. @throws CacheError as `CacheStore` */
  static async open(options: StoreOptions, clock: { now(): Date }): Promise<RecordCache> {
    const now = () => clock.now().getTime();
    const start: WorkerStart = { options, nowMs: now() };
    const file = new URL('./worker.ts', import.meta.url);
    const thread = await CallThread.open<Calls, CacheErrorCode>(file, start, DEADLINE_MS, ERRORS);
    return new RecordCache(thread, now);
  }

  status(): Promise<CacheStatus> {
    return this.#thread.ask('status', null);
  }

  /** See `CacheStore.apply`; what is asked afterwards sees the page. */
  apply(page: Page): Promise<Effect> {
    return this.#thread.ask('apply', { page, nowMs: this.#now() });
  }

  find(claim: Claim): Promise<Found | null> {
    return this.#thread.ask('find', { claim, nowMs: this.#now() });
  }

  at(row: number): Promise<KeptRecord | null> {
    return this.#thread.ask('at', { row, nowMs: this.#now() });
  }

  faces(after: number, limit: number): Promise<Faces> {
    return this.#thread.ask('faces', { after, limit });
  }

  fingers(after: number, limit: number): Promise<Fingers> {
    return this.#thread.ask('fingers', { after, limit });
  }

  async rotate(): Promise<void> {
    await this.#thread.ask('rotate', { nowMs: this.#now() });
  }

  sealAnew(): Promise<boolean> {
    return this.#thread.ask('sealAnew', null);
  }

  expire(): Promise<Uint32Array> {
    return this.#thread.ask('expire', { nowMs: this.#now() });
  }

  restart(): Promise<Uint32Array> {
    return this.#thread.ask('restart', null);
  }

  async wipe(): Promise<void> {
    await this.#thread.ask('wipe', null);
  }

  async allow(): Promise<void> {
    await this.#thread.ask('allow', { nowMs: this.#now() });
  }

  /** Finishes what was asked before, closes the file, and ends the thread, whose memory goes with it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#thread[Symbol.asyncDispose]();
  }
}
