import type { DatabaseSync } from 'node:sqlite';
import * as sqlite from '../../store/sqlite.ts';
import { CacheError } from './errors.ts';
import { APPLICATION_ID, SCHEMA, TABLES } from './schema.ts';

/** What the write-ahead log is cut back to when it begins anew, bytes. */
const LOG_BYTES = 4 * 1024 * 1024;

/**
 * Opens the file of the kept records, or makes it.
 * @throws CacheError RECORDS_DAMAGED, RECORDS_FOREIGN, RECORDS_NEWER, RECORDS_IN_USE, RECORDS_IO
 */
export const openDatabase = (path: string): DatabaseSync => translated(() => sqlite.openFile(path, prepare));

/** Holds the records for one process. @throws CacheError RECORDS_IN_USE, RECORDS_IO */
export const lockFile = (path: string): DatabaseSync => translated(() => sqlite.lockBeside(path));

function prepare(database: DatabaseSync): void {
  const version = sqlite.pragma(database, 'user_version');
  const tables = sqlite.tableCount(database);
  if (tables > 0 && sqlite.pragma(database, 'application_id') !== APPLICATION_ID)
    throw new CacheError('RECORDS_FOREIGN', 'not a file of kept records');
  if (version > SCHEMA) throw new CacheError('RECORDS_NEWER', `schema ${version}, known is ${SCHEMA}`);
  // What is deleted is overwritten, in the file as in the log: sealed rows too leave nothing to wait for a key.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
  database.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`);
  if (tables === 0) sqlite.setUp(database, TABLES, APPLICATION_ID, SCHEMA);
}

/** Runs an act on the database and turns what SQLite throws into a CacheError. */
export const translated = <T>(act: () => T): T =>
  sqlite.translated(act, error => error instanceof CacheError, named);

function named(fault: sqlite.SqliteFault, cause: Error): CacheError {
  if (fault === 'damaged') return new CacheError('RECORDS_DAMAGED', 'the file is damaged', { cause });
  if (fault === 'in_use')
    return new CacheError('RECORDS_IN_USE', 'another process holds the kept records', { cause });
  return new CacheError('RECORDS_IO', 'the kept records cannot be used', { cause });
}
