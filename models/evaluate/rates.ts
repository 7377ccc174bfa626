/**
 * Error rates of a biometric comparison after ISO/IEC 19795-1 and the FVC protocol (Maio et al., FVC2000, IEEE TPAMI
 * 24(3), 2002): FMR(t) is the share of impostor scores >= t, FNMR(t) the share of genuine scores < t.
 */

/** One comparison whose truth is known. */
export interface ScoredPair {
  readonly score: number;
  readonly genuine: boolean;
  /** Whose finger each side is: the unit that is drawn anew for intervals, since its comparisons are not independent. */
  readonly subjectA: string;
  readonly subjectB: string;
}

/** Shares, 0..1. */
export interface Rates {
  readonly eer: number;
  /** Lowest FNMR at an FMR of at most 1 %. */
  readonly fmr100: number;
  /** Lowest FNMR at an FMR of at most 0.1 %. */
  readonly fmr1000: number;
  /** Lowest FNMR at which no impostor matches. */
  readonly zeroFmr: number;
}

/** A 95 % confidence interval, shares 0..1. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Comparisons by rising score with their weights: 1, or how often a draw of subjects has each. */
class Distribution {
  readonly #pairs: readonly ScoredPair[];
  readonly #weights: Float64Array;
  readonly genuineTotal: number;
  readonly impostorTotal: number;

  constructor(sortedPairs: readonly ScoredPair[], weights: Float64Array) {
    this.#pairs = sortedPairs;
    this.#weights = weights;
    let [genuine, impostor] = [0, 0];
    sortedPairs.forEach((pair, at) => {
      if (pair.genuine) genuine += weights[at]!;
      else impostor += weights[at]!;
    });
    this.genuineTotal = genuine;
    this.impostorTotal = impostor;
  }

  get complete(): boolean {
    return this.genuineTotal > 0 && this.impostorTotal > 0;
  }

  /** Each threshold that tells two scores apart, rising, with the rates at it; the last one refuses everybody. */
  *thresholds(): Generator<{ threshold: number; fnmr: number; fmr: number }> {
    let [genuineBelow, impostorBelow] = [0, 0];
    let at = 0;
    while (at < this.#pairs.length) {
      const threshold = this.#pairs[at]!.score;
      yield this.#rates(threshold, genuineBelow, impostorBelow);
      for (; at < this.#pairs.length && this.#pairs[at]!.score === threshold; at++) {
        if (this.#pairs[at]!.genuine) genuineBelow += this.#weights[at]!;
        else impostorBelow += this.#weights[at]!;
      }
    }
    yield this.#rates(Number.POSITIVE_INFINITY, genuineBelow, impostorBelow);
  }

  #rates(threshold: number, genuineBelow: number, impostorBelow: number) {
    const fmr = (this.impostorTotal - impostorBelow) / this.impostorTotal;
    return { threshold, fnmr: genuineBelow / this.genuineTotal, fmr };
  }

  /** By the interval rule of FVC: the mean of the two rates at whichever side of the crossing has the smaller sum. */
  eer(): number {
    let before: { fnmr: number; fmr: number } | undefined;
    for (const rates of this.thresholds()) {
      if (rates.fnmr <= rates.fmr) before = rates;
      if (rates.fnmr < rates.fmr) continue;
      const useBefore = before !== undefined && before.fnmr + before.fmr <= rates.fnmr + rates.fmr;
      const { fnmr, fmr } = useBefore ? before! : rates;
      return (fnmr + fmr) / 2;
    }
    return 1;
  }

