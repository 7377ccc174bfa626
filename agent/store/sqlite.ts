/** What every SQLite file of the agent needs, whatever is in it. */
import { DatabaseSync } from 'node:sqlite';

/** Milliseconds to wait for a lock that another connection holds. */
const BUSY_TIMEOUT_MS = 2000;

/** Opens a file, or makes it; closed again where `prepare` throws. */
export function openFile(path: string, prepare: (database: DatabaseSync) => void): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  try {
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Opens a file that somebody else may be writing; nothing is changed. */
export const openToRead = (path: string): DatabaseSync =>
  new DatabaseSync(path, { readOnly: true, timeout: BUSY_TIMEOUT_MS });

/** Holds a file for one process: the lock is SQLite's own on an empty file beside it, so the system lets go of it however that ends. */
export const lockBeside = (path: string): DatabaseSync =>
  openFile(`${path}.lock`, lock => lock.exec('BEGIN EXCLUSIVE'));

export const pragma = (database: DatabaseSync, name: string): number =>
  Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);

export const tableCount = (database: DatabaseSync): number =>
  Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);

/** Makes or changes tables and says whose file it is, in one commit. */
export function setUp(database: DatabaseSync, tables: string, applicationId: number, version: number): void {
  database.exec(
    `BEGIN IMMEDIATE; ${tables} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}; COMMIT`,
  );
}

/** One commit: all of the act, or nothing of it. */
export function transaction<T>(database: DatabaseSync, act: () => T): T {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = act();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has rolled back by itself after some errors (disk full); a second ROLLBACK would hide the first error.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** What keeps a file from being used: it is damaged, another process holds it, or the disk refuses. */
export type SqliteFault = 'damaged' | 'in_use' | 'io';

/** SQLite's primary result codes (sqlite.org/rescode.html); node:sqlite gives the extended code in `errcode`. */
const FAULTS: Readonly<Record<number, SqliteFault>> = {
  5: 'in_use',
  6: 'in_use',
  11: 'damaged',
  26: 'damaged',
};

/**
 * Runs an act on a database and gives what SQLite throws the owner's name.
 * @param own whether an error is the owner's already
 */
export function translated<T>(
  act: () => T,
  own: (error: unknown) => boolean,
  name: (fault: SqliteFault, cause: Error) => Error,
): T {
  try {
    return act();
  } catch (cause) {
    if (own(cause) || !(cause instanceof Error)) throw cause;
    const primary = Number((cause as { errcode?: unknown }).errcode) & 0xff;
    throw name(FAULTS[primary] ?? 'io', cause);
  }
}
