import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { FingerRecord } from '../../../models/index.ts';
import { transaction } from '../../store/sqlite.ts';
import { lockFile, openDatabase, translated } from './database.ts';
import { DataKey, type WrappingKey } from './envelope.ts';
import { CacheError } from './errors.ts';
import { type Head, NEW_HEAD, readHead, writeHead } from './head.ts';
import { KeyChain } from './key-chain.ts';
import { plain, RowTable } from './rows.ts';
import { leafOf } from './tree.ts';
import { TreeView } from './tree-view.ts';
import {
  type CacheStatus,
  type Change,
  type Claim,
  type Effect,
  type Faces,
  type Fingers,
  type Found,
  fingerRecord,
  type KeptRecord,
  type Page,
} from './types.ts';
import { factOf, sweepWiped, wipeDatabase, wipedSerial } from './wipe.ts';

export interface StoreOptions {
  readonly path: string;
  /** The current key first. */
  readonly wrapping: readonly WrappingKey[];
  /** Which models make templates; those of others are of no use, and all is fetched anew. Null: leaves them as they are. */
  readonly models: string | null;
  /** Serial that was seen at this kiosk before, kept elsewhere; a file with a lower one is an older copy. */
  readonly leastSerial: number;
}

/** Records sealed anew, or emptied, in one commit. */
const BATCH = 64;

/** Everything of a file that is in use; gone after a wipe. */
interface Contents {
  readonly place: string;
  readonly keys: KeyChain;
  readonly rows: RowTable;
  tree: TreeView;
  head: Head;
}

/**
 * The kept records on their file, synchronous: what has returned has been committed. It runs in a thread of its own
 * (worker.ts). README.md tells what is bound to what.
 */
export class CacheStore implements Disposable {
  readonly #options: StoreOptions;
  readonly #lock: DatabaseSync;
  readonly #database: DatabaseSync;
  /** Null while wiped. */
  #contents: Contents | null;

  /** @throws CacheError of every kind but RECORDS_SYNC_*, RECORDS_CLOSED */
  constructor(options: StoreOptions, nowMs: number) {
    this.#options = options;
    this.#lock = lockFile(options.path);
    let database: DatabaseSync | undefined;
    try {
      database = openDatabase(options.path);
      this.#database = database;
      this.#contents = translated(() => this.#open(nowMs));
    } catch (error) {
      database?.close();
      this.#lock.close();
      throw error;
    }
  }

