import type { DatabaseSync } from 'node:sqlite';
import { EMPTY_HEAD, type KeptEntry, nextEntry } from '../audit/chain.ts';
import type { AuditEvent, AuditHead } from '../contract/audit.ts';

/** Longest an expired command is remembered, milliseconds: the kiosk's clock may be set back, and the command valid again. */
const REMEMBERED_MS = 30 * 24 * 3_600_000;

/** Appends a link to the audit chain, within whatever transaction is open. The head is read anew: a command line may have written. */
export function appendAudit(database: DatabaseSync, event: AuditEvent, nowMs: number): void {
  const boot = Number(database.prepare("SELECT value FROM counters WHERE name = 'boot'").get()?.value ?? 0);
  const { index, text, sha256 } = nextEntry(auditHead(database), new Date(nowMs), boot, event);
  database.prepare('INSERT INTO audit VALUES (?, ?, ?)').run(index, text, sha256);
}

export function auditHead(database: DatabaseSync): AuditHead {
  const last = database.prepare('SELECT entry, sha256 FROM audit ORDER BY entry DESC LIMIT 1').get();
  return last === undefined ? EMPTY_HEAD : { entries: Number(last.entry), sha256: String(last.sha256) };
}

/** Every link, oldest first, read as it is asked for. */
export function* auditEntries(database: DatabaseSync): Generator<KeptEntry> {
  for (const row of database.prepare('SELECT entry, text, sha256 FROM audit ORDER BY entry').iterate()) {
    yield { index: Number(row.entry), text: String(row.text), sha256: String(row.sha256) };
  }
}

/** Links that hold a text, newest first. @param before only those with a smaller index; null for all */
export function auditPage(
  database: DatabaseSync,
  before: number | null,
  text: string,
  limit: number,
): KeptEntry[] {
  const rows = database
    .prepare(
      'SELECT entry, text, sha256 FROM audit WHERE entry < ? AND instr(text, ?) > 0 ORDER BY entry DESC LIMIT ?',
    )
    .all(before ?? Number.MAX_SAFE_INTEGER, text, limit);
  return rows.map(row => ({
    index: Number(row.entry),
    text: String(row.text),
    sha256: String(row.sha256),
  }));
}

/** Notes a command's id for good; false when it was noted before. */
export function admitCommand(
  database: DatabaseSync,
  id: string,
  expiresAtMs: number,
  nowMs: number,
): boolean {
  database.prepare('DELETE FROM commands WHERE expires_at_ms < ?').run(nowMs - REMEMBERED_MS);
  const { changes } = database.prepare('INSERT OR IGNORE INTO commands VALUES (?, ?)').run(id, expiresAtMs);
  return changes === 1;
}
