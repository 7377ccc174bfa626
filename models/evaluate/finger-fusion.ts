import type { FmrPoint } from '../card.ts';
import { ModelError } from '../error.ts';
import { fuseFingers } from '../finger/fuse.ts';
import { loadFingerModels } from '../finger/index.ts';
import {
  byMinutiae,
  type Comparison,
  type EvaluateProgress,
  extractAll,
  type ImageSource,
  matchAll,
  namesOf,
  readPairs,
  setOf,
} from './finger-pairs.ts';
import { fmrTableOf } from './fmr-table.ts';
import { type Interval, type ScoredPair, wilson } from './rates.ts';

export interface FingerFusionOptions extends ImageSource, Comparison {
  /** CSV of `a,b,kind`: only the names count, `SET/FINGER_IMPRESSION`; FINGER is `PERSON-FINGER` where persons gave several. */
  readonly pairs: string;
}

/** Records that hold so many impressions of a finger, the best of which counts. */
export interface SeveralReferences {
  readonly references: number;
  readonly genuine: number;
  readonly impostor: number;
  /** FNMR at the observed FMR of 0.05 %, a share. */
  readonly fnmr: Share;
}

/** All the fingers of a person that two captures have in common, fused as a visit's are. */
export interface FusedPersons {
  readonly genuine: number;
  readonly impostor: number;
  /** FNMR where no impostor matches, a share. */
  readonly fnmrAtZeroFmr: Share;
  /** How often impostors matched where the fused score promised a rate. */
  readonly observed: readonly { readonly claimedFmr: number; readonly fmr: number }[];
}

interface Share extends Interval {
  readonly value: number;
}

export interface FingerFusionEvaluation {
  readonly images: number;
  readonly failed: readonly string[];
  readonly severalReferences: readonly SeveralReferences[];
  /** Absent where no person gave several fingers. */
  readonly persons?: FusedPersons;
  /** Over every two prints of different fingers of one set: what the matching card's table is made of. */
  readonly impostorComparisons: number;
  readonly fmrTable: readonly FmrPoint[];
}

const MOST_REFERENCES = 3;
const REFERENCES_FMR = 5e-4;
const CLAIMED_FMRS = [0.1, 0.01, 0.001];

/** One print: `set/person-finger_impression`. */
interface Print {
  readonly name: string;
  readonly set: string;
  readonly person: string;
  readonly finger: string;
  readonly impression: string;
}

function printOf(name: string): Print {
  const [, finger = name, impression = ''] = /^(.*)_([^_/]*)$/.exec(name) ?? [];
  return { name, set: setOf(name), person: finger.replace(/-[^-/]*$/, ''), finger, impression };
}

/**
 * Compares every two prints of a set, and measures what several impressions of a finger on record, and several fingers of a
 * person, are worth together. Works in this process and blocks it.
 * @throws RangeError when a CSV file is not as described; ModelError when the weights do not load
 */
export async function evaluateFingerFusion(
  options: FingerFusionOptions,
  progress: (step: EvaluateProgress) => void = () => {},
): Promise<FingerFusionEvaluation> {
  const models = await loadFingerModels();
  const matchers = options.minutiae ? byMinutiae(models) : models;
  const matching = options.minutiae ? 'finger-minutiae-matching' : 'finger-matching';
  const card = models.cards.find(({ task }) => task === matching);
  if (!card?.fmrTable) throw new ModelError('MODEL_INVALID', 'the matching card has no table of FMR');
  const names = namesOf(await readPairs(options.pairs));
  const { templates } = await extractAll(models, names, options, progress);
  const prints = names.map(printOf).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
  const pairs = [...Map.groupBy(prints, ({ set }) => set).values()].flatMap(everyTwo);
  const compared = pairs.map(([a, b]) => ({ a: a.name, b: b.name, kind: '' }));
  const { scores } = await matchAll(matchers, compared, templates, options.signal, progress);
  const scoreOf = scoresByName(pairs, scores);

  const impostors = pairs.flatMap(([a, b], at): ScoredPair[] =>
    a.finger === b.finger
      ? []
      : [{ score: scores[at]!, genuine: false, subjectA: a.finger, subjectB: b.finger }],
  );
  const persons = fusedPersons(prints, scoreOf, card.fmrTable);
  return {
    images: names.length,
    failed: names.filter(name => !templates.has(name)),
    severalReferences: severalReferences(prints, scoreOf),
    ...(persons ? { persons } : {}),
    impostorComparisons: impostors.length,
    fmrTable: impostors.length > 0 ? fmrTableOf(impostors) : [],
  };
}

type ScoreOf = (a: Print, b: Print) => number;

