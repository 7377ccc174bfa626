import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { ModelError } from '../error.ts';
import { type FingerModels, loadFingerModels } from '../finger/index.ts';
import { readCsv } from './csv.ts';
import { plotRates } from './plot.ts';
import { type Interval, intervalsOf, type Rates, ratesOf, type ScoredPair, wilson } from './rates.ts';

export interface EvaluateFingerOptions {
  /** Folder the names in the pair list are relative to. */
  readonly images: string;
  /** CSV of `a,b,kind`: image names without ending; kind genuine, or impostor, impostor_all, pooled, cross_... */
  readonly pairs: string;
  /** CSV of `set,dpi`: resolution of each set (the folder part of a name). Default 500 for all. */
  readonly dpi?: string;
  /** CSV to write: the same rows with `score`. */
  readonly out: string;
  /** PNG to draw the DET curve and the score histograms into. */
  readonly plot?: string;
  readonly signal?: AbortSignal;
}

export interface EvaluateProgress {
  readonly stage: 'extract' | 'match';
  readonly done: number;
  readonly total: number;
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

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly kind: string;
}

const ENDINGS = ['', '.png', '.jpg', '.jpeg', '.tif', '.tiff', '.webp'];
/** References a call: the matching graph takes them in batches of its own. */
const MATCH_BATCH = 256;

/**
 * Extracts and compares a user's own pairs and measures the error rates. Works in this process and blocks it.
 * @throws RangeError when a CSV file is not as described; ModelError when the weights do not load
 */
export async function evaluateFinger(
  options: EvaluateFingerOptions,
  progress: (step: EvaluateProgress) => void = () => {},
): Promise<FingerEvaluation> {
  const models = await loadFingerModels();
  const pairs = readCsv(await readFile(options.pairs, 'utf8'), ['a', 'b', 'kind']);
  const resolutions = await readResolutions(options.dpi);
  const names = [...new Set(pairs.flatMap(({ a, b }) => [a, b]))];

  const extraction = await extractAll(models, names, resolutions, options, progress);
  const matching = await matchAll(models, pairs, extraction.templates, options, progress);
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

async function readResolutions(path: string | undefined): Promise<Map<string, number>> {
  if (!path) return new Map();
  const rows = readCsv(await readFile(path, 'utf8'), ['set', 'dpi']);
  return new Map(
    rows.map(({ set, dpi }) => {
      if (!(Number(dpi) > 0)) throw new RangeError(`the resolution of ${set} is no number`);
      return [set, Number(dpi)];
    }),
  );
}

async function extractAll(
  models: FingerModels,
  names: readonly string[],
  resolutions: ReadonlyMap<string, number>,
  { images, signal }: EvaluateFingerOptions,
  progress: (step: EvaluateProgress) => void,
): Promise<{ templates: Map<string, Uint8Array>; medianMs: number }> {
  const templates = new Map<string, Uint8Array>();
  const times: number[] = [];
  for (const [at, name] of names.entries()) {
    signal?.throwIfAborted();
    const startedAtMs = performance.now();
    try {
      const bytes = await readImage(images, name);
      const ppi = resolutions.get(setOf(name)) ?? 500;
      const { template, quality } = await models.extractEncoded(bytes, ppi);
      if (quality.score > 0) templates.set(name, template);
    } catch (error) {
      // A picture that cannot be read is a failure to extract, which is a figure of its own; weights that fail are not.
      if (!(error instanceof ModelError && error.code === 'MODEL_INPUT')) throw error;
    }
    times.push(performance.now() - startedAtMs);
    progress({ stage: 'extract', done: at + 1, total: names.length });
  }
  times.sort((a, b) => a - b);
  return { templates, medianMs: times[times.length >> 1] ?? 0 };
}

async function readImage(folder: string, name: string): Promise<Uint8Array> {
  const root = resolve(folder);
  const path = resolve(join(root, name));
  if (!path.startsWith(root + sep)) throw new RangeError(`${name} lies outside the folder of images`);
  for (const ending of ENDINGS) {
    const bytes = await readFile(path + ending).catch(() => undefined);
    if (bytes) return bytes;
  }
  throw new ModelError('MODEL_INPUT', `there is no picture ${name}`);
}

async function matchAll(
  models: FingerModels,
  pairs: readonly Pair[],
  templates: ReadonlyMap<string, Uint8Array>,
  { signal }: EvaluateFingerOptions,
  progress: (step: EvaluateProgress) => void,
): Promise<{ scores: number[]; meanMs: number }> {
  const scores = new Array<number>(pairs.length).fill(0);
  const comparable = [...pairs.keys()].filter(
    at => templates.has(pairs[at]!.a) && templates.has(pairs[at]!.b),
  );
  const byProbe = Map.groupBy(comparable, at => pairs[at]!.a);
  let done = pairs.length - comparable.length;
  const startedAtMs = performance.now();
  for (const [probe, indexes] of byProbe) {
    for (let first = 0; first < indexes.length; first += MATCH_BATCH) {
      signal?.throwIfAborted();
      const batch = indexes.slice(first, first + MATCH_BATCH);
      const references = batch.map(at => templates.get(pairs[at]!.b)!);
      const found = await models.match(templates.get(probe)!, references);
      batch.forEach((at, row) => {
        scores[at] = found[row]!;
      });
      done += batch.length;
      progress({ stage: 'match', done, total: pairs.length });
    }
  }
  return { scores, meanMs: (performance.now() - startedAtMs) / Math.max(1, comparable.length) };
}

/** The folder of a name; '' for names without one. */
const setOf = (name: string): string => (name.includes('/') ? name.slice(0, name.indexOf('/')) : '');

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
