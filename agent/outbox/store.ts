import { createHash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { openDatabase, translated } from './database.ts';
import { OutboxError } from './errors.ts';
import type {
  NewPacket,
  OutboxLimits,
  OutboxStatus,
  PacketRow,
  PacketState,
  ReceiptOutcome,
} from './types.ts';

type Row = Record<string, SQLOutputValue>;

/**
 * The outbox on its file, synchronous: every method that returns has committed. It runs in a thread of its own (see
 * worker.ts), since one commit of 1.5 MB was measured at 4 to 195 ms.
 */
export class OutboxStore implements Disposable {
  readonly #database: DatabaseSync;
  readonly #limits: OutboxLimits;

  /** @throws OutboxError as openDatabase */
  constructor(path: string, limits: OutboxLimits) {
    this.#database = openDatabase(path);
    this.#limits = limits;
  }

  accept(packet: NewPacket, nowMs: number): void {
    const sha256 = createHash('sha256').update(packet.container).digest('hex');
    this.#transaction(() => {
      const known = this.#database
        .prepare('SELECT id, manifest_sha256 FROM packets WHERE id = ? OR sequence = ?')
        .get(packet.id, packet.sequence);
      if (known !== undefined) {
        if (known.id === packet.id && known.manifest_sha256 === packet.manifestSha256) return;
        throw new OutboxError('OUTBOX_CONFLICT', 'another packet has this id or sequence');
      }
      const full = this.#full(this.#usage(), packet.container.length, nowMs);
      if (full !== null) throw new OutboxError('OUTBOX_FULL', `the outbox is full: ${full}`);
      this.#database
        .prepare(
          `INSERT INTO packets (id, sequence, manifest_sha256, container_sha256, bytes, state, accepted_at_ms, changed_at_ms)
           VALUES (?, ?, ?, ?, ?, 'queued', ?, ?)`,
        )
        .run(
          packet.id,
          packet.sequence,
          packet.manifestSha256,
          sha256,
          packet.container.length,
          nowMs,
          nowMs,
        );
      this.#database.prepare('INSERT INTO containers VALUES (?, ?)').run(packet.id, packet.container);
    });
  }

  next(except: readonly string[]): { row: PacketRow; container: Uint8Array } | null {
    return translated(() => {
      const found = this.#database
        .prepare(
          `SELECT packets.*, container FROM packets JOIN containers USING (id)
           WHERE state IN ('queued', 'sent', 'received') AND id NOT IN (SELECT value FROM json_each(?))
           ORDER BY sequence LIMIT 1`,
        )
        .get(JSON.stringify(except));
      if (found === undefined) return null;
      const container = found.container as Uint8Array;
      if (createHash('sha256').update(container).digest('hex') !== found.container_sha256) {
        throw new OutboxError('OUTBOX_CORRUPT', 'a container in the outbox is damaged');
      }
      return { row: toRow(found), container };
    });
  }

  find(id: string): PacketRow | null {
    const found = translated(() => this.#database.prepare('SELECT * FROM packets WHERE id = ?').get(id));
    return found === undefined ? null : toRow(found);
  }

  markSent(id: string, nowMs: number): void {
    translated(() =>
      this.#database
        .prepare(
          `UPDATE packets SET attempts = attempts + 1, changed_at_ms = ?,
             state = CASE state WHEN 'queued' THEN 'sent' ELSE state END
           WHERE id = ? AND state IN ('queued', 'sent', 'received')`,
        )
        .run(nowMs, id),
    );
  }

  apply(outcome: ReceiptOutcome, nowMs: number): 'applied' | 'unchanged' | 'unknown' {
    return this.#transaction(() => {
      const row = this.find(outcome.id);
      if (row === null) return 'unknown';
      const state = afterReceipt(row, outcome.state);
      if (state === null) return 'unchanged';
      this.#database
        .prepare(
          'UPDATE packets SET state = ?, receipt_state = ?, receipt_code = ?, changed_at_ms = ? WHERE id = ?',
        )
        .run(state, outcome.state, outcome.code, nowMs, outcome.id);
      if (state === 'verified') this.#database.prepare('DELETE FROM containers WHERE id = ?').run(outcome.id);
      return 'applied';
    });
  }

  status(nowMs: number): OutboxStatus {
    return translated(() => {
      const usage = this.#usage();
      return { ...usage, full: this.#full(usage, 1, nowMs) };
    });
  }

  nextBoot(): number {
    return this.#count('boot');
  }

  nextSequence(): number {
    return this.#count('sequence');
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  #count(name: 'boot' | 'sequence'): number {
    const row = translated(() =>
      this.#database
        .prepare('UPDATE counters SET value = value + 1 WHERE name = ? RETURNING value')
        .get(name),
    );
    if (row === undefined) throw new OutboxError('OUTBOX_CORRUPT', 'a counter is missing');
    return Number(row.value);
  }

  #usage(): Omit<OutboxStatus, 'full'> {
    const row = this.#database
      .prepare(
        `SELECT count(*) AS packets, coalesce(sum(bytes), 0) AS bytes,
           min(accepted_at_ms) FILTER (WHERE state <> 'rejected') AS oldest
         FROM packets WHERE state <> 'verified'`,
      )
      .get()!;
    const oldest = row.oldest;
    return {
      packets: Number(row.packets),
      bytes: Number(row.bytes),
      oldestAtMs: oldest === null || oldest === undefined ? null : Number(oldest),
    };
  }

  #full(usage: Omit<OutboxStatus, 'full'>, addedBytes: number, nowMs: number): OutboxStatus['full'] {
    if (usage.packets >= this.#limits.maxPackets) return 'packets';
    if (usage.bytes + addedBytes > this.#limits.maxBytes) return 'bytes';
    if (usage.oldestAtMs !== null && nowMs - usage.oldestAtMs > this.#limits.maxAgeMs) return 'age';
    return null;
  }

  #transaction<T>(act: () => T): T {
    return translated(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const result = act();
        this.#database.exec('COMMIT');
        return result;
      } catch (error) {
        // SQLite has rolled back by itself after some errors (disk full); a second ROLLBACK would hide the first error.
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }
}

/**
 * Where a receipt takes a packet; null where it changes nothing. A verified packet is verified for good: of the backend's
 * later decision only the word is kept, and only the first.
 */
function afterReceipt(
  { state, receiptState }: PacketRow,
  receipt: ReceiptOutcome['state'],
): PacketState | null {
  switch (receipt) {
    case 'received':
      return state === 'queued' || state === 'sent' ? 'received' : null;
    case 'verified':
      return state === 'verified' ? null : 'verified';
    case 'accepted':
      return state === 'verified' && receiptState !== 'verified' ? null : 'verified';
    case 'rejected':
    case 'recapture':
      if (state === 'verified') return receiptState === 'verified' ? 'verified' : null;
      return state === 'rejected' ? null : 'rejected';
  }
}

function toRow(row: Row): PacketRow {
  return {
    id: String(row.id),
    sequence: Number(row.sequence),
    manifestSha256: String(row.manifest_sha256),
    bytes: Number(row.bytes),
    state: row.state as PacketState,
    attempts: Number(row.attempts),
    acceptedAtMs: Number(row.accepted_at_ms),
    receiptState: row.receipt_state as string | null,
    receiptCode: row.receipt_code as string | null,
  };
}
