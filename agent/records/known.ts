/** Where somebody can be searched for: what this kiosk keeps, and the office's record server. */
import type { Modality } from '../contract/common.ts';
import type { Captured } from '../session/visit.ts';
import type { KeptRecord } from './cache/types.ts';

/** What of a visit is searched with. */
export interface Probe {
  /** One embedding for all frames of the portrait's window. */
  readonly face: Float32Array;
  /** A template a finger, the best sample first. */
  readonly fingers: readonly { readonly position: string; readonly template: Uint8Array }[];
}

/** A record that the applicant may be the owner of, ready for the comparison. */
export type FoundRecord = Pick<
  KeptRecord,
  'recordId' | 'person' | 'travelDocumentNumber' | 'residenceCardNumber' | 'references'
>;

export interface Found {
  /** Records that were searched. */
  readonly size: number;
  /** What was searched with; at least one. What is too slow, or not there now, is left out: the other counts all the same. */
  readonly modalities: readonly Modality[];
  /** Likeliest first. */
  readonly records: readonly FoundRecord[];
}

export interface Known {
  readonly place: 'kiosk' | 'office';
  /** False positive identification rate (ISO/IEC 19795-1) asked of a whole search here, 0..1. */
  readonly fpir: number;
  /** Longest a search here may hold a visit up, milliseconds. */
  readonly limitMs: number;
  /** Null when nothing can be searched here now. Rejects with the signal's reason. */
  search(probe: Probe, wanted: number, signal: AbortSignal): Promise<Found | null>;
}

export function probeOf({ face, fingers }: Pick<Captured, 'face' | 'fingers'>): Probe {
  const { embeddings } = face.sample.reveal();
  const mean = new Float32Array(embeddings[0]?.length ?? 0);
  for (const embedding of embeddings)
    for (const [at, value] of embedding.entries()) mean[at]! += value / embeddings.length;
  return {
    face: mean,
    fingers: fingers
      .toSorted((a, b) => b.quality.score - a.quality.score)
      .map(({ position, sample }) => ({ position, template: sample.reveal().template })),
  };
}
