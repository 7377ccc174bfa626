/** How kept records are made to be gone: the keys first, then what they sealed. */
import { rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { lockFile, openDatabase, translated } from './database.ts';
import { CacheError } from './errors.ts';

/** More commits than can lie between two entries of the audit chain that name a serial. */
const UNSEEN_COMMITS = 2 ** 32;

export function factOf(database: DatabaseSync, name: 'place' | 'wiped'): string | null {
  const found = database.prepare('SELECT value FROM facts WHERE name = ?').get(name);
  return found ? String(found.value) : null;
}

/** Null where nothing was wiped. */
export function wipedSerial(database: DatabaseSync): number | null {
  const wiped = factOf(database, 'wiped');
  return wiped === null ? null : Number(wiped);
}

/** Destroys the keys in one commit, then all else. @param serial later than that of any copy */
export function wipeDatabase(database: DatabaseSync, serial: number): void {
  database.exec('BEGIN IMMEDIATE; DELETE FROM keys; DELETE FROM head');
  database.prepare("INSERT OR REPLACE INTO facts VALUES ('wiped', ?)").run(String(serial));
  database.exec('COMMIT; PRAGMA wal_checkpoint(TRUNCATE)');
  sweepWiped(database);
}

/** What is left after the keys have gone: a crash may have come in between, so this is done again at the start. */
export function sweepWiped(database: DatabaseSync): void {
  database.exec('DELETE FROM names; DELETE FROM boxes; DELETE FROM records');
  database.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
}

/**
 * Wipes a file that nobody holds; its key is not needed, and what cannot be opened is deleted as it is.
 * @param leastSerial the last one noted elsewhere
 * @returns serial of the wiped file
 * @throws CacheError RECORDS_IN_USE, RECORDS_IO
 */
export function wipeFile(path: string, leastSerial: number): number {
  const lock = lockFile(path);
  try {
    const database = openOrReplace(path);
    // Without the key nobody knows the serial of the file itself.
    const serial = Math.max(leastSerial, translated(() => wipedSerial(database)) ?? 0) + UNSEEN_COMMITS;
    translated(() => wipeDatabase(database, serial));
    database.close();
    return serial;
  } finally {
    lock.close();
  }
}

function openOrReplace(path: string): DatabaseSync {
  try {
    return openDatabase(path);
  } catch (error) {
    if (!(error instanceof CacheError) || error.code !== 'RECORDS_DAMAGED') throw error;
    discardFile(path);
    return openDatabase(path);
  }
}

/** Deletes a file that is not believed any more; the next store begins anew. */
export function discardFile(path: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
}
