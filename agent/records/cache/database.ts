import { DatabaseSync } from 'node:sqlite';
import { CacheError } from './errors.ts';
import { APPLICATION_ID, SCHEMA, TABLES } from './schema.ts';

/** Milliseconds to wait for a lock that another connection holds. */
const BUSY_TIMEOUT_MS = 2000;
/** What the write-ahead log is cut back to when it begins anew, bytes. */
const LOG_BYTES = 4 * 1024 * 1024;

/**
 * Opens the file of the kept records, or makes it.
 * @throws CacheError RECORDS_DAMAGED, RECORDS_FOREIGN, RECORDS_NEWER, RECORDS_IN_USE, RECORDS_IO
 */
export function openDatabase(path: string): DatabaseSync {
  return translated(() => {
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      const tables = Number(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n);
      const version = pragma(database, 'user_version');
      if (tables > 0 && pragma(database, 'application_id') !== APPLICATION_ID)
        throw new CacheError('RECORDS_FOREIGN', 'not a file of kept records');
      if (version > SCHEMA) throw new CacheError('RECORDS_NEWER', `schema ${version}, known is ${SCHEMA}`);
      // What is deleted is overwritten, in the file as in the log: sealed rows too leave nothing to wait for a key.
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
      database.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
      if (tables === 0)
        database.exec(
          `BEGIN IMMEDIATE; ${TABLES} PRAGMA application_id = ${APPLICATION_ID};
           PRAGMA user_version = ${SCHEMA}; COMMIT`,
        );
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Holds the records for one process; the system lets go of it however that ends. @throws CacheError RECORDS_IN_USE */
export function lockFile(path: string): DatabaseSync {
  return translated(() => {
    const lock = new DatabaseSync(`${path}.lock`, { timeout: BUSY_TIMEOUT_MS });
    try {
      lock.exec('BEGIN EXCLUSIVE');
      return lock;
    } catch (error) {
      lock.close();
      throw error;
    }
  });
}

const pragma = (database: DatabaseSync, name: string): number =>
  Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const BUSY = 5;
const LOCKED = 6;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/** Runs an act on the database and turns what SQLite throws into a CacheError. */
export function translated<T>(act: () => T): T {
  try {
    return act();
  } catch (cause) {
    if (cause instanceof CacheError || !(cause instanceof Error)) throw cause;
    const primary = Number((cause as { errcode?: unknown }).errcode) & 0xff;
    if (primary === CORRUPT || primary === NOT_A_DATABASE)
      throw new CacheError('RECORDS_DAMAGED', 'the file is damaged', { cause });
    if (primary === BUSY || primary === LOCKED)
      throw new CacheError('RECORDS_IN_USE', 'another process holds the kept records', { cause });
    throw new CacheError('RECORDS_IO', 'the kept records cannot be used', { cause });
  }
}
