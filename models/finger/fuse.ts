import type { FmrPoint } from '../card.ts';
import { anyOf, jointRate } from '../rates.ts';

/** One finger of a person: the probe's score against each reference impression of that finger; empty when missing. */
export type FingerScores = readonly number[];

/** Several fingers as one comparison. */
export interface FusedScore {
  /** -log10 of `fmr`: 4 is one false match in ten thousand. Comparable across any number of fingers. */
  readonly score: number;
  /** How often fingers of another person would do as well, 0..1. */
  readonly fmr: number;
  /** Fingers that were there on both sides. */
  readonly fingers: number;
}

/**
 * How often another finger scores this much, read off the card's table: log-linear between its points, 1 below the
 * loosest, and never less than the strictest rate that was measured.
 * @param table of (threshold, FMR), in any order
 */
export function fmrOf(table: readonly FmrPoint[], score: number): number {
  if (Number.isNaN(score)) throw new RangeError('a score that is no number has no FMR');
  const points = [{ threshold: 0, fmr: 1 }, ...table].sort(
    (a, b) => a.threshold - b.threshold || b.fmr - a.fmr,
  );
  const above = points.findIndex(point => point.threshold > score);
  if (above < 0) return points.at(-1)!.fmr;
  const low = points[above - 1];
  const high = points[above]!;
  if (!low) return 1;
  const share = (score - low.threshold) / (high.threshold - low.threshold);
  return low.fmr * (high.fmr / low.fmr) ** share;
}

/**
 * How often the best of so many unrelated references scores as much as the best of these, 0..1.
 * @param scores of one finger against the references of it; at least one
 */
export const fingerRate = (scores: FingerScores, table: readonly FmrPoint[]): number =>
  anyOf(fmrOf(table, Math.max(...scores)), scores.length);

/**
 * Fuses the fingers of one person by Fisher's method, whatever compared each.
 *
 * It takes scores of different fingers of unrelated persons for independent; fingers that are missing take no part.
 * @param rates of {@link fingerRate}, one a finger that was compared
 * @returns undefined when no finger can be compared: unknown is not 0
 */
export function fuseRates(rates: readonly number[]): FusedScore | undefined {
  if (rates.length === 0) return undefined;
  const fmr = jointRate(rates);
  return { score: Math.max(0, -Math.log10(fmr)), fmr, fingers: rates.length };
}

/** {@link fuseRates} of fingers that were all compared by one matcher, whose table it is. */
export const fuseFingers = (
  fingers: readonly FingerScores[],
  table: readonly FmrPoint[],
): FusedScore | undefined =>
  fuseRates(fingers.filter(scores => scores.length > 0).map(scores => fingerRate(scores, table)));
