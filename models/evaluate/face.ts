import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../error.ts';
import { type FaceModels, loadFaceModels } from '../face/index.ts';
import { readCsv } from './csv.ts';
import { plotRates } from './plot.ts';
import { detCurve, type Interval, ratesOf, type ScoredPair, wilson } from './rates.ts';
import { resampleSubjects, subjectsOf } from './subjects.ts';

export interface EvaluateFaceOptions {
  /** Folder the paths in the pair list are relative to. */
  readonly images: string;
  /** CSV of `dataset,path_a,path_b,same`; same is 1 or 0. */
  readonly pairs: string;
  /** CSV to write: the same rows with `score`, empty where one of the images gave no face. */
  readonly out: string;
  /** CSV to write: `path,v0,v1,...`, the vector empty where no face was found. */
  readonly embeddings?: string;
  /** PNG to draw the DET curve and the score histograms into. */
  readonly plot?: string;
  /** Profile of another embedding, see `loadFaceModels`. */
  readonly profile?: string;
  readonly signal?: AbortSignal;
}

export interface EvaluateFaceProgress {
  readonly done: number;
  readonly total: number;
}

/** A share with its 95 % interval, 0..1. */
interface MeasuredShare extends Interval {
  readonly value: number;
}

/** FNMR at a fixed FMR. `threshold` is the lowest score that keeps to it. */
interface OperatingPoint {
  readonly fmr: number;
  readonly fnmr: MeasuredShare;
  readonly threshold: MeasuredShare;
}

interface FaceSetRates {
  readonly dataset: string;
  readonly genuine: number;
  readonly impostor: number;
  readonly images: number;
  /** Failure to extract: share of the set's images in which no face was found. */
  readonly fte: MeasuredShare;
  /** Absent without both genuine and impostor pairs. */
  readonly eer?: MeasuredShare;
  /** At FMR 1 %, 0.1 %, 0.05 % and 0.01 %, as far as the impostor pairs suffice for one false match. */
  readonly points: readonly OperatingPoint[];
}

export interface FaceEvaluation {
  readonly sets: readonly FaceSetRates[];
  readonly images: number;
  /** Paths in which no face was found or which are no picture. */
  readonly failed: readonly string[];
  /** Median processor time of one image with decoding, in milliseconds. */
  readonly analyseMs: number;
}

interface Pair {
  readonly dataset: string;
  readonly path_a: string;
  readonly path_b: string;
  readonly same: string;
}

const COLUMNS = ['dataset', 'path_a', 'path_b', 'same'] as const;
const FMRS = [0.01, 0.001, 0.0005, 0.0001];
/** Times the subjects are drawn anew for an interval. */
const DRAWS = 100;
/** The last digit of a score in the file that is written. */
const SCORE_STEP = 1e-6;
/** Below every cosine: a genuine pair with an image that failed is a false non-match at any threshold. */
const FAILED_SCORE = -2;

type Embeddings = ReadonlyMap<string, Float32Array | undefined>;

async function embedAll(
  models: FaceModels,
  paths: readonly string[],
  { images, signal }: EvaluateFaceOptions,
  progress: (step: EvaluateFaceProgress) => void,
): Promise<{ embeddings: Embeddings; analyseMs: number }> {
  const embeddings = new Map<string, Float32Array | undefined>();
  const times: number[] = [];
  for (const path of paths) {
    signal?.throwIfAborted();
    const file = await readFile(join(images, path));
    const before = process.cpuUsage();
    const analysis = await models.analyse(file).catch((error: unknown) => {
      // A picture that cannot be read is a failure to extract; a fault of the models ends the run.
      if (error instanceof ModelError && error.code === 'MODEL_INPUT') return undefined;
      throw error;
    });
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
    embeddings.set(path, analysis?.face?.embedding);
    progress({ done: embeddings.size, total: paths.length });
  }
  return { embeddings, analyseMs: times.sort((a, b) => a - b)[times.length >> 1] ?? 0 };
}

const formatScore = (score: number | undefined): string => (score === undefined ? '' : score.toFixed(6));

/** FNMR and threshold at the loosest operating point whose FMR is at most `fmr`. */
function pointAt(curve: ReturnType<typeof detCurve>, fmr: number): { fnmr: number; threshold: number } {
  // The curve runs from the lowest threshold to the highest, the last refusing everybody.
  const at = curve.findIndex(point => point.fmr <= fmr);
  const tooLow = curve[at - 1]?.threshold ?? -1;
  // Just above the impostor that must not pass, not at the next score, which may be far above it.
  return { fnmr: curve[at]!.fnmr, threshold: tooLow + SCORE_STEP };
}

