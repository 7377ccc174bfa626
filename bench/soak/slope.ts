/** How something changes over time, told so that single jumps count for little. */

export interface Point {
  readonly atSeconds: number;
  readonly value: number;
}

export interface Slope {
  /** Value an hour. */
  readonly perHour: number;
  /** 95 % interval of the same: what the line could also be, given how the points lie. */
  readonly low: number;
  readonly high: number;
}

const SECONDS_PER_HOUR = 3600;
/** Two-sided 95 % quantile of the normal distribution. */
const Z = 1.96;

/**
 * The Theil-Sen line: the median of the slopes between all pairs of points, with Sen's interval from the variance of
 * Kendall's statistic (Sen, "Estimates of the regression coefficient based on Kendall's tau", JASA 63, 1968).
 * @throws RangeError with fewer than three points
 */
export function slopeOf(points: readonly Point[]): Slope {
  const n = points.length;
  if (n < 3) throw new RangeError('a slope needs three points');
  const slopes = points
    .flatMap((a, index) =>
      points.slice(index + 1).map(b => (b.value - a.value) / (b.atSeconds - a.atSeconds)),
    )
    .sort((a, b) => a - b);
  const at = (rank: number) =>
    (slopes[Math.min(slopes.length - 1, Math.max(0, Math.round(rank)))] ?? Number.NaN) * SECONDS_PER_HOUR;
  const spread = Z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  return {
    perHour: at((slopes.length - 1) / 2),
    low: at((slopes.length - spread) / 2),
    high: at((slopes.length + spread) / 2),
  };
}
