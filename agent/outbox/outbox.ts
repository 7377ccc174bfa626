import { Worker } from 'node:worker_threads';
import type { KeptEntry } from '../audit/chain.ts';
import { AuditEvent, type AuditHead } from '../contract/audit.ts';
import {
  type CallName,
  type Calls,
  OPENED,
  type WorkerAnswer,
  type WorkerRequest,
  type WorkerStart,
} from './calls.ts';
import { OutboxError } from './errors.ts';
import type { NewPacket, Outbox, OutboxLimits, OutboxStatus, PacketRow, ReceiptOutcome } from './types.ts';

/** Longest one call may take, milliseconds: far above any measured commit, so that only a failing disk reaches it. */
const DEADLINE_MS = 30_000;

interface Pending {
  resolve(value: unknown): void;
  reject(error: OutboxError): void;
}

/** The durable outbox in one SQLite file, worked by a thread of its own so that no commit stops the main process. */
export class SqliteOutbox implements Outbox, AsyncDisposable {
  readonly #worker: Worker;
  readonly #now: () => number;
  readonly #pending = new Map<number, Pending>();
  readonly #listeners = new Set<() => void>();
  readonly #exited: Promise<void>;
  #lastId = OPENED;
  #closed: OutboxError | null = null;

  private constructor(start: WorkerStart, now: () => number) {
    this.#now = now;
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: start });
    this.#worker.on('message', (answer: WorkerAnswer) => {
      const pending = this.#pending.get(answer.id);
      if (answer.ok) pending?.resolve(answer.gives);
      else pending?.reject(new OutboxError(answer.code, answer.message));
    });
    this.#worker.on('error', () => this.#close(new OutboxError('OUTBOX_IO', 'the outbox thread crashed')));
    this.#exited = new Promise(resolve => {
      this.#worker.on('exit', () => {
        this.#close(new OutboxError('OUTBOX_CLOSED', 'the outbox is closed'));
        resolve();
      });
    });
  }

  /**
   * Opens the outbox, making the file when there is none.
   * @param options.path the SQLite file; its folder must exist
   * @param options.clock wall clock for the age of packets
   * @throws OutboxError OUTBOX_CORRUPT, OUTBOX_FOREIGN, OUTBOX_NEWER, OUTBOX_IN_USE, OUTBOX_IO
   */
  static async open(options: {
    readonly path: string;
    readonly limits: OutboxLimits;
    readonly clock: { now(): Date };
  }): Promise<SqliteOutbox> {
    const { path, limits, clock } = options;
    const outbox = new SqliteOutbox({ path, limits }, () => clock.now().getTime());
    try {
      await outbox.#answer(OPENED);
      return outbox;
    } catch (error) {
      await outbox.#worker.terminate();
      throw error;
    }
  }

  async accept(packet: NewPacket): Promise<void> {
    await this.#call('accept', { packet, nowMs: this.#now() });
    for (const listener of this.#listeners) listener();
  }

  next(except: readonly string[], atLeast = 1): Promise<{ row: PacketRow; container: Uint8Array } | null> {
    return this.#call('next', { except, atLeast });
  }

  find(id: string): Promise<PacketRow | null> {
    return this.#call('find', { id });
  }

  async markSent(id: string): Promise<void> {
    await this.#call('markSent', { id, nowMs: this.#now() });
  }

  apply(outcome: ReceiptOutcome): Promise<'applied' | 'unchanged' | 'unknown'> {
    return this.#call('apply', { outcome, nowMs: this.#now() });
  }

  status(): Promise<OutboxStatus> {
    return this.#call('status', { nowMs: this.#now() });
  }

  nextBoot(): Promise<number> {
    return this.#call('count', { name: 'boot' });
  }

  nextSequence(): Promise<number> {
    return this.#call('count', { name: 'sequence' });
  }

  async record(event: AuditEvent): Promise<void> {
    const checked = AuditEvent.safeParse(event);
    // What was wrong is not told: it may be just what must not stand in the chain.
    if (!checked.success) throw new TypeError(`no audit event: ${event.event}`);
    await this.#call('record', { event: checked.data, nowMs: this.#now() });
  }

  auditHead(): Promise<AuditHead> {
    return this.#call('auditHead', null);
  }

  list(): Promise<PacketRow[]> {
    return this.#call('list', null);
  }

  async retry(id: string): Promise<boolean> {
    const retried = await this.#call('retry', { id, nowMs: this.#now() });
    if (retried) for (const listener of this.#listeners) listener();
    return retried;
  }

  auditPage(before: number | null, text: string, limit: number): Promise<KeptEntry[]> {
    return this.#call('auditPage', { before, text, limit });
  }

  admitCommand(id: string, expiresAtMs: number): Promise<boolean> {
    return this.#call('admitCommand', { id, expiresAtMs, nowMs: this.#now() });
  }

  onAccepted(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Finishes what was asked before, closes the file, and ends the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    if (this.#closed === null) await this.#ask('close', null).catch(() => {});
    await this.#worker.terminate();
    await this.#exited;
  }

  async #call<Name extends CallName>(name: Name, takes: Calls[Name]['takes']): Promise<Calls[Name]['gives']> {
    return (await this.#ask(name, takes)) as Calls[Name]['gives'];
  }

  async #ask(name: WorkerRequest['name'], takes: unknown): Promise<unknown> {
    if (this.#closed !== null) throw this.#closed;
    const id = ++this.#lastId;
    const answer = this.#answer(id);
    this.#worker.postMessage({ id, name, takes } as WorkerRequest);
    return answer;
  }

  async #answer(id: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    const late = setTimeout(
      () => reject(new OutboxError('OUTBOX_IO', 'the outbox does not answer')),
      DEADLINE_MS,
    );
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      this.#pending.delete(id);
    }
  }

  #close(error: OutboxError): void {
    this.#closed ??= error;
    for (const pending of this.#pending.values()) pending.reject(error);
  }
}