  status(): CacheStatus {
    const contents = this.#contents;
    const { models: _models, nextRow: _nextRow, ...head } = contents?.head ?? NEW_HEAD;
    if (!contents)
      return {
        ...head,
        state: 'wiped',
        serial: wipedSerial(this.#database) ?? 0,
        keyGeneration: 0,
        toSealAnew: 0,
      };
    const behind = 'SELECT count(*) AS n FROM records WHERE generation < ?';
    const keyGeneration = contents.keys.current.generation;
    const toSealAnew = translated(() => Number(this.#database.prepare(behind).get(keyGeneration)?.n));
    return { ...head, state: 'ready', keyGeneration, toSealAnew };
  }

  /**
   * Takes one page in one commit: all of it, or nothing.
   * @throws CacheError RECORDS_SYNC_GAP, RECORDS_SYNC_MISMATCH, RECORDS_WIPED
   */
  apply(page: Page, nowMs: number): Effect {
    const contents = this.#ready();
    const epoch = Buffer.from(page.epoch).toString('base64url');
    const ids: number[] = [];
    const faces: Int8Array[] = [];
    const fingers: FingerRecord[] = [];
    const removed: number[] = [];
    this.#change(contents, (tree, head) => {
      if (epoch !== head.epoch) {
        removed.push(...this.#clear(head));
        tree.clear();
        head.epoch = epoch;
      }
      if (page.from !== head.version || page.version < page.from)
        throw new CacheError('RECORDS_SYNC_GAP', 'the changes follow on another version');
      for (const change of page.changes) {
        const row = this.#applyChange(change, page.epoch, { rows: contents.rows, tree, head });
        if (row !== null && change.kind === 'put') fingers.push(fingerRecord(row, change.record.references));
        const face = change.kind === 'put' ? change.record.face : null;
        if (row !== null && face) {
          ids.push(row);
          faces.push(face);
        } else if (row !== null) removed.push(row);
      }
      head.version = page.version;
      if (page.root !== null && page.root !== tree.root())
        throw new CacheError('RECORDS_SYNC_MISMATCH', 'not what the registry signed for');
      if (page.root !== null) Object.assign(head, { complete: true, syncedAtMs: nowMs });
      if (page.root !== null || !head.complete) head.freshUntilMs = page.freshUntilMs;
    });
    return { put: rowsOf(ids, faces), fingers, removed: Uint32Array.from(removed) };
  }

  /** What is kept of a claim; null when nothing is, or nothing that may still be used. @throws CacheError */
  find(claim: Claim, nowMs: number): Found | null {
    const { rows, head } = this.#ready();
    if (nowMs >= head.freshUntilMs) return null;
    const records = translated(() => rows.claimed(claim).flatMap(row => this.#read(row) ?? []));
    if (!records.every(record => fits(record, claim)))
      throw new CacheError('RECORDS_SWAPPED', 'a name leads to another record');
    const [record, ...others] = records.filter(
      one => (one.expiresAtMs === null || nowMs < one.expiresAtMs) && cardsAgree(one, claim),
    );
    if (!record) return null;
    if (others.length > 0) return { state: 'several' };
    return record.state === 'locked' ? { state: 'locked' } : { state: 'found', record };
  }

  /** The record of a row of the gallery; null when it is gone or may not be used any more. @throws CacheError */
  at(row: number, nowMs: number): KeptRecord | null {
    const { rows, head } = this.#ready();
    if (nowMs >= head.freshUntilMs) return null;
    const record = translated(() => (rows.has(row) ? this.#read(row) : null));
    return record && (record.expiresAtMs === null || nowMs < record.expiresAtMs) ? record : null;
  }

  /** Faces of at most `limit` records after a row. @throws CacheError */
  faces(after: number, limit: number): Faces {
    const ids: number[] = [];
    const faces: Int8Array[] = [];
    let last: number | null = null;
    const { rows } = this.#ready();
    for (const { row, face } of translated(() => [...rows.faces(after, limit)])) {
      last = row;
      if (face.length === 0) continue;
      ids.push(row);
      faces.push(new Int8Array(face.buffer, face.byteOffset, face.byteLength));
    }
    return { ...rowsOf(ids, faces), last };
  }

  /** Prints of at most `limit` records after a row. @throws CacheError */
  fingers(after: number, limit: number): Fingers {
    const { rows } = this.#ready();
    const found = translated(() => rows.after(after, limit));
    const records = found.flatMap(row => {
      const record = translated(() => this.#read(row));
      return record ? [fingerRecord(row, record.references)] : [];
    });
    return { records, last: found.at(-1) ?? null };
  }

  /** Begins a new data key; rows follow in batches (`sealAnew`). */
  rotate(nowMs: number): void {
    const contents = this.#ready();
    const key = DataKey.make(contents.keys.current.generation + 1);
    try {
      this.#change(contents, (_tree, head) => {
        contents.keys.keep(key);
        head.keyMadeAtMs = nowMs;
      });
    } catch (error) {
      contents.keys.abandon(key);
      throw error;
    }
  }

  /** Seals a batch anew; with the last one the former key is destroyed. @returns whether there is more to do */
  sealAnew(): boolean {
    const contents = this.#ready();
    if (contents.keys.all.length < 2) return false;
    const more = this.#change(contents, () => {
      if (contents.rows.sealAnew(BATCH) === BATCH) return true;
      contents.keys.dropFormer();
      return false;
    });
    if (more) return true;
    contents.keys.forgetFormer();
    // The log still has what was sealed under the former key, and that key wrapped.
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    return false;
  }

  /** Empties records whose time is over. @returns rows that the gallery has to lose */
  expire(nowMs: number): Uint32Array {
    const contents = this.#ready();
    const over = this.#database
      .prepare('SELECT row FROM records WHERE expires_at_ms <= ? LIMIT ?')
      .all(nowMs, BATCH)
      .map(({ row }) => Number(row));
    if (over.length > 0)
      this.#change(contents, () => {
        for (const row of over) contents.rows.empty(row);
      });
    return Uint32Array.from(over);
  }

  /** Lets go of all records; the next page has to begin at the beginning. @returns rows that the gallery has to lose */
  restart(): Uint32Array {
    return this.#change(this.#ready(), (tree, head) => {
      tree.clear();
      return Uint32Array.from(this.#clear(head));
    });
  }