function share(value: number, draws: readonly number[]): MeasuredShare {
  const sorted = draws.filter(Number.isFinite).sort((a, b) => a - b);
  const quantile = (at: number) => sorted[Math.round(at * (sorted.length - 1))] ?? value;
  return { value, low: quantile(0.025), high: quantile(0.975) };
}

function measureSet(
  dataset: string,
  rows: readonly Pair[],
  pairs: readonly ScoredPair[],
  embeddings: Embeddings,
): FaceSetRates {
  const images = new Set(rows.flatMap(row => [row.path_a, row.path_b]));
  const failed = [...images].filter(path => !embeddings.get(path)).length;
  const fte = { value: failed / images.size, ...wilson(failed, images.size) };
  const genuine = pairs.filter(pair => pair.genuine).length;
  const impostor = pairs.length - genuine;
  const counts = { dataset, genuine, impostor, images: images.size, fte };
  const rates = ratesOf(pairs);
  if (!rates) return { ...counts, points: [] };
  const curve = detCurve(pairs);
  const drawn = resampleSubjects(pairs, DRAWS).flatMap(draw => {
    const drawnRates = ratesOf(draw);
    return drawnRates ? [{ eer: drawnRates.eer, curve: detCurve(draw) }] : [];
  });
  const points = FMRS.filter(fmr => fmr * impostor >= 1).map(fmr => {
    const { fnmr, threshold } = pointAt(curve, fmr);
    const draws = drawn.map(draw => pointAt(draw.curve, fmr));
    return {
      fmr,
      fnmr: share(
        fnmr,
        draws.map(draw => draw.fnmr),
      ),
      threshold: share(
        threshold,
        draws.map(draw => draw.threshold),
      ),
    };
  });
  const eer = share(
    rates.eer,
    drawn.map(draw => draw.eer),
  );
  return { ...counts, eer, points };
}

/**
 * Compares a user's own pairs of faces and measures the error rates (ISO/IEC 19795-1) of each data set. A genuine pair with
 * an image in which no face was found counts as a false non-match, an impostor pair of that kind is left out. Works in
 * this process and blocks it.
 * @throws RangeError when the pair list is not as described; ModelError when the weights do not load
 */
export async function evaluateFace(
  options: EvaluateFaceOptions,
  progress: (step: EvaluateFaceProgress) => void = () => {},
): Promise<FaceEvaluation> {
  const models = await loadFaceModels(options.profile === undefined ? {} : { profile: options.profile });
  const rows: Pair[] = readCsv(await readFile(options.pairs, 'utf8'), COLUMNS);
  const paths = [...new Set(rows.flatMap(row => [row.path_a, row.path_b]))];
  const { embeddings, analyseMs } = await embedAll(models, paths, options, progress);
  if (options.embeddings) {
    const length = [...embeddings.values()].find(vector => vector)?.length ?? 0;
    const lines = [...embeddings].map(([path, vector]) => [path, ...(vector ?? [''])].join(','));
    const header = ['path', ...Array.from({ length }, (_, i) => `v${i}`)].join(',');
    await writeFile(options.embeddings, `${[header, ...lines].join('\n')}\n`);
  }
  const subjects = subjectsOf(rows.map(row => ({ a: row.path_a, b: row.path_b, same: isSame(row) })));
  const lines = [[...COLUMNS, 'score'].join(',')];
  const byDataset = new Map<string, { rows: Pair[]; pairs: ScoredPair[] }>();
  for (const row of rows) {
    const [a, b] = [embeddings.get(row.path_a), embeddings.get(row.path_b)];
    const score = a && b ? models.compare(a, b) : undefined;
    lines.push([row.dataset, row.path_a, row.path_b, row.same, formatScore(score)].join(','));
    const set = byDataset.get(row.dataset) ?? { rows: [], pairs: [] };
    byDataset.set(row.dataset, set);
    set.rows.push(row);
    if (score === undefined && !isSame(row)) continue;
    set.pairs.push({
      score: score ?? FAILED_SCORE,
      genuine: isSame(row),
      subjectA: subjects.get(row.path_a)!,
      subjectB: subjects.get(row.path_b)!,
    });
  }
  await writeFile(options.out, `${lines.join('\n')}\n`);
  if (options.plot) {
    const plotted = [...byDataset].map(([dataset, { pairs }]) => [dataset, pairs] as const);
    await writeFile(options.plot, await plotRates(new Map(plotted)));
  }
  return {
    sets: [...byDataset].map(([dataset, set]) => measureSet(dataset, set.rows, set.pairs, embeddings)),
    images: paths.length,
    failed: paths.filter(path => !embeddings.get(path)),
    analyseMs,
  };
}

const isSame = ({ same }: Pair): boolean => /^(1|true)$/i.test(same);
