/** Whether fingers of a person are as independent as their sum takes them for. */
import type { HeldOut } from './calibration.ts';

/** Correlations (Pearson) between fingers that were laid down together; independent ones have none. */
export interface Dependence {
  /** Pairs of visits of one person, each with several fingers. */
  readonly visits: number;
  readonly score: number;
  readonly llr: number;
}

/** Undefined where nobody laid down several fingers together. */
export function dependenceOf(pairs: readonly HeldOut[]): Dependence | undefined {
  const known = Map.groupBy(
    pairs.filter(({ visits }) => visits !== undefined),
    ({ visits }) => visits,
  );
  const several = [...known.values()].filter(({ length }) => length > 1);
  if (several.length === 0) return undefined;
  const between = (value: (pair: HeldOut) => number): number =>
    correlation(
      several.flatMap(fingers =>
        fingers.flatMap(one =>
          fingers.filter(other => other !== one).map((other): [number, number] => [value(one), value(other)]),
        ),
      ),
    );
  return { visits: several.length, score: between(({ score }) => score), llr: between(({ llr }) => llr) };
}

/** Each pair stands in both orders, so that both sides have one mean; values that never differ hang together with nothing. */
function correlation(pairs: readonly [number, number][]): number {
  const mean = pairs.reduce((sum, [a]) => sum + a, 0) / pairs.length;
  const sumOf = (term: (a: number, b: number) => number): number =>
    pairs.reduce((sum, [a, b]) => sum + term(a - mean, b - mean), 0);
  const spread = sumOf(a => a * a);
  return spread > 0 ? sumOf((a, b) => a * b) / spread : 0;
}
