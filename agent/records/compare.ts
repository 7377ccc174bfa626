/** 1:1 comparison of a visit's samples with the references of the claimed record. */
import {
  arrangementOf,
  type FaceService,
  type FingerService,
  type FmrPoint,
  fuseFingers,
  type LlrMapping,
  llrOf,
  llrOfFingers,
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
  /** Of the cards that have one: an operator's embedding may have none. */
  readonly fingerLlr: LlrMapping | undefined;
  readonly faceLlr: LlrMapping | undefined;
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
  const comparison = await compareReferences(comparer, visit, references, signal);
  return decide(lookup.state, comparison, comparer.models, visit.face.pad);
}

/** What was taken against what one record holds. Errors as {@link compareVisit}. */
export async function compareReferences(
  comparer: Comparer,
  visit: Pick<Captured, 'face' | 'fingers'>,
  references: References,
  signal: AbortSignal,
): Promise<Comparison> {
  const face = await compareFace(comparer, visit.face, references.faces, signal);
  return { face, ...(await compareFingers(comparer, visit.fingers, references.fingers, signal)) };
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
  const score = Math.max(...scores);
  const llr = comparer.faceLlr ? llrOf(comparer.faceLlr, score, scores.length) : null;
  return { kind: 'scored', score, threshold, fmr: comparer.fmr, usable, llr };
}

async function compareFingers(
  comparer: Comparer,
  taken: readonly TakenFinger[],
  references: References['fingers'],
  signal: AbortSignal,
): Promise<{ finger: Compared; fingers: Decision['fingers'] }> {
  if (references.length === 0) return { finger: NOT_COMPARED, fingers: [] };
  const templates = references.map(({ template }) => template);
  // Every finger meets every reference, so that swapped ones are known for what they are.
  const scores: (readonly number[])[] = [];
  for (const { sample } of taken) {
    const probe = sample.reveal().template;
    scores.push(await steadily(() => comparer.finger.match(probe, templates, { signal }), signal));
  }
  const names = {
    taken: taken.map(({ position }) => position),
    known: references.map(({ position }) => position),
  };
  const strictest = strictThreshold(comparer.fingerTable, 0);
  const { moved } = arrangementOf(names.taken, names.known, scores, strictest);
  const instead = new Map(moved.map(({ from, to }) => [from, to]));
  const own = taken.map(({ position }, row) =>
    scores[row]!.filter((_, column) => names.known[column] === position),
  );
  const fingers = taken.flatMap(({ position }, row): Decision['fingers'] => {
    const score = own[row]!.length > 0 ? Math.max(...own[row]!) : null;
    const matchesInstead = instead.get(position) ?? null;
    return score === null && matchesInstead === null ? [] : [{ position, score, matchesInstead }];
  });
  const fused = fuseFingers(own, comparer.fingerTable);
  if (!fused) return { finger: NOT_COMPARED, fingers };
  const usable = taken.some(
    ({ quality }, row) => own[row]!.length > 0 && quality.score >= comparer.usableFingerQuality,
  );
  // The fused score is -log10 of its false match rate, so the threshold follows from the rate alone.
  const threshold = -Math.log10(comparer.fmr);
  const llr = comparer.fingerLlr ? (llrOfFingers(comparer.fingerLlr, own) ?? null) : null;
  const { score } = fused;
  return { finger: { kind: 'scored', score, threshold, fmr: comparer.fmr, usable, llr }, fingers };
}

/** The measured threshold for a rate; that of the strictest measured rate where the card has nothing stricter. */
function strictThreshold(table: readonly FmrPoint[], fmr: number): number {
  const strictest = Math.min(...table.map(point => point.fmr));
  return thresholdAt(table, Math.max(fmr, strictest));
}