  /** Lowest FNMR at an FMR of at most `fmr`: at the threshold just above the first impostor score too many. */
  fnmrAtFmr(fmr: number): number {
    const allowed = fmr * this.impostorTotal + 1e-9;
    let [impostors, genuine] = [0, this.genuineTotal];
    for (let at = this.#pairs.length - 1; at >= 0; ) {
      const { score } = this.#pairs[at]!;
      let [impostorsHere, genuineHere] = [0, 0];
      for (; at >= 0 && this.#pairs[at]!.score === score; at--) {
        if (this.#pairs[at]!.genuine) genuineHere += this.#weights[at]!;
        else impostorsHere += this.#weights[at]!;
      }
      impostors += impostorsHere;
      if (impostors > allowed) return genuine / this.genuineTotal;
      genuine -= genuineHere;
    }
    return 0;
  }

  rates(): Rates {
    return {
      eer: this.eer(),
      fmr100: this.fnmrAtFmr(0.01),
      fmr1000: this.fnmrAtFmr(0.001),
      zeroFmr: this.fnmrAtFmr(0),
    };
  }
}

const byScore = (pairs: readonly ScoredPair[]): ScoredPair[] => [...pairs].sort((a, b) => a.score - b.score);
const evenly = (pairs: readonly ScoredPair[]): Float64Array => new Float64Array(pairs.length).fill(1);

/** The rates of a set of comparisons; undefined without both genuine and impostor ones. */
export function ratesOf(pairs: readonly ScoredPair[]): Rates | undefined {
  const distribution = new Distribution(byScore(pairs), evenly(pairs));
  return distribution.complete ? distribution.rates() : undefined;
}

/** Points of the detection error trade-off, from the loosest threshold to the strictest. */
export const detCurve = (
  pairs: readonly ScoredPair[],
): { threshold: number; fnmr: number; fmr: number }[] => [
  ...new Distribution(byScore(pairs), evenly(pairs)).thresholds(),
];

/** How often the subjects are drawn anew: enough for a 95 % interval to one digit. */
const DRAWS = 400;

/**
 * 95 % intervals by the bootstrap over subjects: draws as many subjects as there are, with replacement, and weighs each
 * comparison with how often its subjects came up. Seeded, so that the same scores give the same intervals.
 */
export function intervalsOf(
  pairs: readonly ScoredPair[],
  draws = DRAWS,
): Record<keyof Rates, Interval> | undefined {
  const sorted = byScore(pairs);
  const indexes = new Map<string, number>();
  const indexOf = (subject: string): number => {
    const known = indexes.get(subject);
    if (known !== undefined) return known;
    indexes.set(subject, indexes.size);
    return indexes.size - 1;
  };
  const a = sorted.map(pair => indexOf(pair.subjectA));
  const b = sorted.map(pair => indexOf(pair.subjectB));
  const random = mulberry32(1);
  const drawn: Rates[] = [];
  const times = new Uint16Array(indexes.size);
  const weights = new Float64Array(sorted.length);
  for (let draw = 0; draw < draws; draw++) {
    times.fill(0);
    for (let k = 0; k < times.length; k++) times[Math.floor(random() * times.length)]!++;
    for (let at = 0; at < sorted.length; at++) {
      const first = times[a[at]!]!;
      weights[at] = a[at] === b[at] ? first : first * times[b[at]!]!;
    }
    const distribution = new Distribution(sorted, weights);
    if (distribution.complete) drawn.push(distribution.rates());
  }
  if (drawn.length === 0) return undefined;
  const interval = (rate: keyof Rates): Interval => {
    const values = drawn.map(rates => rates[rate]).sort((x, y) => x - y);
    const quantile = (share: number): number => values[Math.round(share * (values.length - 1))]!;
    return { low: quantile(0.025), high: quantile(0.975) };
  };
  return {
    eer: interval('eer'),
    fmr100: interval('fmr100'),
    fmr1000: interval('fmr1000'),
    zeroFmr: interval('zeroFmr'),
  };
}

/** Normal quantile of a two-sided 95 % interval. */
const Z95 = 1.959964;

/** Wilson's 95 % interval of a share (Wilson 1927); sound for none and for few. */
export function wilson(events: number, trials: number): Interval {
  if (trials === 0) return { low: 0, high: 1 };
  const share = events / trials;
  const z2 = Z95 ** 2;
  const centre = (share + z2 / (2 * trials)) / (1 + z2 / trials);
  const half = (Z95 * Math.sqrt((share * (1 - share)) / trials + z2 / (4 * trials ** 2))) / (1 + z2 / trials);
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** A small seeded generator, 0..1 (Tommy Ettinger, public domain). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
