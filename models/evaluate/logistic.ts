/** Fits and judges mappings of scores to log-likelihood ratios. Ratios are in decades, costs in bits. */
import { type LlrMapping, llrOf } from '../llr.ts';

interface Judged {
  readonly score: number;
  readonly genuine: boolean;
}

const STEPS = 100;
/** Keeps sets finite that are told apart without error; in units of the weights, which sum up to 2. */
const RIDGE = 1e-6;
/** No occurrence in n trials leaves a rate of 3/n at 95 % (rule of three). */
const RULE_OF_THREE = 3;

/**
 * Linear logistic regression at even prior: both kinds weigh the same, however many there are of each.
 * @throws RangeError without both kinds, or where a higher score speaks for somebody else
 */
export function fitLlr(pairs: readonly Judged[]): LlrMapping {
  const genuine = pairs.filter(pair => pair.genuine).length;
  const impostor = pairs.length - genuine;
  if (genuine === 0 || impostor === 0) throw new RangeError('a fit needs genuine and impostor comparisons');
  // Newton's method on natural logarithms; a step is cut so that it cannot run away where the kinds do not overlap.
  let [offset, slope] = [0, 0];
  for (let step = 0; step < STEPS; step++) {
    let [g0, g1] = [-RIDGE * offset, -RIDGE * slope];
    let [h00, h01, h11] = [RIDGE, 0, RIDGE];
    for (const { score, genuine: same } of pairs) {
      const weight = same ? 1 / genuine : 1 / impostor;
      const share = 1 / (1 + Math.exp(-(offset + slope * score)));
      const error = weight * (Number(same) - share);
      const curve = weight * share * (1 - share);
      g0 += error;
      g1 += error * score;
      h00 += curve;
      h01 += curve * score;
      h11 += curve * score * score;
    }
    const determinant = h00 * h11 - h01 * h01;
    const [d0, d1] = [(h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant];
    const cut = Math.min(1, 10 / Math.hypot(d0, d1));
    offset += cut * d0;
    slope += cut * d1;
    if (Math.hypot(d0, d1) < 1e-9) break;
  }
  if (!(slope > 0)) throw new RangeError('a higher score speaks for somebody else: no mapping');
  return {
    offset: offset / Math.LN10,
    slope: slope / Math.LN10,
    lowest: -Math.log10(Math.max(RULE_OF_THREE, genuine) / RULE_OF_THREE),
    highest: Math.log10(Math.max(RULE_OF_THREE, impostor) / RULE_OF_THREE),
  };
}

/**
 * Cost of log-likelihood ratios, Cllr in bits (Brümmer and du Preez 2006): 0 is perfect, 1 says nothing, more misleads.
 * @param llrs in decades
 */
export function cllr(llrs: readonly { readonly llr: number; readonly genuine: boolean }[]): number {
  const cost = (genuine: boolean): number => {
    const own = llrs.filter(one => one.genuine === genuine);
    const sign = genuine ? -1 : 1;
    return own.reduce((sum, { llr }) => sum + Math.log2(1 + 10 ** (sign * llr)), 0) / own.length;
  };
  return (cost(true) + cost(false)) / 2;
}

/** Cllr of these scores under a mapping. */
export const cllrOf = (pairs: readonly Judged[], mapping: LlrMapping): number =>
  cllr(pairs.map(({ score, genuine }) => ({ llr: llrOf(mapping, score), genuine })));

/** The least Cllr that any rising mapping of these very scores has: pool adjacent violators. What is above it is calibration loss. */
export function leastCllr(pairs: readonly Judged[]): number {
  const genuine = pairs.filter(pair => pair.genuine).length;
  const impostor = pairs.length - genuine;
  const pools: { same: number; other: number }[] = [];
  const share = ({ same, other }: { same: number; other: number }) =>
    same / genuine / (same / genuine + other / impostor);
  for (const [, tied] of [...Map.groupBy(pairs, ({ score }) => score)].sort(([a], [b]) => a - b)) {
    const same = tied.filter(pair => pair.genuine).length;
    let pool = { same, other: tied.length - same };
    for (let last = pools.at(-1); last && share(last) >= share(pool); last = pools.at(-1)) {
      pool = { same: pool.same + last.same, other: pool.other + last.other };
      pools.pop();
    }
    pools.push(pool);
  }
  const bits = (count: number, of: number, likely: number) =>
    count === 0 ? 0 : (-count / of) * Math.log2(likely);
  return pools.reduce(
    (sum, pool) =>
      sum + (bits(pool.same, genuine, share(pool)) + bits(pool.other, impostor, 1 - share(pool))) / 2,
    0,
  );
}
