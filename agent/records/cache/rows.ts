/** Records on the tables: sealed, each part bound to its file, its row, and the version of the record it is of. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { deserialize, serialize } from 'node:v8';
import type { DataKey } from './envelope.ts';
import { CacheError } from './errors.ts';
import type { KeyChain } from './key-chain.ts';
import type { Claim, Expired, KeptRecord } from './types.ts';

/** A row as it lies there. */
interface Row {
  readonly row: number;
  readonly leaf: Uint8Array;
  readonly generation: number;
  readonly expires_at_ms: number | null;
  readonly face: Uint8Array;
}

type Part = 'face' | 'box';

/** Bytes before each sealed part: the row it was sealed for, so that a swapped one is known for what it is. */
const ROW_BYTES = 4;

export class RowTable {
  readonly #database: DatabaseSync;
  readonly #keys: KeyChain;
  readonly #place: string;
  readonly #byRow: StatementSync;
  readonly #facesAfter: StatementSync;
  readonly #insertRecord: StatementSync;
  readonly #insertBox: StatementSync;
  readonly #insertName: StatementSync;

  constructor(database: DatabaseSync, keys: KeyChain, place: string) {
    this.#database = database;
    this.#keys = keys;
    this.#place = place;
    const select = 'SELECT row, leaf, generation, expires_at_ms, face FROM records';
    this.#byRow = database.prepare(`${select} WHERE row = ?`);
    this.#facesAfter = database.prepare(`${select} WHERE row > ? ORDER BY row LIMIT ?`);
    this.#insertRecord = database.prepare('INSERT INTO records VALUES (?, ?, ?, ?, ?)');
    this.#insertBox = database.prepare('INSERT INTO boxes VALUES (?, ?)');
    this.#insertName = database.prepare('INSERT OR IGNORE INTO names VALUES (?, ?)');
  }

  /** The row of a record; null when it is not kept. */
  rowOf(recordId: string): number | null {
    return this.#named(['record', recordId])[0] ?? null;
  }

  /** Rows that a claim could mean: those of the travel document, else those of the residence card. */
  claimed(claim: Claim): readonly number[] {
    const byDocument = this.#named(documentName(claim));
    const card = cardName(claim);
    return byDocument.length > 0 || !card ? byDocument : this.#named(card);
  }

  has(row: number): boolean {
    return this.#byRow.get(row) !== undefined;
  }