  /** Destroys the keys, then all else. Stays wiped until {@link allow}. */
  wipe(): void {
    const serial = (this.#contents?.head.serial ?? wipedSerial(this.#database) ?? 0) + 1;
    translated(() => wipeDatabase(this.#database, serial));
    this.#contents?.keys.forget();
    this.#contents = null;
  }

  /** After a wipe: begins anew, empty. */
  allow(nowMs: number): void {
    const serial = wipedSerial(this.#database);
    if (serial === null) return;
    this.#contents = this.#begin(Math.max(serial, this.#options.leastSerial), nowMs);
  }

  [Symbol.dispose](): void {
    this.#contents?.keys.forget();
    this.#database.close();
    this.#lock.close();
  }

  #open(nowMs: number): Contents | null {
    const { wrapping, models, leastSerial } = this.#options;
    if (wipedSerial(this.#database) !== null) {
      sweepWiped(this.#database);
      return null;
    }
    const place = factOf(this.#database, 'place');
    if (place === null) return this.#begin(leastSerial, nowMs);
    const keys = KeyChain.open(this.#database, wrapping, place);
    const head = readHead(this.#database, keys, place);
    if (head.serial < leastSerial) throw new CacheError('RECORDS_ROLLED_BACK', 'an older copy of the file');
    const tree = TreeView.read(this.#database);
    if (tree.root() !== head.root) throw new CacheError('RECORDS_TAMPERED', 'not the records that were kept');
    const contents = { place, keys, tree, head, rows: new RowTable(this.#database, keys, place) };
    this.#contents = contents;
    if (models !== null && head.models !== models)
      this.#change(contents, (changed, changedHead) => {
        changed.clear();
        this.#clear(changedHead);
        changedHead.models = models;
      });
    if (keys.wrappedByFormer) {
      this.#transaction(() => keys.wrapAnew());
      this.rotate(nowMs);
    }
    return contents;
  }

  #begin(serial: number, nowMs: number): Contents {
    const { wrapping, models } = this.#options;
    const place = randomUUID();
    return this.#transaction(() => {
      this.#database.exec('DELETE FROM facts; DELETE FROM keys');
      this.#database.prepare("INSERT INTO facts VALUES ('place', ?)").run(place);
      const keys = KeyChain.make(this.#database, wrapping, place);
      const head = { ...NEW_HEAD, serial: serial + 1, models: models ?? '', keyMadeAtMs: nowMs };
      writeHead(this.#database, keys, place, head);
      return {
        place,
        keys,
        head,
        tree: TreeView.empty(this.#database),
        rows: new RowTable(this.#database, keys, place),
      };
    });
  }

  /** One commit: the act on copies of tree and head, which are kept with it or not at all. */
  #change<T>(contents: Contents, act: (tree: TreeView, head: Mutable<Head>) => T): T {
    const [tree, head] = [contents.tree.copyOn(this.#database), { ...contents.head }];
    const result = this.#transaction(() => {
      const done = act(tree, head);
      Object.assign(head, { serial: head.serial + 1, root: tree.root() });
      writeHead(this.#database, contents.keys, contents.place, head);
      return done;
    });
    Object.assign(contents, { tree, head });
    return result;
  }

  /** @returns the row that a gallery has to change; null where there is nothing to change */
  #applyChange(
    change: Change,
    epoch: Uint8Array,
    { rows, tree, head }: { rows: RowTable; tree: TreeView; head: Mutable<Head> },
  ): number | null {
    const recordId = change.kind === 'put' ? change.record.recordId : change.recordId;
    const known = rows.rowOf(recordId);
    if (known !== null) {
      tree.touch(rows.read(known).leaf);
      rows.delete(known);
      head.records -= 1;
    }
    if (change.kind === 'revoke') return known;
    const row = known ?? head.nextRow++;
    const leaf = leafOf(epoch, recordId, change.record.version);
    rows.put(row, leaf, change.record);
    tree.touch(leaf);
    head.records += 1;
    return row;
  }

  /** A record held to the tree; null for one that has expired. */
  #read(row: number): KeptRecord | null {
    const { rows, tree } = this.#ready();
    const { leaf, kept } = rows.read(row);
    tree.check(leaf);
    return kept.state === 'expired' ? null : kept;
  }

  #clear(head: Mutable<Head>): number[] {
    const removed = this.#database.prepare('SELECT row FROM records').all();
    this.#database.exec('DELETE FROM names; DELETE FROM boxes; DELETE FROM records');
    Object.assign(head, NOTHING);
    return removed.map(({ row }) => Number(row));
  }

  #ready(): Contents {
    if (!this.#contents) throw new CacheError('RECORDS_WIPED', 'the records were wiped');
    return this.#contents;
  }

  #transaction<T>(act: () => T): T {
    return translated(() => transaction(this.#database, act));
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Nothing is kept, and all is to come. */
const NOTHING = { epoch: null, version: 0, complete: false, records: 0, freshUntilMs: 0, syncedAtMs: 0 };

function rowsOf(ids: readonly number[], faces: readonly Int8Array[]): Effect['put'] {
  const bytes = new Int8Array(faces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const face of faces) {
    bytes.set(face, at);
    at += face.length;
  }
  return { ids: Uint32Array.from(ids), bytes };
}

/** Whether a record is of a claim: by its travel document, or, where that was renewed, by the residence card. */
function fits({ person, travelDocumentNumber, residenceCardNumber }: KeptRecord, claim: Claim): boolean {
  const same = (a: string | null, b: string | null) => a !== null && b !== null && plain(a) === plain(b);
  return (
    person.nationality === claim.nationality &&
    person.birthDate === claim.birthDate &&
    (same(travelDocumentNumber, claim.travelDocumentNumber) ||
      same(residenceCardNumber, claim.residenceCardNumber))
  );
}

/** Two records of one travel document are told apart by the residence card, where both sides have one. */
const cardsAgree = (
  { residenceCardNumber: card }: KeptRecord,
  { residenceCardNumber: claimed }: Claim,
): boolean => card === null || claimed === null || plain(card) === plain(claimed);
