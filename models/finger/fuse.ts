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
 * Fuses the fingers of one person by Fisher's method.
 *
 * Per finger the best of its references counts, and p is what the best of so many unrelated ones would reach. It takes
 * scores of different fingers of unrelated persons for independent; fingers that are missing take no part.
 * @returns undefined when no finger can be compared: unknown is not 0
 */
export function fuseFingers(
  fingers: readonly FingerScores[],
  table: readonly FmrPoint[],
): FusedScore | undefined {
  const compared = fingers.filter(scores => scores.length > 0);
  if (compared.length === 0) return undefined;
  const fmr = jointRate(compared.map(scores => anyOf(fmrOf(table, Math.max(...scores)), scores.length)));
  return { score: Math.max(0, -Math.log10(fmr)), fmr, fingers: compared.length };
}