const everyTwo = (prints: readonly Print[]): [Print, Print][] =>
  prints.flatMap((a, at) => prints.slice(at + 1).map((b): [Print, Print] => [a, b]));

function scoresByName(pairs: readonly [Print, Print][], scores: readonly number[]): ScoreOf {
  const known = new Map<Print, Map<Print, number>>();
  const keep = (a: Print, b: Print, score: number): void => {
    const row = known.get(a) ?? new Map<Print, number>();
    known.set(a, row.set(b, score));
  };
  pairs.forEach(([a, b], at) => {
    keep(a, b, scores[at]!);
    keep(b, a, scores[at]!);
  });
  return (a, b) => known.get(a)?.get(b) ?? 0;
}

const share = (events: number, trials: number): Share => ({
  value: trials > 0 ? events / trials : 0,
  ...wilson(events, trials),
});

/** Any so many impressions that follow each other are a record; other impressions are compared with it. */
function severalReferences(prints: readonly Print[], scoreOf: ScoreOf): SeveralReferences[] {
  const fingers = [...Map.groupBy(prints, ({ finger }) => finger).values()];
  return Array.from({ length: MOST_REFERENCES }, (_, at) => at + 1).map(references => {
    const genuine: number[] = [];
    const impostor: number[] = [];
    for (const own of fingers) {
      for (let first = 0; first + references <= own.length; first++) {
        const record = own.slice(first, first + references);
        for (const probe of prints) {
          const best = () => Math.max(...record.map(print => scoreOf(print, probe)));
          if (probe.set !== own[0]!.set || record.includes(probe)) continue;
          if (probe.finger === own[0]!.finger) genuine.push(best());
          else if (probe.person !== own[0]!.person) impostor.push(best());
        }
      }
    }
    const highest = thresholdAbove(impostor, REFERENCES_FMR);
    const missed = genuine.filter(score => score <= highest).length;
    return {
      references,
      genuine: genuine.length,
      impostor: impostor.length,
      fnmr: share(missed, genuine.length),
    };
  });
}

/** The impostor score that must be exceeded for a rate; -Infinity without impostors. */
const thresholdAbove = (impostor: readonly number[], fmr: number): number =>
  [...impostor].sort((a, b) => b - a)[Math.floor(fmr * impostor.length)] ?? Number.NEGATIVE_INFINITY;

function fusedPersons(
  prints: readonly Print[],
  scoreOf: ScoreOf,
  table: readonly FmrPoint[],
): FusedPersons | undefined {
  const several = Map.groupBy(
    prints.filter(({ person, finger }) => person !== finger),
    ({ person }) => person,
  );
  const persons = [...several.values()].map(own => Map.groupBy(own, ({ finger }) => finger));
  const impressions = [...new Set(prints.map(({ impression }) => impression))];
  const genuine: number[] = [];
  const impostor: number[] = [];
  persons.forEach((one, at) => {
    for (const other of persons.slice(at)) {
      for (const i of impressions) {
        for (const j of impressions) {
          if (one === other && j <= i) continue;
          const score = fusedScore(one, other, i, j, scoreOf, table);
          if (score !== undefined) (one === other ? genuine : impostor).push(score);
        }
      }
    }
  });
  if (genuine.length === 0 || impostor.length === 0) return undefined;
  const highest = Math.max(...impostor);
  return {
    genuine: genuine.length,
    impostor: impostor.length,
    fnmrAtZeroFmr: share(genuine.filter(score => score <= highest).length, genuine.length),
    observed: CLAIMED_FMRS.map(claimedFmr => ({
      claimedFmr,
      fmr: impostor.filter(score => score >= -Math.log10(claimedFmr)).length / impostor.length,
    })),
  };
}

/** Fingers of the same name, or place where another's names differ; captures with one finger in common are none. */
function fusedScore(
  one: ReadonlyMap<string, readonly Print[]>,
  other: ReadonlyMap<string, readonly Print[]>,
  i: string,
  j: string,
  scoreOf: ScoreOf,
  table: readonly FmrPoint[],
): number | undefined {
  const others = [...other.values()];
  const nameIn = (finger: string): string => finger.replace(/^.*-/, '');
  const fingers = [...one].map(([finger, own], place) => {
    const theirs = others.find(prints => nameIn(prints[0]!.finger) === nameIn(finger)) ?? others[place];
    const a = own.find(({ impression }) => impression === i);
    const b = theirs?.find(({ impression }) => impression === j);
    return a && b ? [scoreOf(a, b)] : [];
  });
  const fused = fuseFingers(fingers, table);
  return fused && fused.fingers > 1 ? fused.score : undefined;
}
