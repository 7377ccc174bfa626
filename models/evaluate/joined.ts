/** Comparisons of faces and of fingers joined into comparisons of persons that do not exist: what ways to decide are worth. */
import { type FmrPoint, thresholdAt } from '../card.ts';
import { fuseFingers } from '../finger/fuse.ts';
import type { LlrMapping } from '../llr.ts';
import type { HeldOut } from './calibration.ts';
import { cllr, cllrOf, fitLlr } from './logistic.ts';
import { randomFrom } from './padding.ts';
import { type Interval, wilson } from './rates.ts';

/** So many fingers of a person as one score: Cllr in bits of two ways, on sets that neither was fitted on. */
export interface FusedFingers {
  readonly fingers: number;
  /** The mapping of one finger, summed. */
  readonly sum: number;
  /** One mapping of the score that Fisher's method gives, for any number of fingers. */
  readonly fused: number;
}

interface Share extends Interval {
  readonly value: number;
}

/** Ways to decide about a person at one false match rate. */
export interface JoinedRates {
  readonly fmrAsked: number;
  readonly fingers: number;
  readonly genuine: number;
  readonly impostor: number;
  /** With 95 % intervals after Wilson, for which comparisons of one subject count as independent. */
  readonly ways: readonly { readonly way: Way; readonly fnmr: Share; readonly fmr: Share }[];
}

/**
 * `face` and `fingers` alone; `both` match; `llr`, the sum reaches -log10 of the rate; `one_and_llr`: one of them matches, neither
 * speaks against, and the sum reaches it, which is what is asked where the other sample is poor.
 */
type Way = 'face' | 'fingers' | 'both' | 'llr' | 'one_and_llr';

const NUMBERS = [1, 2, 4];
const PROFILES = [1e-4, 5e-4];
const SEED = 4;

interface Person<Finger> {
  readonly genuine: boolean;
  readonly fingers: readonly Finger[];
}

/** Each comparison in one person at most; the fingers of a person are of one set. */
function personsOf<Finger extends HeldOut>(pairs: readonly Finger[], fingers: number): Person<Finger>[] {
  const kinds = [...Map.groupBy(pairs, ({ set, genuine }) => `${genuine} ${set}`).values()];
  return kinds.flatMap(kind => {
    const mixed = shuffled(kind);
    return Array.from({ length: Math.floor(kind.length / fingers) }, (_, at) => ({
      genuine: kind[0]!.genuine,
      fingers: mixed.slice(at * fingers, (at + 1) * fingers),
    }));
  });
}

/** The same order at every run. Fisher and Yates, as Durstenfeld (1964) has it. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  const [mixed, random] = [[...items], randomFrom(SEED)];
  for (let last = mixed.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [mixed[last], mixed[other]] = [mixed[other]!, mixed[last]!];
  }
  return mixed;
}

const sumOf = ({ fingers }: Person<HeldOut>): number => fingers.reduce((sum, { llr }) => sum + llr, 0);
const fusedOf = ({ fingers }: Person<HeldOut>, table: readonly FmrPoint[]): number =>
  fuseFingers(
    fingers.map(({ score }) => [score]),
    table,
  )!.score;

/** Mean over the sets that are measured apart from the others. */
export function fusedFingers(
  pairs: readonly HeldOut[],
  table: readonly FmrPoint[],
  foldOf: (set: string) => string,
): FusedFingers[] {
  const judged = (some: readonly HeldOut[], fingers: number) =>
    personsOf(some, fingers).map(person => ({ genuine: person.genuine, score: fusedOf(person, table) }));
  const folds = [...Map.groupBy(pairs, ({ set }) => foldOf(set))].map(([fold, own]) => {
    const others = pairs.filter(({ set }) => foldOf(set) !== fold);
    const mapping: LlrMapping = fitLlr(NUMBERS.flatMap(fingers => judged(others, fingers)));
    return { own, mapping };
  });
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return NUMBERS.map(fingers => ({
    fingers,
    sum: mean(
      folds.map(({ own }) =>
        cllr(personsOf(own, fingers).map(person => ({ genuine: person.genuine, llr: sumOf(person) }))),
      ),
    ),
    fused: mean(folds.map(({ own, mapping }) => cllrOf(judged(own, fingers), mapping))),
  }));
}

/** A face and one or two fingers a person, at the two rates that policy asks for. */
export function joinedRates(
  faces: readonly HeldOut[],
  fingers: readonly HeldOut[],
  tables: { readonly face: readonly FmrPoint[]; readonly finger: readonly FmrPoint[] },
): JoinedRates[] {
  return PROFILES.flatMap(fmr =>
    [1, 2].map(count => {
      const faceThreshold = thresholdAt(tables.face, fmr);
      const asked = -Math.log10(fmr);
      const verdicts = (genuine: boolean) => {
        const [own, persons] = [
          shuffled(faces.filter(face => face.genuine === genuine)),
          shuffled(personsOf(fingers, count).filter(person => person.genuine === genuine)),
        ];
        return persons.slice(0, own.length).map((person, at): Record<Way, boolean> => {
          const of = own[at]!;
          const [face, finger] = [of.score >= faceThreshold, fusedOf(person, tables.finger) >= asked];
          const llr = of.llr + sumOf(person) >= asked;
          const neitherAgainst = of.llr > 0 && sumOf(person) > 0;
          return {
            ...{ face, fingers: finger, both: face && finger, llr },
            one_and_llr: (face || finger) && neitherAgainst && llr,
          };
        });
      };
      const [genuine, impostor] = [verdicts(true), verdicts(false)];
      const share = (count: number, of: number): Share => ({ value: count / of, ...wilson(count, of) });
      const ways = (['face', 'fingers', 'both', 'llr', 'one_and_llr'] as const).map(way => ({
        way,
        fnmr: share(genuine.filter(verdict => !verdict[way]).length, genuine.length),
        fmr: share(impostor.filter(verdict => verdict[way]).length, impostor.length),
      }));
      return { fmrAsked: fmr, fingers: count, genuine: genuine.length, impostor: impostor.length, ways };
    }),
  );
}
