/** 1:1 comparison of a visit's samples with the references of the claimed record. */
import { type FaceService, type FmrPoint, type LlrMapping, llrOf, thresholdAt } from '../../models/index.ts';
import type { Decision } from '../contract/packet.ts';
import { steadily } from '../pipeline/steady.ts';
import type { Captured, Lookup, References, TakenFace } from '../session/visit.ts';
import { compareFingers, type FingerComparer } from './compare-fingers.ts';
import { type Compared, type Comparison, decide } from './decide.ts';

/** Its `fmr` is asked of each modality. */
export interface Comparer extends FingerComparer {
  readonly face: FaceService;
  /** FMR table of the model card. */
  readonly faceTable: readonly FmrPoint[];
  /** Of a card that has one: an operator's embedding may have none. */
  readonly faceLlr: LlrMapping | undefined;
  /** Quality below which a face that does not match says nothing, 0..100. */
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

/** The measured threshold for a rate; that of the strictest measured rate where the card has nothing stricter. */
function strictThreshold(table: readonly FmrPoint[], fmr: number): number {
  const strictest = Math.min(...table.map(point => point.fmr));
  return thresholdAt(table, Math.max(fmr, strictest));
}
