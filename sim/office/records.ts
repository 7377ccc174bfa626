/** The records of an office with their templates: who a probe may be of. */
import type { ImmigrationRecord } from '../registry/records.ts';
import { DESCRIPTOR_LENGTH, descriptorsOf } from './template.ts';
import { type Nearest, Vectors } from './vectors.ts';

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

/** What somebody is searched with. */
export interface OfficeProbe {
  readonly face: Float32Array | null;
  readonly fingers: readonly Uint8Array[];
}

export interface OfficeCandidate {
  readonly record: OfficeRecord;
  /** Cosine of the likeliest portrait; null where the face did not bring it forward. */
  readonly face: number | null;
  /** Sum of cosines of the minutiae nearest to the probe's; null likewise. */
  readonly finger: number | null;
}

/** Vectors asked for beyond the records that are wanted: a record may have several. */
const VECTORS_A_RECORD = 4;
/** Minutiae nearest to each of the probe's that count for their records. */
const NEAREST_MINUTIAE = 10;

export class OfficeRecords implements Disposable {
  readonly #records = new Map<string, OfficeRecord>();
  readonly #minutiae = new Vectors(DESCRIPTOR_LENGTH);
  #faces: Vectors | null = null;

  get size(): number {
    return this.#records.size;
  }

  /** Adds a record, or replaces the one with the same id. */
  put(record: OfficeRecord): void {
    const { recordId, faces, fingers } = record;
    this.remove(recordId);
    this.#records.set(recordId, record);
    this.#minutiae.put(
      recordId,
      fingers.flatMap(({ template }) => descriptorsOf(template)),
    );
    if (faces[0]) this.#faces ??= new Vectors(faces[0].length);
    this.#faces?.put(recordId, faces);
  }

  remove(recordId: string): void {
    this.#records.delete(recordId);
    this.#faces?.remove(recordId);
    this.#minutiae.remove(recordId);
  }

  /** Those whom the face brings forward and those whom the fingers do, in turns, each record once. */
  likeliest({ face, fingers }: OfficeProbe, wanted: number): OfficeCandidate[] {
    const byFace = best((face && this.#faces?.nearest(face, wanted * VECTORS_A_RECORD)) ?? [], Math.max);
    const minutiae = fingers.flatMap(template => descriptorsOf(template));
    const near = minutiae.flatMap(descriptor => this.#minutiae.nearest(descriptor, NEAREST_MINUTIAE));
    const byFinger = best(near, (sum, score) => sum + score);
    const [faces, prints] = [[...byFace.keys()], [...byFinger.keys()]];
    const turns = Array.from({ length: wanted }, (_, at) => [faces[at], prints[at]]).flat();
    return [...new Set(turns)]
      .flatMap(recordId => {
        const record = recordId === undefined ? undefined : this.#records.get(recordId);
        if (!record) return [];
        const { recordId: id } = record;
        return [{ record, face: byFace.get(id) ?? null, finger: byFinger.get(id) ?? null }];
      })
      .slice(0, wanted);
  }

  [Symbol.dispose](): void {
    this.#faces?.[Symbol.dispose]();
    this.#minutiae[Symbol.dispose]();
  }
}

/** Records by what their vectors come to together, likeliest first. */
function best(found: readonly Nearest[], together: (a: number, b: number) => number): Map<string, number> {
  const scores = new Map<string, number>();
  for (const { recordId, score } of found) scores.set(recordId, together(scores.get(recordId) ?? 0, score));
  return new Map([...scores].sort(([, a], [, b]) => b - a));
}
