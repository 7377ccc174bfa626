/** False match rates of several comparisons as one. */

/** Chance that at least one of so many independent comparisons is a false match (Sidak), exact also for tiny rates. */
export const anyOf = (rate: number, comparisons: number): number =>
  rate >= 1 ? 1 : -Math.expm1(comparisons * Math.log1p(-rate));

/**
 * How often somebody else would do as well in all of these together, by Fisher's method: -2 sum ln p has a chi-square
 * distribution with two degrees of freedom a comparison when nothing is common to the two persons.
 * @param rates false match rates of independent comparisons, 0..1; none: nothing speaks against somebody else
 */
export function jointRate(rates: readonly number[]): number {
  const half = rates.reduce((sum, rate) => sum - Math.log(rate), 0);
  return half === Infinity ? 0 : chiSquareTail(half, rates.length);
}

/** P(chi-square with 2n degrees of freedom >= 2 half) = e^-half sum over k < n of half^k / k!. */
function chiSquareTail(half: number, n: number): number {
  let [term, sum] = [1, 1];
  for (let k = 1; k < n; k++) {
    term *= half / k;
    sum += term;
  }
  return Math.min(1, Math.exp(-half) * sum);
}
