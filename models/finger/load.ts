import { fileURLToPath } from 'node:url';
import { type ModelCard, readCard } from '../card.ts';
import { ModelError } from '../error.ts';
import { decodeGray } from '../image.ts';
import { Graph, readWeights } from '../runtime.ts';
import { cylindersOf } from './cylinders.ts';
import { canHoldPrint, extractMinutiae } from './extract.ts';
import { joinLooks, type Look, MAGNIFICATIONS } from './looks.ts';
import { matchInput, scoreAll } from './match.ts';
import type { MinutiaeConstants } from './minutiae-constants.ts';
import { compareMinutiae } from './minutiae-match.ts';
import { minutiaeOfTemplate } from './minutiae-record.ts';
import { type ModelImage, normalise } from './normalise.ts';
import { gradeFinger, gradeNothing, isGoodEnough } from './quality.ts';
import { decodeTemplate, encodeTemplate } from './template.ts';
import type { FingerExtraction, FingerModels, FingerQuality, GrayImage, Minutia } from './types.ts';

export interface LoadOptions {
  /** Folder of the weights and cards. Default: the weights that came with this code. */
  readonly weights?: URL;
  /** Threads of one run. Default 1. */
  readonly threads?: number;
}

export const WEIGHTS = new URL('../weights/', import.meta.url);

/**
 * Loads the extraction and the matching graph and the constants of the matcher of minutiae, each held to the hash in its card.
 * @throws ModelError MODEL_MISSING, MODEL_HASH, MODEL_INVALID
 */
export async function loadFingerModels({
  weights = WEIGHTS,
  threads = 1,
}: LoadOptions = {}): Promise<FingerModels> {
  const extraction = await loadByCard('finger-extract', weights, threads);
  const matching = await loadByCard('finger-match', weights, threads);
  const minutiae = await loadConstants(weights);
  const modelTag = modelTagOf(extraction.card);
  const minMinutiae = numberOf(matching.card, 'minMinutiae');

  const extract = (image: GrayImage): Promise<FingerExtraction> =>
    toExtraction(extraction.graph, image, modelTag);
  return {
    cards: [extraction.card, matching.card, minutiae.card],
    extract,
    extractEncoded: async (bytes, ppi) => extract({ ...(await decodeGray(bytes)), ppi }),
    match: async (probe, references) => {
      const read = (template: Uint8Array) => matchInput(decodeTemplate(template, modelTag));
      return scoreAll(matching.graph, read(probe), references.map(read), minMinutiae);
    },
    matchMinutiae: async (probe, references) => {
      const read = (template: Uint8Array) => cylindersOf(minutiaeOfTemplate(template));
      const shown = read(probe);
      return references.map(reference => compareMinutiae(shown, read(reference), minutiae.constants));
    },
  };
}

async function toExtraction(graph: Graph, captured: GrayImage, modelTag: number): Promise<FingerExtraction> {
  const image = normalise(captured);
  if (!canHoldPrint(image)) return toResult(image, modelTag, gradeNothing(), [], new Int8Array());
  const first = await extractMinutiae(graph, image);
  const quality = gradeFinger(first);
  // Where no print was seen, what looks like minutiae must never match anything.
  if (quality.score === 0) return toResult(image, modelTag, quality, [], new Int8Array());
  const { minutiae, descriptors } = isGoodEnough(quality) ? first : await lookAgain(graph, captured, first);
  return toResult(image, modelTag, quality, minutiae, descriptors);
}

async function lookAgain(
  graph: Graph,
  captured: GrayImage,
  first: Look,
): Promise<Pick<Look, 'minutiae' | 'descriptors'>> {
  const looks: [Look, ...Look[]] = [first];
  for (const magnification of MAGNIFICATIONS)
    looks.push(await extractMinutiae(graph, normalise(captured, magnification)));
  return joinLooks(looks);
}

function toResult(
  { width, height }: ModelImage,
  modelTag: number,
  quality: FingerQuality,
  minutiae: readonly Minutia[],
  descriptors: Int8Array,
): FingerExtraction {
  const template = encodeTemplate({
    modelTag,
    width,
    height,
    qualityScore: quality.score,
    minutiae,
    descriptors,
  });
  return { template, quality, minutiae };
}

/** Templates name the weights that made them: descriptors of two trainings do not compare. */
export const modelTagOf = (extraction: ModelCard): number =>
  Number.parseInt(extraction.sha256.slice(0, 8), 16);

/** A graph held to the hash in its card. */
export async function loadByCard(
  id: string,
  weights: URL,
  threads: number,
): Promise<{ card: ModelCard; graph: Graph }> {
  const card = await loadCard(id, weights);
  const bytes = await readWeights(fileURLToPath(new URL(card.file, weights)), card.sha256);
  return { card, graph: await Graph.load(bytes, id, threads) };
}

/** The constants of the comparison by minutiae alone, held to the hash in its card as a graph is. */
async function loadConstants(weights: URL): Promise<{ card: ModelCard; constants: MinutiaeConstants }> {
  const card = await loadCard('finger-minutiae', weights);
  const bytes = await readWeights(fileURLToPath(new URL(card.file, weights)), card.sha256);
  return { card, constants: JSON.parse(Buffer.from(bytes).toString()) as MinutiaeConstants };
}

export const loadCard = (id: string, weights: URL): Promise<ModelCard> =>
  readCard(fileURLToPath(new URL(`${id}.card.json`, weights))).catch((cause: unknown) => {
    throw new ModelError('MODEL_MISSING', `the card of ${id} cannot be read`, { cause });
  });

/** @throws ModelError MODEL_INVALID when the card lacks the number */
export function numberOf(card: ModelCard, name: string): number {
  const value = card[name];
  if (typeof value !== 'number')
    throw new ModelError('MODEL_INVALID', `the card of ${card.id} lacks ${name}`);
  return value;
}
