import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { KeptEntry } from '../audit/chain.ts';
import type { Outcome } from '../store/call-thread.ts';
import { transaction } from '../store/sqlite.ts';
import type { Call, CallName, Calls } from './calls.ts';
import { lockOutbox, openDatabase, translated } from './database.ts';
import { OutboxError, type OutboxErrorCode } from './errors.ts';
import { admitCommand, appendAudit, auditEntries, auditHead, auditPage } from './journal.ts';
import { fullness, PacketTable } from './packets.ts';
import { Reserve } from './space.ts';
import type { OutboxLimits, OutboxStatus, PacketRow } from './types.ts';

/** Length of the write-ahead log from which it is moved into the file, bytes. */
const LOG_BYTES = 4 * 1024 * 1024;
/** Pages given back to the file system at a time, so that a long list of free ones holds nobody up. */
const VACUUM_PAGES = 2_000;
/** Room that the limits keep for the visit under way, bytes: ten lossless fingers and a face. */
const VISIT_BYTES = 2 * 1024 * 1024;

type Handlers = { readonly [Name in CallName]: (takes: Calls[Name]['takes']) => Calls[Name]['gives'] };

/** Calls that free space, or note what has happened already: they may use up the reserve. */
const NEEDED: readonly CallName[] = ['markSent', 'apply', 'record', 'admitCommand'];

/**
 * The outbox on its file, synchronous: what has returned has been committed. It runs in a thread of its own (worker.ts),
 * since one commit of 1.5 MB was measured at 4 to 195 ms.
 */
export class OutboxStore implements Disposable {
  readonly #path: string;
  readonly #limits: OutboxLimits;
  readonly #database: DatabaseSync;
  readonly #lock: DatabaseSync | null;
  readonly #packets: PacketTable;
  readonly #reserve: Reserve;
  readonly #handlers: Handlers;
  /** Whether the last attempt to write failed. */
  #failing = false;

  /**
   * @param options.alone holds the outbox against other agents; a command line beside a running agent does not
   * @throws OutboxError as openDatabase and lockOutbox
   */
  constructor(path: string, limits: OutboxLimits, options: { readonly alone: boolean }) {
    this.#path = path;
    this.#limits = limits;
    // Before the file itself: a second agent must not even repair it.
    this.#lock = options.alone ? lockOutbox(path) : null;
    try {
      this.#database = openDatabase(path);
    } catch (error) {
      this.#lock?.close();
      throw error;
    }
    this.#packets = new PacketTable(this.#database);
    this.#reserve = new Reserve(path);
    this.#handlers = this.#makeHandlers();
    if (options.alone) this.#reserve.make();
  }

