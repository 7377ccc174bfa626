import { readFile, writeFile } from 'node:fs/promises';
import { thresholdAt } from '../card.ts';
import { ModelError } from '../error.ts';
import { type FingerQuality, loadFingerModels } from '../finger/index.ts';
import { readCsv } from './csv.ts';
import type { DiscardPoint, RatedPair } from './discard.ts';
import { plotDiscard } from './discard-plot.ts';
import {
  type EvaluateProgress,
  type Extractions,
  extractAll,
  type ImageSource,
  matchAll,
  namesOf,
  type Pair,
  readPairs,
} from './finger-pairs.ts';

export interface EvaluateFingerQualityOptions extends ImageSource {
  /** CSV of `a,b,kind`; only rows of kind genuine are read. */
  readonly pairs: string;
  /** CSV to write: `name,quality`, the components and the first advice; empty for pictures that cannot be read. */
  readonly out: string;
  /** CSV of `name` and other quality scores, larger is better, to be measured on the same pairs. */
  readonly compare?: string;
  /** Column of `compare`. Default nfiq2_est. */
  readonly column?: string;
  /** PNG to draw the curves into. */
  readonly plot?: string;
}

/** Error versus discard of one quality score at one threshold. */
export interface FingerDiscardCurve {
  /** Algorithm and version, or the column compared with. */
  readonly quality: string;
  /** False match rate of the threshold, as the matching card has measured it. */
  readonly fmr: number;
  readonly threshold: number;
  readonly points: readonly DiscardPoint[];
}

export interface FingerQualityEvaluation {
  readonly curves: readonly FingerDiscardCurve[];
  readonly images: number;
  /** Images without a template; their pairs have score 0, and quality 0 of ours. */
  readonly failed: readonly string[];
  readonly genuine: number;
}

/** False match rates at whose thresholds the curves are drawn. */
const FMRS = [1e-3, 1e-4];
/** Shares of the pairs that are left out. */
const DISCARDS = [0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5];
const COMPONENTS = ['area', 'ridgeClarity', 'contrast', 'moisture', 'minutiae'] as const;
const DEFAULT_COLUMN = 'nfiq2_est';

/**
 * How far the quality score foretells false non-matches (error versus discard, Grother and Tabassi 2007; ISO/IEC 29794-1):
 * the pairs whose poorer image has the least quality are left out first. Thresholds are those of the matching card. Works
 * in this process and blocks it.
 * @throws RangeError when a CSV file is not as described; ModelError when the weights do not load
 */
export async function evaluateFingerQuality(
  options: EvaluateFingerQualityOptions,
  progress: (step: EvaluateProgress) => void = () => {},
): Promise<FingerQualityEvaluation> {
  const models = await loadFingerModels();
  const table = models.cards.find(card => card.task === 'finger-matching')?.fmrTable;
  if (!table) throw new ModelError('MODEL_INVALID', 'the matching card has no table of FMR');
  const pairs = (await readPairs(options.pairs)).filter(({ kind }) => kind === 'genuine');
  const names = namesOf(pairs);
  const others = await readOthers(options);

  const extraction = await extractAll(models, names, options, progress);
  const { scores } = await matchAll(models, pairs, extraction.templates, options.signal, progress);
  await writeFile(options.out, csvOf(names, extraction));

  const algorithm = [...extraction.qualities.values()][0];
  const rated: [string, (name: string) => number][] = [
    [
      algorithm ? `${algorithm.algorithm} ${algorithm.version}` : 'quality',
      name => extraction.qualities.get(name)?.score ?? 0,
    ],
  ];
  if (others) rated.push([others.column, name => others.byName.get(name) ?? 0]);
  const curves = FMRS.flatMap(fmr => {
    const threshold = thresholdAt(table, fmr);
    return rated.map(([quality, of]): FingerDiscardCurve => {
      const points = discardAt(ratedPairs(pairs, scores, of), threshold);
      return { quality, fmr, threshold, points };
    });
  });
  if (options.plot) await writeFile(options.plot, await drawn(curves, pairs.length));
  const failed = names.filter(name => !extraction.templates.has(name));
  return { curves, images: names.length, failed, genuine: pairs.length };
}

async function readOthers({ compare, column = DEFAULT_COLUMN }: EvaluateFingerQualityOptions) {
  if (!compare) return undefined;
  const byName = new Map<string, number>();
  for (const row of readCsv(await readFile(compare, 'utf8'), ['name', column])) {
    const value = row[column];
    // A score that could not be computed is the least there is, as a print that failed is of no use.
    if (Number.isNaN(Number(value))) throw new RangeError(`${column} of ${row.name} is no number`);
    byName.set(row.name!, Number(value));
  }
  return { column, byName };
}

const ratedPairs = (
  pairs: readonly Pair[],
  scores: readonly number[],
  of: (name: string) => number,
): RatedPair[] => pairs.map(({ a, b }, at) => ({ score: scores[at]!, qualityScore: Math.min(of(a), of(b)) }));

/**
 * FNMR at a fixed threshold while the pairs of least quality are left out. Of pairs of equal quality at the border the
 * mean is taken, so that their order tells nothing.
 */
export function discardAt(pairs: readonly RatedPair[], threshold: number): DiscardPoint[] {
  const groups = [...Map.groupBy(pairs, ({ qualityScore }) => qualityScore)].sort(([a], [b]) => a - b);
  const missesIn = (some: readonly RatedPair[]): number =>
    some.filter(({ score }) => score < threshold).length;
  const misses = missesIn(pairs);
  return DISCARDS.map(discarded => {
    const out = Math.round(discarded * pairs.length);
    const left = pairs.length - out;
    let [toDrop, dropped] = [out, 0];
    for (const [, group] of groups) {
      const taken = Math.min(toDrop, group.length);
      dropped += missesIn(group) * (taken / group.length);
      toDrop -= taken;
    }
    const share = (count: number): number => (left > 0 ? count / left : 0);
    return { discarded, fnmr: share(misses - dropped), bestFnmr: share(Math.max(0, misses - out)) };
  });
}

function csvOf(names: readonly string[], { qualities }: Extractions): string {
  const line = (name: string, quality: FingerQuality | undefined): string =>
    quality
      ? [
          name,
          quality.score,
          ...COMPONENTS.map(part => quality.components[part]),
          quality.advice[0] ?? '',
        ].join(',')
      : `${name},,,,,,,`;
  const header = ['name', 'quality', ...COMPONENTS, 'advice'].join(',');
  return `${[header, ...names.map(name => line(name, qualities.get(name)))].join('\n')}\n`;
}

function drawn(curves: readonly FingerDiscardCurve[], genuine: number): Promise<Uint8Array> {
  const most = Math.max(0.005, ...curves.flatMap(({ points }) => points.map(({ fnmr }) => fnmr)));
  return plotDiscard(
    curves.map(({ quality, fmr, threshold, points }) => ({
      dataset: `${quality}, FMR ${100 * fmr}%,`,
      genuine,
      threshold,
      points,
      gain: undefined,
    })),
    most * 1.2,
  );
}
