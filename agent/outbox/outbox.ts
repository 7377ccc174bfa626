import type { KeptEntry } from '../audit/chain.ts';
import { AuditEvent, type AuditHead } from '../contract/audit.ts';
import { CallThread } from '../store/call-thread.ts';
import type { Calls, WorkerStart } from './calls.ts';
import { OutboxError, type OutboxErrorCode } from './errors.ts';
import type { NewPacket, Outbox, OutboxLimits, OutboxStatus, PacketRow, ReceiptOutcome } from './types.ts';

/** Longest one call may take, milliseconds: far above any measured commit, so that only a failing disk reaches it. */
const DEADLINE_MS = 30_000;

const ERRORS = {
  failed: 'OUTBOX_IO',
  closed: 'OUTBOX_CLOSED',
  make: (code: OutboxErrorCode, message: string) => new OutboxError(code, message),
} as const;

/** The durable outbox in one SQLite file, worked by a thread of its own so that no commit stops the main process. */
export class SqliteOutbox implements Outbox, AsyncDisposable {
  readonly #thread: CallThread<Calls, OutboxErrorCode>;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();

  private constructor(thread: CallThread<Calls, OutboxErrorCode>, now: () => number) {
    this.#thread = thread;
    this.#now = now;
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
    const start: WorkerStart = { path, limits };
    const file = new URL('./worker.ts', import.meta.url);
    const thread = await CallThread.open<Calls, OutboxErrorCode>(file, start, DEADLINE_MS, ERRORS);
    return new SqliteOutbox(thread, () => clock.now().getTime());
  }

  async accept(packet: NewPacket): Promise<void> {
    await this.#thread.ask('accept', { packet, nowMs: this.#now() });
    for (const listener of this.#listeners) listener();
  }

  next(except: readonly string[], atLeast = 1): Promise<{ row: PacketRow; container: Uint8Array } | null> {
    return this.#thread.ask('next', { except, atLeast });
  }

  find(id: string): Promise<PacketRow | null> {
    return this.#thread.ask('find', { id });
  }

  async markSent(id: string): Promise<void> {
    await this.#thread.ask('markSent', { id, nowMs: this.#now() });
  }

  apply(outcome: ReceiptOutcome): Promise<'applied' | 'unchanged' | 'unknown'> {
    return this.#thread.ask('apply', { outcome, nowMs: this.#now() });
  }

  status(): Promise<OutboxStatus> {
    return this.#thread.ask('status', { nowMs: this.#now() });
  }

  nextBoot(): Promise<number> {
    return this.#thread.ask('count', { name: 'boot' });
  }

  nextSequence(): Promise<number> {
    return this.#thread.ask('count', { name: 'sequence' });
  }

  async record(event: AuditEvent): Promise<void> {
    const checked = AuditEvent.safeParse(event);
    // What was wrong is not told: it may be just what must not stand in the chain.
    if (!checked.success) throw new TypeError(`no audit event: ${event.event}`);
    await this.#thread.ask('record', { event: checked.data, nowMs: this.#now() });
  }

  auditHead(): Promise<AuditHead> {
    return this.#thread.ask('auditHead', null);
  }

  list(): Promise<PacketRow[]> {
    return this.#thread.ask('list', null);
  }

  async retry(id: string): Promise<boolean> {
    const retried = await this.#thread.ask('retry', { id, nowMs: this.#now() });
    if (retried) for (const listener of this.#listeners) listener();
    return retried;
  }

  auditPage(before: number | null, text: string, limit: number): Promise<KeptEntry[]> {
    return this.#thread.ask('auditPage', { before, text, limit });
  }

  admitCommand(id: string, expiresAtMs: number): Promise<boolean> {
    return this.#thread.ask('admitCommand', { id, expiresAtMs, nowMs: this.#now() });
  }

  onAccepted(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Finishes what was asked before, closes the file, and ends the thread. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#listeners.clear();
    await this.#thread[Symbol.asyncDispose]();
  }
}
