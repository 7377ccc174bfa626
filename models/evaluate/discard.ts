/** Error versus discard: what a quality score is worth, after Grother and Tabassi (IEEE TPAMI 29(4), 2007). */

/** A genuine pair with the quality of its poorer image. */
export interface RatedPair {
  readonly score: number;
  /** 0..100 */
  readonly qualityScore: number;
}

export interface DiscardPoint {
  /** Share of the pairs left out, the poorest first, 0..1. */
  readonly discarded: number;
  /** Share of the pairs left that score below the threshold, 0..1. */
  readonly fnmr: number;
  /** With a perfect quality score, which leaves out false non-matches alone. */
  readonly bestFnmr: number;
}

export interface DiscardCurve {
  readonly genuine: number;
  /** Score that `startFnmr` of the pairs miss when none is left out. */
  readonly threshold: number;
  readonly points: readonly DiscardPoint[];
  /**
   * Share of the way from a random score (0) to a perfect one (1), over the first fifth of discards; undefined when
   * nothing can be gained.
   */
  readonly gain: number | undefined;
}

/** FNMR at which the curve begins: high enough that a few hundred pairs hold some false non-matches. */
const START_FNMR = 0.1;
const STEPS = [0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5];
const GAIN_UP_TO = 0.2;

/** The curve of a set of genuine pairs. Pairs of equal quality leave in the order given. */
export function discardCurve(pairs: readonly RatedPair[]): DiscardCurve {
  const genuine = pairs.length;
  const scores = pairs.map(({ score }) => score).sort((a, b) => a - b);
  const threshold = scores[Math.round(START_FNMR * (genuine - 1))] ?? 0;
  const poorestFirst = pairs.toSorted((a, b) => a.qualityScore - b.qualityScore);
  const misses = pairs.filter(({ score }) => score < threshold).length;
  const points = STEPS.map(discarded => {
    const out = Math.round(discarded * genuine);
    const left = genuine - out;
    const missed = poorestFirst.slice(out).filter(({ score }) => score < threshold).length;
    const share = (count: number) => (left > 0 ? count / left : 0);
    return { discarded, fnmr: share(missed), bestFnmr: share(Math.max(0, misses - out)) };
  });
  const start = points[0]?.fnmr ?? 0;
  const early = points.filter(point => point.discarded > 0 && point.discarded <= GAIN_UP_TO);
  const fall = early.reduce((sum, { fnmr }) => sum + start - fnmr, 0);
  const bestFall = early.reduce((sum, { bestFnmr }) => sum + start - bestFnmr, 0);
  return { genuine, threshold, points, gain: bestFall > 0 ? fall / bestFall : undefined };
}