  /**
   * Carries out calls in one transaction: what had to wait for one commit shares the next. Where the transaction fails as
   * a whole, each call is tried alone, so that one cannot spoil the others.
   */
  batch(calls: readonly Call[]): Outcome<OutboxErrorCode>[] {
    try {
      const outcomes = this.#transaction(() => calls.map(call => this.#attempt(call)));
      this.#failing = false;
      return outcomes;
    } catch (error) {
      const [call] = calls;
      if (calls.length > 1) return calls.flatMap(one => this.batch([one]));
      if (call !== undefined && NEEDED.includes(call.name) && this.#mayBeFull(error))
        return this.batch(calls);
      this.#failing = true;
      return [failure(error)];
    }
  }

  /** One call, for whoever works on the file without the thread. @throws OutboxError */
  call<Name extends CallName>(name: Name, takes: Calls[Name]['takes']): Calls[Name]['gives'] {
    const [outcome] = this.batch([{ name, takes }]);
    if (outcome?.ok) return outcome.gives as Calls[Name]['gives'];
    throw new OutboxError(outcome?.code ?? 'OUTBOX_IO', outcome?.message ?? 'no answer');
  }

  /**
   * What is done after calls were answered: containers of verified packets are deleted, the log is moved into the file,
   * and space that was freed is given back. What fails here is tried again after the next calls.
   */
  settle(nowMs: number): void {
    try {
      while (this.#freeing(() => this.#transaction(() => this.#packets.sweep(nowMs))));
      if (this.#failing) this.#transaction(() => this.#packets.count('probe', 1));
      this.#failing = false;
      this.#moveLog();
      if (this.#packets.usage().packets === 0) this.#giveBack();
      this.#reserve.make();
    } catch {
      this.#failing = true;
    }
  }

  /** Oldest first; delivered ones as well when `all`. */
  list(all: boolean): PacketRow[] {
    return translated(() => this.#packets.list(all));
  }

  /** Undelivered packets with their containers, oldest first. */
  held(): Generator<{ row: PacketRow; container: Uint8Array }> {
    return this.#packets.held();
  }

  retry(id: string, nowMs: number): boolean {
    return this.#transaction(() => this.#packets.retry(id, nowMs));
  }

  /** Every link of the audit chain, oldest first. */
  auditEntries(): Generator<KeptEntry> {
    return auditEntries(this.#database);
  }

  [Symbol.dispose](): void {
    this.#database.close();
    this.#lock?.close();
  }

  #makeHandlers(): Handlers {
    const [packets, database] = [this.#packets, this.#database];
    return {
      accept: ({ packet, nowMs }) => {
        packets.accept(packet, this.#limits, nowMs);
        return null;
      },
      next: ({ except, atLeast }) => packets.next(except, atLeast),
      find: ({ id }) => packets.find(id),
      markSent: ({ id, nowMs }) => {
        packets.markSent(id, nowMs);
        return null;
      },
      apply: ({ outcome, nowMs }) => packets.apply(outcome, nowMs),
      status: ({ nowMs }) => this.#status(nowMs),
      count: ({ name }) => packets.count(name, 1),
      record: ({ event, nowMs }) => {
        appendAudit(database, event, nowMs);
        return null;
      },
      auditHead: () => auditHead(database),
      list: () => packets.list(false),
      retry: ({ id, nowMs }) => packets.retry(id, nowMs),
      auditPage: ({ before, text, limit }) => auditPage(database, before, text, limit),
      admitCommand: ({ id, expiresAtMs, nowMs }) => admitCommand(database, id, expiresAtMs, nowMs),
    };
  }

  #status(nowMs: number): OutboxStatus {
    const usage = this.#packets.usage();
    const disk =
      this.#failing || !this.#reserve.there || this.#reserve.freeBytes() < this.#limits.minimumFreeBytes;
    return { ...usage, full: disk ? 'disk' : fullness(usage, this.#limits, VISIT_BYTES, nowMs) };
  }

  /** One call within the open transaction. @throws what may have ended the transaction */
  #attempt({ name, takes }: Call): Outcome<OutboxErrorCode> {
    this.#database.exec('SAVEPOINT one');
    try {
      const gives = translated(() => (this.#handlers[name] as (takes: unknown) => unknown)(takes));
      this.#database.exec('RELEASE one');
      return { ok: true, gives };
    } catch (error) {
      if (!this.#database.isTransaction || (error instanceof OutboxError && error.code === 'OUTBOX_IO'))
        throw error;
      this.#database.exec('ROLLBACK TO one; RELEASE one');
      return failure(error);
    }
  }

  #transaction<T>(act: () => T): T {
    return translated(() => transaction(this.#database, act));
  }

  /** Runs what must be possible on a full disk, with the reserve's space if it is not. */
  #freeing<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (!this.#mayBeFull(error)) throw error;
      return act();
    }
  }

  /** Whether space may have been what failed, and there is now more of it. */
  #mayBeFull(error: unknown): boolean {
    return error instanceof OutboxError && error.code === 'OUTBOX_IO' && this.#reserve.release();
  }

  #moveLog(): void {
    const bytes = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (bytes > LOG_BYTES || !this.#reserve.there) this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  }

  #giveBack(): void {
    const free = Number(this.#database.prepare('PRAGMA freelist_count').get()?.freelist_count);
    if (free < VACUUM_PAGES) return;
    this.#database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES}); PRAGMA wal_checkpoint(TRUNCATE)`);
  }
}

const failure = (error: unknown): Outcome<OutboxErrorCode> =>
  error instanceof OutboxError
    ? { ok: false, code: error.code, message: error.message }
    : { ok: false, code: 'OUTBOX_IO', message: 'the outbox thread failed' };
