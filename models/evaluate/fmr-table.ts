import type { FmrPoint } from '../card.ts';
import type { ScoredPair } from './rates.ts';
import { resampleSubjects } from './subjects.ts';

/** The rates of a matching card's table, the strictest first. */
const FMRS = [2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2];
const DRAWS = 400;
/** Thresholds are written with so many decimals, rounded up. */
const DECIMALS = 4;

/**
 * The thresholds at which impostors match no oftener than at each rate, as a matching card has them; the last point is every
 * score above 0. Rates that a single false match would exceed stand at the threshold that lets none through.
 * @returns `fmrUpper95`: upper end of the 95 % bootstrap interval over subjects, at least three over the number of comparisons
 */
export function fmrTableOf(impostors: readonly ScoredPair[]): FmrPoint[] {
  const falling = impostors.map(({ score }) => score).sort((a, b) => b - a);
  const matchedShare = falling.filter(score => score > 0).length / falling.length;
  const points = [
    ...FMRS.filter(fmr => fmr < matchedShare).map(fmr => ({ fmr, threshold: thresholdOf(falling, fmr) })),
    { fmr: matchedShare, threshold: 10 ** -DECIMALS },
  ];
  const draws = resampleSubjects(impostors, DRAWS).filter(drawn => drawn.length > 0);
  return points.map(point => {
    const shares = draws
      .map(rising => 1 - (rising.findLastIndex(({ score }) => score < point.threshold) + 1) / rising.length)
      .sort((a, b) => a - b);
    const upper = shares[Math.round(0.975 * (shares.length - 1))] ?? 1;
    return { ...point, fmrUpper95: Math.max(upper, 3 / falling.length) };
  });
}

/** Just above the first score that would be one false match too many. */
function thresholdOf(falling: readonly number[], fmr: number): number {
  const firstTooMany = falling[Math.floor(fmr * falling.length + 1e-9)]!;
  return (Math.floor(firstTooMany * 10 ** DECIMALS) + 1) / 10 ** DECIMALS;
}
