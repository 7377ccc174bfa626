/** The likeliest of the kept records for face and fingers together. */
import {
  evidenceOf,
  type FaceGallery,
  type FingerGallery,
  type FmrPoint,
  ModelError,
} from '../../models/index.ts';
import type { Modality } from '../contract/common.ts';
import type { Found, Probe } from './known.ts';

/** What can be searched; a gallery that is not asked for, or not filled yet, is null. */
export interface Galleries {
  readonly faces: Pick<FaceGallery, 'search'> | null;
  readonly fingers: Pick<FingerGallery, 'search'> | null;
  /** Of the embedding's card. */
  readonly faceTable: readonly FmrPoint[];
}

export interface Likeliest extends Omit<Found, 'records'> {
  /** Best first. */
  readonly rows: readonly number[];
}

/** Records that a face brings before the fingers beside those that are wanted: every print of theirs is compared. */
const FACES = 20;
/** Fingers that are searched with, the best: a search takes as long as it has fingers, and 1:1 compares all of them later. */
const FINGERS = 4;
/** When each is given up, in milliseconds from the start of both: what the other found is still of use to the visit then. */
const FACE_LIMIT_MS = 2_000;
const FINGER_LIMIT_MS = 4_000;

/**
 * Those that either brings forward, each judged by both: evidence is decades of false match rate. A face that is covered, or
 * has aged, brings nobody forward, and the fingers alone do; so does either where the other fails or is too slow.
 * @returns null where neither could be searched
 * @throws the signal's reason
 */
export async function likeliest(
  { faces, fingers, faceTable }: Galleries,
  { face, fingers: prints }: Probe,
  wanted: number,
  signal: AbortSignal,
): Promise<Likeliest | null> {
  const [faceLimit, fingerLimit] = [FACE_LIMIT_MS, FINGER_LIMIT_MS].map(limitMs =>
    AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
  ) as [AbortSignal, AbortSignal];
  const count = Math.max(wanted, FACES);
  const evidence = new Map<number, number>();
  const byFace =
    faces && face.length > 0
      ? await inTime(faces.search([face], count, { signal: faceLimit }), faceLimit)
      : null;
  signal.throwIfAborted();
  for (const { id, score } of byFace?.candidates[0] ?? []) evidence.set(id, evidenceOf(faceTable, score));

  const templates = prints.slice(0, FINGERS).map(({ template }) => template);
  const limits = { signal: fingerLimit, among: Uint32Array.from(evidence.keys()) };
  const byFinger =
    fingers && templates.length > 0
      ? await inTime(fingers.search(templates, count, limits), fingerLimit)
      : null;
  signal.throwIfAborted();
  for (const { id, evidence: decades } of byFinger?.candidates ?? [])
    evidence.set(id, (evidence.get(id) ?? 0) + decades);

  const modalities: Modality[] = [
    ...(byFace ? ['face' as const] : []),
    ...(byFinger ? ['finger' as const] : []),
  ];
  if (modalities.length === 0) return null;
  const rows = [...evidence]
    .sort(([a, one], [b, other]) => other - one || a - b)
    .slice(0, wanted)
    .map(([id]) => id);
  return { size: Math.max(byFace?.size ?? 0, byFinger?.size ?? 0), modalities, rows };
}

/** Null where a gallery is busy, being filled, dead, or later than its limit. */
async function inTime<T>(searching: Promise<T>, limit: AbortSignal): Promise<T | null> {
  try {
    return await searching;
  } catch (error) {
    if (limit.aborted || error instanceof ModelError) return null;
    throw error;
  }
}
