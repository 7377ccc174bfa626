/** Faces of many records, each compared with every probe: sqlite-vec's exact search, cosine, on signed bytes. */
import { DatabaseSync } from 'node:sqlite';
import * as sqliteVec from 'sqlite-vec';

export interface Nearest {
  readonly row: number;
  /** Cosine, -1..1. */
  readonly score: number;
}

export class FaceVectors implements Disposable {
  readonly #database = new DatabaseSync(':memory:', { allowExtension: true });

  /** @param length values of an embedding, 1..8192 */
  constructor(length: number) {
    sqliteVec.load(this.#database);
    this.#database.exec(`CREATE VIRTUAL TABLE face USING vec0(row int8[${length}] distance_metric=cosine)`);
  }

  put(row: number, embedding: Float32Array): void {
    this.#database
      .prepare('INSERT INTO face(rowid, row) VALUES (?, vec_int8(?))')
      .run(BigInt(row), levels(embedding));
  }

  remove(row: number): void {
    this.#database.prepare('DELETE FROM face WHERE rowid = ?').run(BigInt(row));
  }

  /** Likeliest first. */
  nearest(probe: Float32Array, wanted: number): Nearest[] {
    return this.#database
      .prepare('SELECT rowid, distance FROM face WHERE row MATCH vec_int8(?) AND k = ? ORDER BY distance')
      .all(levels(probe), wanted)
      .map(({ rowid, distance }) => ({ row: Number(rowid), score: 1 - Number(distance) }));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

/** Signed bytes, the largest value 127. */
function levels(values: Float32Array): Int8Array {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Int8Array.from(values, value => Math.round((value / largest) * 127));
}
