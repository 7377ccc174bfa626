import { writeFile } from 'node:fs/promises';
import { loadFingerModels } from '../finger/index.ts';
import {
  byMinutiae,
  type Comparison,
  type EvaluateProgress,
  extractAll,
  type ImageSource,
  matchAll,
  namesOf,
  type Pair,
  readPairs,
  setOf,
} from './finger-pairs.ts';
import { plotRates } from './plot.ts';
import { type Interval, intervalsOf, type Rates, ratesOf, type ScoredPair, wilson } from './rates.ts';

export interface EvaluateFingerOptions extends ImageSource, Comparison {
  /** CSV of `a,b,kind`: image names without ending; kind genuine, or impostor, impostor_all, pooled, cross_... */
  readonly pairs: string;
  /** CSV to write: the same rows with `score`. */
  readonly out: string;
  /** PNG to draw the DET curve and the score histograms into. */
  readonly plot?: string;
}

/** A rate of one set with its 95 % interval; shares, 0..1. */
export interface MeasuredRate extends Interval {
  readonly value: number;
}

export interface SetRates {
  readonly set: string;
  readonly genuine: number;
  readonly impostor: number;
  /** Over all impostor pairs of the set, unlike the FVC figure. */
  readonly rates: Readonly<Record<keyof Rates, MeasuredRate>>;
  /** EER over kind `impostor` alone (FVC: first impressions), where there are any. */
  readonly eerFvc?: number;
}

export interface FingerEvaluation {
  readonly sets: readonly SetRates[];
  /** Mean over the sets, shares 0..1; absent without sets. */
  readonly mean?: Rates;
  readonly images: number;
  /** Images no template could be made of; each of their pairs scored 0. */
  readonly failed: readonly string[];
  /** Failures to extract as a share of the images (FTE). */
  readonly fte: MeasuredRate;
  readonly pairs: number;
  /** Median time of one extraction with decoding, in milliseconds. */
  readonly extractMs: number;
  /** Mean time of one comparison in batches, template decoding included, in milliseconds. */
  readonly matchMs: number;
}

/**
 * Extracts and compares a user's own pairs and measures the error rates. Works in this process and blocks it.
 * @throws RangeError when a CSV file is not as described; ModelError when the weights do not load
 */
export async function evaluateFinger(
  options: EvaluateFingerOptions,
  progress: (step: EvaluateProgress) => void = () => {},
): Promise<FingerEvaluation> {
  const models = await loadFingerModels();
  const pairs = await readPairs(options.pairs);
  const names = namesOf(pairs);

  const extraction = await extractAll(models, names, options, progress);
  const matchers = options.minutiae ? byMinutiae(models) : models;
  const matching = await matchAll(matchers, pairs, extraction.templates, options.signal, progress);
  const rows = pairs.map(({ a, b, kind }, at) => `${a},${b},${kind},${matching.scores[at]}`);
  await writeFile(options.out, `a,b,kind,score\n${rows.join('\n')}\n`);

  const sets = ratesBySet(pairs, matching.scores);
  const failed = names.filter(name => !extraction.templates.has(name));
  const evaluation: FingerEvaluation = {
    sets,
    ...(sets.length > 0 ? { mean: meanOf(sets) } : {}),
    images: names.length,
    failed,
    fte: { value: names.length ? failed.length / names.length : 0, ...wilson(failed.length, names.length) },
    pairs: pairs.length,
    extractMs: extraction.medianMs,
    matchMs: matching.meanMs,
  };
  if (options.plot) await writeFile(options.plot, await plotRates(scoredBySet(pairs, matching.scores)));
  return evaluation;
}

/** `<set>/<finger>_<impression>` -> `<set>/<finger>`. */
const fingerOf = (name: string): string => name.replace(/_[^_/]*$/, '');

const scored = ({ a, b, kind }: Pair, score: number): ScoredPair => ({
  score,
  genuine: kind === 'genuine',
  subjectA: fingerOf(a),
  subjectB: fingerOf(b),
});

/** Pairs across sets are no set's: they serve thresholds, not rates. */
function pairsBySet(pairs: readonly Pair[]): Map<string, number[]> {
  const kinds = new Set(['genuine', 'impostor', 'impostor_all']);
  return Map.groupBy(
    [...pairs.keys()].filter(at => kinds.has(pairs[at]!.kind)),
    at => setOf(pairs[at]!.a),
  );
}

function scoredBySet(pairs: readonly Pair[], scores: readonly number[]): Map<string, ScoredPair[]> {
  const sets = new Map<string, ScoredPair[]>();
  for (const [set, indexes] of pairsBySet(pairs))
    sets.set(
      set,
      indexes.map(at => scored(pairs[at]!, scores[at]!)),
    );
  return sets;
}

function ratesBySet(pairs: readonly Pair[], scores: readonly number[]): SetRates[] {
  const sets: SetRates[] = [];
  for (const [set, indexes] of [...pairsBySet(pairs)].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const all = indexes.map(at => scored(pairs[at]!, scores[at]!));
    const rates = ratesOf(all);
    const intervals = intervalsOf(all);
    if (!rates || !intervals) continue;
    const fvc = ratesOf(
      indexes.filter(at => pairs[at]!.kind !== 'impostor_all').map(at => scored(pairs[at]!, scores[at]!)),
    );
    const measured = (rate: keyof Rates): MeasuredRate => ({ value: rates[rate], ...intervals[rate] });
    const genuine = all.filter(pair => pair.genuine).length;
    sets.push({
      set,
      genuine,
      impostor: all.length - genuine,
      rates: {
        eer: measured('eer'),
        fmr100: measured('fmr100'),
        fmr1000: measured('fmr1000'),
        zeroFmr: measured('zeroFmr'),
      },
      ...(fvc ? { eerFvc: fvc.eer } : {}),
    });
  }
  return sets;
}

function meanOf(sets: readonly SetRates[]): Rates {
  const mean = (rate: keyof Rates): number =>
    sets.reduce((sum, set) => sum + set.rates[rate].value, 0) / sets.length;
  return { eer: mean('eer'), fmr100: mean('fmr100'), fmr1000: mean('fmr1000'), zeroFmr: mean('zeroFmr') };
}
