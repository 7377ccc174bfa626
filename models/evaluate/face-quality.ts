import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError } from '../error.ts';
import { type FaceModels, loadFaceModels } from '../face/index.ts';
import { readCsv } from './csv.ts';
import { type DiscardCurve, discardCurve, type RatedPair } from './discard.ts';
import { plotDiscard } from './discard-plot.ts';

export interface EvaluateFaceQualityOptions {
  /** Folder the paths in the pair list are relative to. */
  readonly images: string;
  /** CSV of `dataset,path_a,path_b,same`; same is 1 or 0. */
  readonly pairs: string;
  /** CSV to write: `path,quality` and every component, empty where one could not be measured. */
  readonly out?: string;
  /** PNG to draw the curves into. */
  readonly plot?: string;
  /** A profile of other models, see `loadFaceModels`. */
  readonly profile?: string;
  readonly signal?: AbortSignal;
}

export interface FaceQualityEvaluation {
  readonly sets: readonly ({ readonly dataset: string } & DiscardCurve)[];
  readonly images: number;
  /** Paths in which no face was found or which are no picture; in no pair of any curve. */
  readonly failed: readonly string[];
}

interface Rated {
  readonly embedding: Float32Array;
  readonly qualityScore: number;
}

const COLUMNS = ['dataset', 'path_a', 'path_b', 'same'] as const;

async function rate(models: FaceModels, file: Uint8Array) {
  try {
    return await models.analyse(file);
  } catch (error) {
    // A picture that cannot be read is a failure to extract; a fault of the models ends the run.
    if (error instanceof ModelError && error.code === 'MODEL_INPUT') return undefined;
    throw error;
  }
}

/**
 * How far the quality score foretells false non-matches (error versus discard, Grother and Tabassi 2007; ISO/IEC 29794-1):
 * the threshold is held at the score that 10 % of the genuine pairs miss, then the pairs with the poorest image are left
 * out. A score that is worth something makes the curve fall. Works in this process and blocks it.
 * @throws RangeError when the pair list is not as described; ModelError when the weights do not load
 */
export async function evaluateFaceQuality(
  options: EvaluateFaceQualityOptions,
  progress: (step: { readonly done: number; readonly total: number }) => void = () => {},
): Promise<FaceQualityEvaluation> {
  const models = await loadFaceModels(options.profile === undefined ? {} : { profile: options.profile });
  const rows = readCsv(await readFile(options.pairs, 'utf8'), COLUMNS);
  const genuine = rows.filter(row => /^(1|true)$/i.test(row.same));
  const paths = [...new Set(genuine.flatMap(row => [row.path_a, row.path_b]))];
  const rated = new Map<string, Rated>();
  const names = new Set<string>();
  const table: { path: string; values: Readonly<Record<string, number>> }[] = [];
  for (const [index, path] of paths.entries()) {
    options.signal?.throwIfAborted();
    const analysis = await rate(models, await readFile(join(options.images, path)));
    if (analysis?.face) {
      rated.set(path, { embedding: analysis.face.embedding, qualityScore: analysis.quality.score });
      for (const name of Object.keys(analysis.quality.components)) names.add(name);
    }
    const { quality } = analysis ?? {};
    table.push({ path, values: quality ? { quality: quality.score, ...quality.components } : {} });
    progress({ done: index + 1, total: paths.length });
  }
  if (options.out) {
    const columns = ['quality', ...names];
    const lines = table.map(({ path, values }) =>
      [path, ...columns.map(column => values[column] ?? '')].join(','),
    );
    await writeFile(options.out, `${[['path', ...columns].join(','), ...lines].join('\n')}\n`);
  }
  const byDataset = new Map<string, RatedPair[]>();
  for (const row of genuine) {
    const [a, b] = [rated.get(row.path_a), rated.get(row.path_b)];
    if (!a || !b) continue;
    const pairs = byDataset.get(row.dataset) ?? [];
    byDataset.set(row.dataset, pairs);
    pairs.push({
      score: models.compare(a.embedding, b.embedding),
      qualityScore: Math.min(a.qualityScore, b.qualityScore),
    });
  }
  const sets = [...byDataset].map(([dataset, pairs]) => ({ dataset, ...discardCurve(pairs) }));
  if (options.plot) await writeFile(options.plot, await plotDiscard(sets));
  return { sets, images: paths.length, failed: paths.filter(path => !rated.has(path)) };
}
