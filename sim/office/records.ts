/** The records of an office with their templates: who a probe may be of. */
import type { ImmigrationRecord } from '../registry/records.ts';
import { FaceVectors } from './vectors.ts';

/** One record as a record server holds it; its templates are of the kiosks' own models. */
export interface OfficeRecord {
  readonly recordId: string;
  readonly person: ImmigrationRecord['person'];
  readonly travelDocumentNumber: string;
  readonly residenceCardNumber: string | null;
  readonly faces: readonly Float32Array[];
  readonly fingers: readonly { readonly position: string; readonly template: Uint8Array }[];
  /** JPEG for an officer's eyes. */
  readonly portrait: Uint8Array | null;
}

export interface OfficeCandidate {
  readonly record: OfficeRecord;
  readonly score: number;
}

/** Portraits beyond the first of a record are other rows; so many more are asked for than records are wanted. */
const ROWS_A_RECORD = 4;

export class OfficeRecords implements Disposable {
  readonly #records = new Map<string, { readonly record: OfficeRecord; readonly rows: readonly number[] }>();
  readonly #ofRow = new Map<number, OfficeRecord>();
  #vectors: FaceVectors | null = null;
  #lastRow = 0;

  get size(): number {
    return this.#records.size;
  }

  /** Adds a record, or replaces the one with the same id. */
  put(record: OfficeRecord): void {
    this.remove(record.recordId);
    const rows = record.faces.map(embedding => {
      this.#lastRow += 1;
      this.#vectors ??= new FaceVectors(embedding.length);
      this.#vectors.put(this.#lastRow, embedding);
      this.#ofRow.set(this.#lastRow, record);
      return this.#lastRow;
    });
    this.#records.set(record.recordId, { record, rows });
  }

  remove(recordId: string): void {
    for (const row of this.#records.get(recordId)?.rows ?? []) {
      this.#vectors?.remove(row);
      this.#ofRow.delete(row);
    }
    this.#records.delete(recordId);
  }

  /** Likeliest first, each record once. */
  likeliest(face: Float32Array, wanted: number): OfficeCandidate[] {
    const found = new Map<string, OfficeCandidate>();
    for (const { row, score } of this.#vectors?.nearest(face, wanted * ROWS_A_RECORD) ?? []) {
      const record = this.#ofRow.get(row);
      if (record && !found.has(record.recordId)) found.set(record.recordId, { record, score });
    }
    return [...found.values()].slice(0, wanted);
  }

  [Symbol.dispose](): void {
    this.#vectors?.[Symbol.dispose]();
  }
}
