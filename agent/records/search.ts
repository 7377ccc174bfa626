/** The likeliest of the kept records for face and fingers together. */
import { evidenceOf, type FaceGallery, type FingerGallery, type FmrPoint } from '../../models/index.ts';
import type { Probe } from './known.ts';

/** What can be searched; a gallery that the configuration does not ask for is null. */
export interface Galleries {
  readonly faces: FaceGallery | null;
  readonly fingers: FingerGallery | null;
  /** Of the embedding's card. */
  readonly faceTable: readonly FmrPoint[];
}

/** Records that a face brings before the fingers beside those that are wanted: every print of theirs is compared. */
const FACES = 20;
/** Fingers that are searched with, the best: a search takes as long as it has fingers, and 1:1 compares all of them later. */
const FINGERS = 4;

/**
 * Those that either brings forward, each judged by both: evidence is decades of false match rate. A face that is covered, or
 * has aged, brings nobody forward, and the fingers alone do.
 * @returns null where there is nothing to search with
 * @throws ModelError as the galleries
 */
export async function likeliest(
  { faces, fingers, faceTable }: Galleries,
  { face, fingers: prints }: Probe,
  wanted: number,
  signal: AbortSignal,
): Promise<{ readonly size: number; readonly rows: readonly number[] } | null> {
  const byFace = face.length > 0 ? await faces?.search([face], Math.max(wanted, FACES), { signal }) : null;
  const evidence = new Map(
    (byFace?.candidates[0] ?? []).map(({ id, score }) => [id, evidenceOf(faceTable, score)]),
  );
  const among = Uint32Array.from(evidence.keys());
  const templates = prints.slice(0, FINGERS).map(({ template }) => template);
  const byFinger =
    templates.length > 0
      ? await fingers?.search(templates, Math.max(wanted, FACES), { signal, among })
      : null;
  if (!byFace && !byFinger) return null;
  for (const { id, evidence: decades } of byFinger?.candidates ?? [])
    evidence.set(id, (evidence.get(id) ?? 0) + decades);
  const rows = [...evidence]
    .sort(([a, one], [b, other]) => other - one || a - b)
    .slice(0, wanted)
    .map(([id]) => id);
  return { size: Math.max(byFace?.size ?? 0, byFinger?.size ?? 0), rows };
}
