/** Vectors of many records, each compared with every probe: sqlite-vec's exact search, cosine, on signed bytes. */
import { DatabaseSync } from 'node:sqlite';
import * as sqliteVec from 'sqlite-vec';

export interface Nearest {
  readonly recordId: string;
  /** Cosine, -1..1. */
  readonly score: number;
}

export class Vectors implements Disposable {
  readonly #database = new DatabaseSync(':memory:', { allowExtension: true });
  readonly #rows = new Map<string, readonly bigint[]>();
  readonly #owners = new Map<bigint, string>();
  #lastRow = 0n;

  /** @param length values of a vector, 1..8192 */
  constructor(length: number) {
    sqliteVec.load(this.#database);
    this.#database.exec(`CREATE VIRTUAL TABLE vector USING vec0(row int8[${length}] distance_metric=cosine)`);
  }

  /** Replaces what is there of the record. */
  put(recordId: string, vectors: readonly ArrayLike<number>[]): void {
    this.remove(recordId);
    const insert = this.#database.prepare('INSERT INTO vector(rowid, row) VALUES (?, vec_int8(?))');
    const rows = vectors.map(vector => {
      this.#lastRow += 1n;
      insert.run(this.#lastRow, levels(vector));
      this.#owners.set(this.#lastRow, recordId);
      return this.#lastRow;
    });
    this.#rows.set(recordId, rows);
  }

  remove(recordId: string): void {
    for (const row of this.#rows.get(recordId) ?? []) {
      this.#database.prepare('DELETE FROM vector WHERE rowid = ?').run(row);
      this.#owners.delete(row);
    }
    this.#rows.delete(recordId);
  }

  /** The likeliest vectors, best first; a record may have several of them. */
  nearest(probe: ArrayLike<number>, wanted: number): Nearest[] {
    return this.#database
      .prepare('SELECT rowid, distance FROM vector WHERE row MATCH vec_int8(?) AND k = ? ORDER BY distance')
      .all(levels(probe), wanted)
      .flatMap(({ rowid, distance }) => {
        const recordId = this.#owners.get(BigInt(Number(rowid)));
        return recordId === undefined ? [] : [{ recordId, score: 1 - Number(distance) }];
      });
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

/** Signed bytes, the largest value 127. */
function levels(values: ArrayLike<number>): Int8Array {
  const all = Array.from(values);
  const largest = all.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Int8Array.from(all, value => Math.round((value / largest) * 127));
}
