/** The fingers of a visit with those of a record: by the descriptors of images, or by minutiae alone where the record has no more. */
import {
  arrangementOf,
  type CallOptions,
  evidenceOf,
  type FmrPoint,
  fingerRate,
  fuseRates,
  isMinutiaeRecord,
  type LlrMapping,
  llrOfFingers,
} from '../../models/index.ts';
import type { Decision } from '../contract/packet.ts';
import { steadily } from '../pipeline/steady.ts';
import type { References, TakenFinger } from '../session/visit.ts';
import type { Compared } from './decide.ts';

/** What compares prints of one kind, and what its card has measured. */
export interface FingerMatcher {
  /** Id of its card, as among the models of the decision. */
  readonly model: string;
  readonly table: readonly FmrPoint[];
  /** Absent where the card has no calibration. */
  readonly llr: LlrMapping | undefined;
  match(probe: Uint8Array, references: readonly Uint8Array[], options: CallOptions): Promise<number[]>;
}

export interface FingerComparer {
  /** Of references that were images. */
  readonly byDescriptors: FingerMatcher;
  /** Of references that are minutiae records. */
  readonly byMinutiae: FingerMatcher;
  /** False match rate asked for, 0..1. */
  readonly fmr: number;
  /** Quality below which a print that does not match says nothing, 0..100. */
  readonly usableFingerQuality: number;
}

interface Fingers {
  readonly finger: Compared;
  readonly fingers: Decision['fingers'];
}

/** One finger with its own references, all compared by one matcher; no scores where the record has none of it. */
interface Own {
  readonly matcher: FingerMatcher | undefined;
  readonly scores: readonly number[];
}

/**
 * Every finger meets every reference, so that swapped ones are known for what they are; its own ones decide.
 * @throws ModelError when the models fail for good; the abort reason
 */
export async function compareFingers(
  comparer: FingerComparer,
  taken: readonly TakenFinger[],
  references: References['fingers'],
  signal: AbortSignal,
): Promise<Fingers> {
  const known = worthComparing(references);
  const matchers = known.map(({ template }) =>
    isMinutiaeRecord(template) ? comparer.byMinutiae : comparer.byDescriptors,
  );
  const scores: (readonly number[])[] = [];
  for (const { sample } of taken) {
    const templates = known.map(({ template }) => template);
    scores.push(await scoresOf(sample.reveal().template, templates, matchers, signal));
  }
  const own = taken.map(({ position }, row): Own => {
    const columns = [...known.keys()].filter(column => known[column]!.position === position);
    return { matcher: matchers[columns[0] ?? -1], scores: columns.map(column => scores[row]![column]!) };
  });
  const instead = movedFingers(taken, known, matchers, scores);
  const fingers = taken.flatMap(({ position }, row): Decision['fingers'] => {
    const moved = instead.get(position);
    const matcher = own[row]!.matcher ?? matchers[known.findIndex(one => one.position === moved)];
    const score = own[row]!.matcher ? Math.max(...own[row]!.scores) : null;
    return matcher ? [{ position, score, model: matcher.model, matchesInstead: moved ?? null }] : [];
  });
  return { finger: fused(comparer, taken, own), fingers };
}

/** Minutiae of a finger of which there is an image say nothing that the image does not say better. */
const worthComparing = (references: References['fingers']): References['fingers'] => {
  const pictured = references.filter(({ template }) => !isMinutiaeRecord(template));
  return references.filter(
    one => pictured.includes(one) || pictured.every(({ position }) => position !== one.position),
  );
};

async function scoresOf(
  probe: Uint8Array,
  templates: readonly Uint8Array[],
  matchers: readonly FingerMatcher[],
  signal: AbortSignal,
): Promise<number[]> {
  const scores = new Array<number>(templates.length);
  for (const matcher of new Set(matchers)) {
    const columns = [...templates.keys()].filter(column => matchers[column] === matcher);
    const some = columns.map(column => templates[column]!);
    const found = await steadily(() => matcher.match(probe, some, { signal }), signal);
    columns.forEach((column, at) => {
      scores[column] = found[at]!;
    });
  }
  return scores;
}

/** Fingers that match another one of the record instead of their own, by position. */
function movedFingers(
  taken: readonly TakenFinger[],
  known: References['fingers'],
  matchers: readonly FingerMatcher[],
  scores: readonly (readonly number[])[],
): Map<string, Decision['fingers'][number]['position']> {
  // Scores of two matchers are no scale; how rarely somebody else reaches them is.
  const decades = scores.map(row => row.map((score, column) => evidenceOf(matchers[column]!.table, score)));
  const strictest = Math.max(
    ...matchers.map(({ table }) => -Math.log10(Math.min(...table.map(({ fmr }) => fmr)))),
  );
  const positions = (some: readonly { readonly position: TakenFinger['position'] }[]) =>
    some.map(({ position }) => position);
  const { moved } = arrangementOf(positions(taken), positions(known), decades, strictest);
  return new Map(moved.map(({ from, to }) => [from, to]));
}

function fused(
  { byDescriptors, byMinutiae, fmr, usableFingerQuality }: FingerComparer,
  taken: readonly TakenFinger[],
  own: readonly Own[],
): Compared {
  const found = fuseRates(
    own.flatMap(({ matcher, scores }) => (matcher ? [fingerRate(scores, matcher.table)] : [])),
  );
  if (!found) return { kind: 'not_compared' };
  const usable = taken.some(({ quality }, row) => own[row]!.matcher && quality.score >= usableFingerQuality);
  const llrs = [byDescriptors, byMinutiae].flatMap(matcher => {
    const fingers = own.filter(one => one.matcher === matcher).map(({ scores }) => scores);
    return fingers.length === 0 ? [] : [matcher.llr ? llrOfFingers(matcher.llr, fingers) : undefined];
  });
  const llr = llrs.reduce((sum, one) => (sum === undefined || one === undefined ? undefined : sum + one), 0);
  // The fused score is -log10 of its false match rate, so the threshold follows from the rate alone.
  return { kind: 'scored', score: found.score, threshold: -Math.log10(fmr), fmr, usable, llr: llr ?? null };
}
