/** A search at the office's record server: templates go out, candidates with theirs come back, and nobody sees an image. */
import {
  EMBEDDING_MEDIA_TYPE,
  FINGER_TEMPLATE_MEDIA_TYPE,
  type IdentifyAnswer,
} from '../contract/identify.ts';
import type { Decision } from '../contract/packet.ts';
import type { ClearBlob } from '../packet/seal.ts';
import type { References, TakenFinger } from '../session/visit.ts';
import type { Uplink } from '../uplink/uplink.ts';
import type { Found, FoundRecord, Known, Probe } from './known.ts';

export interface RecordServerOptions {
  readonly uplink: Pick<Uplink, 'requestSearch'>;
  /** What makes this kiosk's templates. */
  readonly models: Decision['models'];
  readonly fpir: number;
  readonly limitMs: number;
}

/** Bytes of a value of an embedding. */
const VALUE_BYTES = 4;

/** What does not answer, is not believed, or answers with what cannot be read, is as though it were not there. */
export function recordServer({ uplink, models, fpir, limitMs }: RecordServerOptions): Known {
  return {
    place: 'office',
    fpir,
    limitMs,
    async search(probe, wanted, signal) {
      const { face, fingers, blobs } = described(probe);
      const asked = { face, fingers, models, wanted };
      const reply = await uplink.requestSearch(asked, { blobs, timeoutMs: limitMs }, signal);
      if (reply.kind === 'unavailable' || reply.answer.state !== 'searched') return null;
      return foundIn(reply.answer, reply.blobs, probe.face.length);
    },
  };
}

function described({ face, fingers }: Probe) {
  const faces: ClearBlob[] =
    face.length === 0 ? [] : [{ name: 'face', mediaType: EMBEDDING_MEDIA_TYPE, bytes: embeddingBytes(face) }];
  const named = fingers.map(({ position, template }, index) => ({
    finger: { position: position as TakenFinger['position'], blob: `finger-${index}` },
    blob: { name: `finger-${index}`, mediaType: FINGER_TEMPLATE_MEDIA_TYPE, bytes: template },
  }));
  return {
    face: faces[0]?.name ?? null,
    fingers: named.map(({ finger }) => finger),
    blobs: [...faces, ...named.map(({ blob }) => blob)],
  };
}

function foundIn(
  { searched, modalities, candidates }: IdentifyAnswer,
  blobs: ReadonlyMap<string, Uint8Array>,
  length: number,
): Found | null {
  if (modalities.length === 0) return null;
  const records: FoundRecord[] = [];
  for (const { references: named, portrait, scores: _, ...known } of candidates) {
    const references = referencesOf(named, blobs, length);
    if (!references) return null;
    const picture = portrait === null ? undefined : blobs.get(portrait);
    records.push({ ...known, references: { ...references, ...(picture ? { portrait: picture } : {}) } });
  }
  return { size: searched, modalities, records };
}

type Named = IdentifyAnswer['candidates'][number]['references'];

/** Null where one of them is not there, or no template: an answer that is wrong in part is wrong. */
function referencesOf(
  named: Named,
  blobs: ReadonlyMap<string, Uint8Array>,
  length: number,
): References | null {
  const faces: Float32Array[] = [];
  const fingers: { position: TakenFinger['position']; template: Uint8Array }[] = [];
  for (const { modality, position, blob } of named) {
    const bytes = blobs.get(blob);
    if (!bytes || (modality === 'finger') !== (position !== null)) return null;
    if (position !== null) fingers.push({ position, template: bytes });
    else {
      const embedding = embeddingOf(bytes);
      if (embedding.length !== length || !embedding.every(Number.isFinite)) return null;
      faces.push(embedding);
    }
  }
  return { faces, fingers };
}

/** 32-bit floats, little-endian. */
export function embeddingBytes(values: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * VALUE_BYTES));
  values.forEach((value, at) => {
    view.setFloat32(at * VALUE_BYTES, value, true);
  });
  return new Uint8Array(view.buffer);
}

/** Of a length that is no multiple of a value's, what is over is left out: the length is wrong then. */
function embeddingOf(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: Math.floor(bytes.length / VALUE_BYTES) }, (_, at) =>
    view.getFloat32(at * VALUE_BYTES, true),
  );
}
