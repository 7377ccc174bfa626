import { readFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import { ModelError } from '../error.ts';
import type { FingerModels, FingerQuality } from '../finger/index.ts';
import { minutiaeRecordOf } from '../finger/minutiae-record.ts';
import { readCsv } from './csv.ts';

/** What every evaluation of fingers does with a user's images and pairs: extract each image once, compare each pair once. */

/** Where the images are. */
export interface ImageSource {
  /** Folder the names are relative to. */
  readonly images: string;
  /** CSV of `set,dpi`: resolution of each set (the folder part of a name). Default 500 for all. */
  readonly dpi?: string;
  readonly signal?: AbortSignal;
}

/** What is compared. */
export interface Comparison {
  /** Minutiae alone, each reference read back from an ISO/IEC 19794-2 record, instead of templates with descriptors. */
  readonly minutiae?: boolean;
}

export interface EvaluateProgress {
  readonly stage: 'extract' | 'match';
  readonly done: number;
  readonly total: number;
}

export interface Pair {
  readonly a: string;
  readonly b: string;
  readonly kind: string;
}

export interface Extractions {
  /** Only of images in which a print was found. */
  readonly templates: ReadonlyMap<string, Uint8Array>;
  /** Only of images that could be read. */
  readonly qualities: ReadonlyMap<string, FingerQuality>;
  /** Median time of one extraction with decoding, in milliseconds. */
  readonly medianMs: number;
}

const ENDINGS = ['', '.png', '.jpg', '.jpeg', '.tif', '.tiff', '.webp'];
const DEFAULT_PPI = 500;
/** References a call: the matching graph takes them in batches of its own. */
const MATCH_BATCH = 256;

/** The pairs of a list. @throws RangeError when it is not `a,b,kind` */
export const readPairs = async (path: string): Promise<Pair[]> =>
  readCsv(await readFile(path, 'utf8'), ['a', 'b', 'kind']);

/** Every image of the pairs, once. */
export const namesOf = (pairs: readonly Pair[]): string[] => [
  ...new Set(pairs.flatMap(({ a, b }) => [a, b])),
];

/** The folder of a name; '' for names without one. */
export const setOf = (name: string): string => (name.includes('/') ? name.slice(0, name.indexOf('/')) : '');

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

/** @throws RangeError when a name leaves the folder or a resolution is none; ModelError when the weights fail */
export async function extractAll(
  models: FingerModels,
  names: readonly string[],
  { images, dpi, signal }: ImageSource,
  progress: (step: EvaluateProgress) => void,
): Promise<Extractions> {
  const resolutions = await readResolutions(dpi);
  const templates = new Map<string, Uint8Array>();
  const qualities = new Map<string, FingerQuality>();
  const times: number[] = [];
  for (const [at, name] of names.entries()) {
    signal?.throwIfAborted();
    const startedAtMs = performance.now();
    try {
      const bytes = await readImage(images, name);
      const ppi = resolutions.get(setOf(name)) ?? DEFAULT_PPI;
      const { template, quality } = await models.extractEncoded(bytes, ppi);
      qualities.set(name, quality);
      if (quality.score > 0) templates.set(name, template);
    } catch (error) {
      // A picture that cannot be read is a failure to extract, which is a figure of its own; weights that fail are not.
      if (!(error instanceof ModelError && error.code === 'MODEL_INPUT')) throw error;
    }
    times.push(performance.now() - startedAtMs);
    progress({ stage: 'extract', done: at + 1, total: names.length });
  }
  times.sort((a, b) => a - b);
  return { templates, qualities, medianMs: times[times.length >> 1] ?? 0 };
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

/** The same models on minutiae alone: each reference is what a registry would hold, an ISO/IEC 19794-2 record, read back. */
export const byMinutiae = (models: FingerModels): FingerModels => ({
  ...models,
  match: (probe, references) => models.matchMinutiae(probe, references.map(recordOf)),
});

/** A print without minutiae has no record, and nothing in common with any. */
const recordOf = (template: Uint8Array): Uint8Array =>
  minutiaeRecordOf([{ template, details: { capturedAt: null, position: 0 } }]) ?? template;

/** Scores in the order of the pairs; 0 where an image has no template. */
export async function matchAll(
  models: FingerModels,
  pairs: readonly Pair[],
  templates: ReadonlyMap<string, Uint8Array>,
  signal: AbortSignal | undefined,
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
