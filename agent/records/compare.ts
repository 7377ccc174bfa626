/** 1:1 comparison of a visit's samples with the references of the claimed record. */
import {
  type FaceService,
  type FingerService,
  type FmrPoint,
  fuseFingers,
  thresholdAt,
} from '../../models/index.ts';
import type { Decision } from '../contract/packet.ts';
import { steadily } from '../pipeline/steady.ts';
import type { Captured, Lookup, References, TakenFace, TakenFinger } from '../session/visit.ts';
import { type Compared, type Comparison, decide } from './decide.ts';

export interface Comparer {
  readonly finger: FingerService;
  readonly face: FaceService;
  /** FMR tables of the model cards. */
  readonly fingerTable: readonly FmrPoint[];
  readonly faceTable: readonly FmrPoint[];
  /** False match rate asked of each modality, 0..1. */
  readonly fmr: number;
  /** Quality below which a sample that does not match says nothing, 0..100. */
  readonly usableFingerQuality: number;
  readonly usableFaceQuality: number;
  readonly models: Decision['models'];
}

const NO_REFERENCES: References = { faces: [], fingers: [] };
const NOT_COMPARED: Compared = { kind: 'not_compared' };

/**
 * Compares and decides.
 * @throws ModelError when the models fail for good; the abort reason
 */
export async function compareVisit(
  comparer: Comparer,
  visit: Captured,
  lookup: Lookup,
  signal: AbortSignal,
): Promise<Decision> {
  const references = lookup.state === 'found' ? lookup.references.reveal() : NO_REFERENCES;
  const face = await compareFace(comparer, visit.face, references.faces, signal);
  const { finger, fingers } = await compareFingers(comparer, visit.fingers, references.fingers, signal);
  const comparison: Comparison = { face, finger, fingers };
  return decide(lookup.state, comparison, comparer.models, visit.face.pad);
}

async function compareFace(
  comparer: Comparer,
  taken: TakenFace,
  references: References['faces'],
  signal: AbortSignal,
): Promise<Compared> {
  const scores: number[] = [];
  for (const reference of references) {
    const frames: number[] = [];
    for (const embedding of taken.sample.reveal().embeddings) {
      frames.push(await steadily(() => comparer.face.compare(embedding, reference, { signal }), signal));
    }
    // The mean of the frames is one comparison: it raises genuine scores without giving an impostor several tries.
    scores.push(frames.reduce((sum, score) => sum + score, 0) / frames.length);
  }
  if (scores.length === 0) return NOT_COMPARED;
  // Several portraits are several tries for an impostor: each gets its share of the rate asked for.
  const threshold = strictThreshold(comparer.faceTable, comparer.fmr / scores.length);
  const usable = taken.quality.score >= comparer.usableFaceQuality;
  return { kind: 'scored', score: Math.max(...scores), threshold, fmr: comparer.fmr, usable };
}

async function compareFingers(
  comparer: Comparer,
  taken: readonly TakenFinger[],
  references: References['fingers'],
  signal: AbortSignal,
): Promise<{ finger: Compared; fingers: Decision['fingers'] }> {
  const perFinger: { taken: TakenFinger; scores: readonly number[] }[] = [];
  for (const finger of taken) {
    const templates = references
      .filter(({ position }) => position === finger.position)
      .map(({ template }) => template);
    if (templates.length === 0) continue;
    const probe = finger.sample.reveal().template;
    const scores = await steadily(() => comparer.finger.match(probe, templates, { signal }), signal);
    perFinger.push({ taken: finger, scores });
  }
  const fused = fuseFingers(
    perFinger.map(({ scores }) => scores),
    comparer.fingerTable,
  );
  const fingers = perFinger.map(({ taken: { position }, scores }) => ({
    position,
    score: Math.max(...scores),
  }));
  if (!fused) return { finger: NOT_COMPARED, fingers };
  const usable = perFinger.some(({ taken: { quality } }) => quality.score >= comparer.usableFingerQuality);
  // The fused score is -log10 of its false match rate, so the threshold follows from the rate alone.
  const threshold = -Math.log10(comparer.fmr);
  return { finger: { kind: 'scored', score: fused.score, threshold, fmr: comparer.fmr, usable }, fingers };
}

/** The measured threshold for a rate; that of the strictest measured rate where the card has nothing stricter. */
function strictThreshold(table: readonly FmrPoint[], fmr: number): number {
  const strictest = Math.min(...table.map(point => point.fmr));
  return thresholdAt(table, Math.max(fmr, strictest));
}
