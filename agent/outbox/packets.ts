import { createHash } from 'node:crypto';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { OutboxError } from './errors.ts';
import { appendAudit } from './journal.ts';
import type { NewPacket, OutboxLimits, PacketRow, PacketState, ReceiptOutcome, Usage } from './types.ts';

type Row = Record<string, SQLOutputValue>;

/**
 * How long a visit that began in time may take to end, milliseconds: its packet is taken although the limit on age was
 * reached meanwhile.
 */
const VISIT_MS = 30 * 60_000;
/** Longest code of the backend that the audit chain keeps, characters. */
const MAX_CODE = 128;
/** As the index `packets_waiting` has it, word for word: else SQLite would not use it. */
const UNDELIVERED = "state IN ('queued', 'sent', 'received')";
/** Containers deleted in one transaction. */
const SWEEP = 32;

/** The packets' tables. Every method runs within whatever transaction is open, and throws what SQLite throws. */
export class PacketTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** @throws OutboxError OUTBOX_FULL, OUTBOX_CONFLICT */
  accept(packet: NewPacket, limits: OutboxLimits, nowMs: number): void {
    const { id, sequence, manifestSha256, container } = packet;
    const known = this.#database
      .prepare('SELECT id, manifest_sha256 FROM packets WHERE id = ? OR sequence = ?')
      .get(id, sequence);
    if (known !== undefined) {
      if (known.id === id && known.manifest_sha256 === manifestSha256) return;
      throw new OutboxError('OUTBOX_CONFLICT', 'another packet has this id or sequence');
    }
    const full = fullness(this.usage(), limits, container.length, nowMs - VISIT_MS);
    if (full !== null) throw new OutboxError('OUTBOX_FULL', `the outbox is full: ${full}`);
    const bytes = container.length;
    const containerSha256 = sha256(container);
    this.#database
      .prepare(
        `INSERT INTO packets (id, sequence, manifest_sha256, container_sha256, bytes, state, accepted_at_ms, changed_at_ms)
         VALUES (?, ?, ?, ?, ?, 'queued', ?, ?)`,
      )
      .run(id, sequence, manifestSha256, containerSha256, bytes, nowMs, nowMs);
    this.#database.prepare('INSERT INTO containers VALUES (?, ?)').run(id, container);
    const event = 'packet_accepted';
    const audited = { event, packetId: id, sequence, manifestSha256, containerSha256, bytes } as const;
    appendAudit(this.#database, audited, nowMs);
  }

  /** @throws OutboxError OUTBOX_CORRUPT */
  next(except: readonly string[], atLeast: number): { row: PacketRow; container: Uint8Array } | null {
    if (atLeast > 1 && this.#waiting(atLeast) < atLeast) return null;
    const found = this.#database
      .prepare(
        `SELECT packets.*, container FROM packets JOIN containers USING (id)
         WHERE ${UNDELIVERED} AND id NOT IN (SELECT value FROM json_each(?))
         ORDER BY sequence LIMIT 1`,
      )
      .get(JSON.stringify(except));
    return found === undefined ? null : { row: toRow(found), container: intact(found) };
  }

  /** Packets whose containers are held, with them, oldest first, read as they are asked for. */
  *held(): Generator<{ row: PacketRow; container: Uint8Array }> {
    const rows = this.#database
      .prepare(
        `SELECT packets.*, container FROM packets JOIN containers USING (id)
         WHERE ${UNDELIVERED} ORDER BY sequence`,
      )
      .iterate();
    for (const row of rows) yield { row: toRow(row), container: intact(row) };
  }

  find(id: string): PacketRow | null {
    const found = this.#database.prepare('SELECT * FROM packets WHERE id = ?').get(id);
    return found === undefined ? null : toRow(found);
  }

  /** Oldest first. @param all delivered ones as well */
  list(all: boolean): PacketRow[] {
    const which = all ? '' : "WHERE state <> 'deleted'";
    return this.#database.prepare(`SELECT * FROM packets ${which} ORDER BY sequence`).all().map(toRow);
  }

  markSent(id: string, nowMs: number): void {
    this.#database
      .prepare(
        `UPDATE packets SET attempts = attempts + 1, changed_at_ms = ?,
           state = CASE state WHEN 'queued' THEN 'sent' ELSE state END
         WHERE id = ? AND ${UNDELIVERED}`,
      )
      .run(nowMs, id);
  }

  /** Puts a packet that was set aside back into the queue. False when there is none of that id. */
  retry(id: string, nowMs: number): boolean {
    const { changes } = this.#database
      .prepare(
        `UPDATE packets SET state = 'queued', receipt_state = NULL, receipt_code = NULL, changed_at_ms = ?
         WHERE id = ? AND state = 'rejected'`,
      )
      .run(nowMs, id);
    if (changes === 0) return false;
    appendAudit(this.#database, { event: 'packet_retried', packetId: id }, nowMs);
    return true;
  }

  apply(outcome: ReceiptOutcome, nowMs: number): 'applied' | 'unchanged' | 'unknown' {
    const row = this.find(outcome.id);
    if (row === null) return 'unknown';
    const state = afterReceipt(row, outcome.state);
    if (state === null) return 'unchanged';
    this.#database
      .prepare(
        'UPDATE packets SET state = ?, receipt_state = ?, receipt_code = ?, changed_at_ms = ? WHERE id = ?',
      )
      .run(state, outcome.state, outcome.code, nowMs, outcome.id);
    const { manifestSha256 } = row;
    const { state: word } = outcome;
    const code = outcome.code?.slice(0, MAX_CODE) ?? null;
    const audited = {
      event: 'receipt_applied',
      packetId: row.id,
      manifestSha256,
      state: word,
      code,
    } as const;
    appendAudit(this.#database, audited, nowMs);
    return 'applied';
  }

  /** Deletes containers of verified packets, a few at a time, each with its entry in the audit chain. False when there is none. */
  sweep(nowMs: number): boolean {
    const verified = this.#database
      .prepare("SELECT * FROM packets WHERE state = 'verified' ORDER BY sequence LIMIT ?")
      .all(SWEEP);
    for (const row of verified) {
      const { id, manifestSha256, bytes } = toRow(row);
      this.#database.prepare('DELETE FROM containers WHERE id = ?').run(id);
      this.#database
        .prepare("UPDATE packets SET state = 'deleted', changed_at_ms = ? WHERE id = ?")
        .run(nowMs, id);
      const containerSha256 = String(row.container_sha256);
      const event = 'container_deleted';
      const audited = { event, packetId: id, manifestSha256, containerSha256, bytes } as const;
      appendAudit(this.#database, audited, nowMs);
    }
    return verified.length > 0;
  }

  usage(): Usage {
    const oldest = this.#database
      .prepare(`SELECT accepted_at_ms FROM packets WHERE ${UNDELIVERED} ORDER BY sequence LIMIT 1`)
      .get()?.accepted_at_ms;
    return {
      packets: this.count('held_packets'),
      bytes: this.count('held_bytes'),
      oldestAtMs: oldest === undefined ? null : Number(oldest),
    };
  }

  /** @throws OutboxError OUTBOX_CORRUPT */
  count(name: string, added = 0): number {
    const row =
      added === 0
        ? this.#database.prepare('SELECT value FROM counters WHERE name = ?').get(name)
        : this.#database
            .prepare('UPDATE counters SET value = value + ? WHERE name = ? RETURNING value')
            .get(added, name);
    if (row === undefined) throw new OutboxError('OUTBOX_CORRUPT', 'a counter is missing');
    return Number(row.value);
  }

  /** Packets waiting for delivery, counted up to a limit. */
  #waiting(limit: number): number {
    const row = this.#database
      .prepare(`SELECT count(*) AS n FROM (SELECT 1 FROM packets WHERE ${UNDELIVERED} LIMIT ?)`)
      .get(limit);
    return Number(row?.n);
  }
}

/** Which limit keeps a packet of this size out. */
export function fullness(
  usage: Usage,
  limits: OutboxLimits,
  addedBytes: number,
  nowMs: number,
): 'packets' | 'bytes' | 'age' | null {
  if (usage.packets >= limits.maxPackets) return 'packets';
  if (usage.bytes + addedBytes > limits.maxBytes) return 'bytes';
  if (usage.oldestAtMs !== null && nowMs - usage.oldestAtMs > limits.maxAgeMs) return 'age';
  return null;
}

/**
 * Where a receipt takes a packet; null where it changes nothing. A verified packet is verified for good: of the backend's
 * later decision only the word is kept, and only the first.
 */
function afterReceipt(
  { state, receiptState }: PacketRow,
  receipt: ReceiptOutcome['state'],
): PacketState | null {
  const delivered = state === 'verified' || state === 'deleted';
  switch (receipt) {
    case 'received':
      return state === 'queued' || state === 'sent' ? 'received' : null;
    case 'verified':
      return delivered ? null : 'verified';
    case 'accepted':
      if (!delivered) return 'verified';
      return receiptState === 'verified' ? state : null;
    case 'rejected':
    case 'recapture':
      if (delivered) return receiptState === 'verified' ? state : null;
      return state === 'rejected' ? null : 'rejected';
  }
}

function intact(row: Row): Uint8Array {
  const container = row.container as Uint8Array;
  if (sha256(container) !== row.container_sha256)
    throw new OutboxError('OUTBOX_CORRUPT', 'a container in the outbox is damaged');
  return container;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

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
