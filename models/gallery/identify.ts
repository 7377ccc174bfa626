import type { FmrPoint } from '../card.ts';
import { evidenceOf } from '../finger/evidence.ts';
import type { LocalFingerGallery } from './finger-gallery.ts';
import type { LocalGallery } from './gallery.ts';
import type { FaceCandidate } from './types.ts';

/** Records that a face brings before the fingers, the likeliest. */
const FACES = 100;

/** A person as they stand before the kiosk: a face, fingers, or both. */
export interface Traits {
  readonly face?: Float32Array | undefined;
  /** A template a finger. */
  readonly fingers: readonly Uint8Array[];
}

export interface Identified {
  readonly id: number;
  /** Decades of face and fingers together; see `evidenceOf`. */
  readonly evidence: number;
  readonly face: number;
  readonly fingers: number;
}

/**
 * The likeliest records for face and fingers together: those that either of them brings forward, each judged by both. A face
 * that is not among the hundred most alike says nothing.
 * @param faceTable of the embedding's card
 * @throws ModelError as the searches
 */
export async function identify(
  { face, fingers }: Traits,
  galleries: { readonly faces: LocalGallery; readonly fingers: LocalFingerGallery },
  faceTable: readonly FmrPoint[],
): Promise<Identified[]> {
  const alike: readonly FaceCandidate[] = face
    ? ((await galleries.faces.search([face], FACES)).candidates[0] ?? [])
    : [];
  const byFace = new Map(alike.map(({ id, score }) => [id, evidenceOf(faceTable, score)]));
  const { candidates } = await galleries.fingers.search(fingers, FACES, Uint32Array.from(byFace.keys()));
  const byFinger = new Map(candidates.map(({ id, evidence }) => [id, evidence]));
  return [...new Set([...byFace.keys(), ...byFinger.keys()])]
    .map(id => {
      const [ofFace, ofFingers] = [byFace.get(id) ?? 0, byFinger.get(id) ?? 0];
      return { id, evidence: ofFace + ofFingers, face: ofFace, fingers: ofFingers };
    })
    .sort((a, b) => b.evidence - a.evidence || a.id - b.id);
}