  /** @throws CacheError RECORDS_DAMAGED, RECORDS_SWAPPED, RECORDS_TAMPERED */
  read(row: number): { readonly leaf: Uint8Array; readonly kept: KeptRecord | Expired } {
    const at = this.#byRow.get(row) as Row | undefined;
    if (!at) throw new CacheError('RECORDS_TAMPERED', 'a name leads to no record');
    return { leaf: at.leaf, kept: deserialize(this.#open(at, 'box', this.#box(row))) };
  }

  delete(row: number): void {
    for (const table of ['records', 'boxes', 'names'])
      this.#database.prepare(`DELETE FROM ${table} WHERE row = ?`).run(row);
  }

  /** Faces after a row, ascending; empty bytes where the record has none. */
  *faces(after: number, limit: number): Generator<{ row: number; face: Uint8Array }> {
    for (const found of this.#facesAfter.all(after, limit)) {
      const at = found as unknown as Row;
      yield { row: at.row, face: this.#open(at, 'face', at.face) };
    }
  }

  /** Rows after a row, ascending. */
  after(row: number, limit: number): number[] {
    const select = this.#database.prepare('SELECT row FROM records WHERE row > ? ORDER BY row LIMIT ?');
    return select.all(row, limit).map(found => Number(found.row));
  }

  /** Takes away all of a record whose time is over but that it was there: the registry still counts it. */
  empty(row: number): void {
    const { leaf, kept } = this.read(row);
    const { recordId, version } = kept;
    this.delete(row);
    this.put(row, leaf, { recordId, version, state: 'expired' });
  }

  /** Seals the next rows under the newest key. @returns how many */
  sealAnew(limit: number): number {
    const rows = this.#database
      .prepare('SELECT row FROM records WHERE generation < ? LIMIT ?')
      .all(this.#keys.current.generation, limit);
    for (const { row } of rows) {
      const { leaf, kept } = this.read(Number(row));
      this.delete(Number(row));
      this.put(Number(row), leaf, kept);
    }
    return rows.length;
  }

  #box(row: number): Uint8Array {
    const found = this.#database.prepare('SELECT sealed FROM boxes WHERE row = ?').get(row);
    if (!found) throw new CacheError('RECORDS_TAMPERED', 'a record has lost its content');
    return found.sealed as Uint8Array;
  }

  #named(of: readonly string[]): number[] {
    const statement = this.#database.prepare('SELECT row FROM names WHERE name = ?');
    const rows = this.#keys.all.flatMap(key => statement.all(key.name(of)).map(({ row }) => Number(row)));
    return [...new Set(rows)];
  }

  put(row: number, leaf: Uint8Array, kept: KeptRecord | Expired): void {
    const key = this.#keys.current;
    const expires_at_ms = kept.state === 'expired' ? null : kept.expiresAtMs;
    const face = (kept.state === 'expired' ? null : kept.face) ?? new Int8Array(0);
    const at = { row, leaf, generation: key.generation, expires_at_ms };
    const bytes = new Uint8Array(face.buffer, face.byteOffset, face.byteLength);
    this.#insertRecord.run(row, leaf, key.generation, expires_at_ms, this.#seal(key, at, 'face', bytes));
    this.#insertBox.run(row, this.#seal(key, at, 'box', serialize(kept)));
    for (const name of namesOf(kept)) this.#insertName.run(key.name(name), row);
  }

  #seal(key: DataKey, at: Omit<Row, 'face'>, part: Part, clear: Uint8Array): Buffer {
    const head = Buffer.alloc(ROW_BYTES);
    head.writeUInt32BE(at.row);
    return Buffer.concat([head, key.seal(this.#bound(at, part), clear)]);
  }

  #open(at: Row, part: Part, sealed: Uint8Array): Buffer {
    const view = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (view.length < ROW_BYTES) throw new CacheError('RECORDS_DAMAGED', 'a sealed part is cut short');
    if (view.readUInt32BE() !== at.row) throw new CacheError('RECORDS_SWAPPED', 'a part of another record');
    return this.#keys.of(at.generation).open(this.#bound(at, part), view.subarray(ROW_BYTES));
  }

  /** Associated data: the leaf stands for the record and its version. */
  #bound({ row, leaf, generation, expires_at_ms }: Omit<Row, 'face'>, part: Part): string {
    const version = Buffer.from(leaf).toString('hex');
    return [this.#place, row, version, generation, expires_at_ms ?? '', part].join('|');
  }
}

/** A document number without the fillers and spaces that machine-readable zones and people put into it. */
export const plain = (number: string): string => number.toUpperCase().replace(/[^A-Z0-9]/g, '');

function namesOf(kept: KeptRecord | Expired): string[][] {
  const names = [['record', kept.recordId]];
  if (kept.state === 'expired') return names;
  const { person, travelDocumentNumber, residenceCardNumber } = kept;
  const { nationality, birthDate } = person;
  const claim = { nationality, birthDate, travelDocumentNumber, residenceCardNumber };
  const card = cardName(claim);
  return [...names, documentName(claim), ...(card ? [card] : [])];
}

const documentName = ({ nationality, travelDocumentNumber, birthDate }: Claim): string[] => [
  'travel document',
  nationality,
  plain(travelDocumentNumber),
  birthDate,
];

const cardName = ({ nationality, residenceCardNumber, birthDate }: Claim): string[] | null =>
  residenceCardNumber === null
    ? null
    : ['residence card', nationality, plain(residenceCardNumber), birthDate];
