import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelCard } from '../card.ts';
import { ModelError } from '../error.ts';
import { type FaceModels, loadFaceModels } from '../face/index.ts';
import { readCsv } from './csv.ts';
import { type Interval, wilson } from './rates.ts';

export interface EvaluateFaceLivenessOptions {
  /** Folder the paths in the list are relative to. */
  readonly images: string;
  /** CSV of `path,species`; species is `bona_fide` or the name of an attack instrument. */
  readonly list: string;
  /** Profile with the passive networks, see `loadFaceModels`. */
  readonly profile: string;
  /** CSV to write: `path,species`, a column a network, and their mean; empty where no face was found. */
  readonly out: string;
  readonly signal?: AbortSignal;
}

interface SpeciesRates {
  readonly species: string;
  readonly images: number;
  /** Images without a face: in no rate. */
  readonly failed: number;
  /** ISO/IEC 30107-3: BPCER of `bona_fide`, APCER of an attack, at the threshold; 95 % interval of Wilson. */
  readonly rate: Interval & { readonly value: number };
}

export interface FaceLivenessEvaluation {
  readonly threshold: number;
  readonly networks: readonly string[];
  readonly species: readonly SpeciesRates[];
}

export const BONA_FIDE = 'bona_fide';
/** Where the profile states none: as the networks' publishers decide between two sides. */
const DEFAULT_THRESHOLD = 0.5;

const passiveCards = (cards: readonly ModelCard[]) =>
  cards.filter(({ task }) => task === 'presentation-attack-detection');

/** The scores of one picture; undefined without a face or without a readable picture. */
async function scoresOf(models: FaceModels, file: Uint8Array) {
  try {
    return (await models.analyse(file, { passive: true })).face?.passive;
  } catch (error) {
    if (error instanceof ModelError && error.code === 'MODEL_INPUT') return undefined;
    throw error;
  }
}

/**
 * How often the passive networks of a profile are wrong, a species of attack at a time: their mean against the profile's
 * threshold. Works in this process and blocks it.
 * @throws RangeError when the list is not as described or the profile names no passive network; ModelError when the weights
 * do not load
 */
export async function evaluateFaceLiveness(
  options: EvaluateFaceLivenessOptions,
  progress: (step: { readonly done: number; readonly total: number }) => void = () => {},
): Promise<FaceLivenessEvaluation> {
  const rows = readCsv(await readFile(options.list, 'utf8'), ['path', 'species']);
  const models = await loadFaceModels({ profile: options.profile });
  const cards = passiveCards(models.cards);
  if (cards.length === 0) throw new RangeError(`${options.profile} names no liveness network`);
  const networks = cards.map(({ id }) => id);
  const threshold = cards[0]?.passiveThreshold ?? DEFAULT_THRESHOLD;
  const seen = new Map<string, { wrong: number; scored: number; failed: number }>();
  const lines = [['path', 'species', ...networks, 'mean'].join(',')];
  for (const [index, { path, species }] of rows.entries()) {
    options.signal?.throwIfAborted();
    const scores = await scoresOf(models, await readFile(join(options.images, path)));
    const values = scores && networks.map(id => scores[id]!);
    const mean = values && values.reduce((sum, value) => sum + value, 0) / values.length;
    const tally = seen.get(species) ?? { wrong: 0, scored: 0, failed: 0 };
    seen.set(species, tally);
    if (mean === undefined) tally.failed++;
    else {
      tally.scored++;
      if (mean >= threshold !== (species === BONA_FIDE)) tally.wrong++;
    }
    lines.push([path, species, ...(values ?? networks.map(() => '')), mean ?? ''].join(','));
    progress({ done: index + 1, total: rows.length });
  }
  await writeFile(options.out, `${lines.join('\n')}\n`);
  const species = [...seen].map(([name, { wrong, scored, failed }]) => ({
    species: name,
    images: scored + failed,
    failed,
    rate: { value: scored === 0 ? 0 : wrong / scored, ...wilson(wrong, scored) },
  }));
  return { threshold, networks, species };
}
