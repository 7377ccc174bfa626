import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { type ModelCard, readCard } from '../card.ts';
import { ModelError } from '../error.ts';
import { Graph, readWeights } from '../runtime.ts';
import { analyseFrame, type FaceParts } from './analyse.ts';
import { compare } from './compare.ts';
import { packagedDetector } from './detect.ts';
import { checkEmbedder, DEFAULT_EMBEDDING, type Embedder } from './embed.ts';
import { defaultCacheDirectory, preparedWeights } from './prepare/cache.ts';
import { readFaceProfile } from './profile.ts';
import type { FaceModels } from './types.ts';

const WEIGHTS_PACKAGE = 'faceplugin-face-recognition-js';
const CARDS = fileURLToPath(new URL('../weights/', import.meta.url));
const CARD_FILES = {
  detection: 'face-detection.card.json',
  landmarks: 'face-landmarks.card.json',
  embedding: 'face-embedding.card.json',
  pose: 'face-pose.card.json',
  eyes: 'face-eyes.card.json',
} as const;

/** The folder of the package that brings the weights. Its code is never loaded. @throws ModelError MODEL_MISSING */
function weightsFolder(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${WEIGHTS_PACKAGE}/package.json`));
  } catch (cause) {
    throw new ModelError(
      'MODEL_MISSING',
      `the package ${WEIGHTS_PACKAGE} with the face weights is not installed`,
      { cause },
    );
  }
}

async function loadGraph(card: ModelCard, cacheDirectory: string): Promise<Graph> {
  const preparedSha256 = card.preparedSha256;
  if (typeof preparedSha256 !== 'string') {
    throw new ModelError('MODEL_INVALID', `the card of ${card.id} does not say preparedSha256`);
  }
  const source = {
    publishedPath: join(weightsFolder(), card.file),
    publishedSha256: card.sha256,
    preparedSha256,
  };
  return Graph.load(await preparedWeights(source, cacheDirectory), card.id);
}

export interface LoadFaceOptions {
  /** Where prepared weights are kept. */
  readonly cacheDirectory?: string;
  /** Path of a profile that brings another embedding, see `readFaceProfile`. */
  readonly profile?: string;
}

/** The embedding that a profile names, held to its hash and to its shape. */
async function provisionedEmbedder(path: string): Promise<{ embedder: Embedder; card: ModelCard }> {
  const { embedding } = await readFaceProfile(path);
  const weights = await readWeights(embedding.path, embedding.card.sha256);
  const embedder = { graph: await Graph.load(weights, embedding.card.id), spec: embedding.spec };
  await checkEmbedder(embedder);
  return { embedder, card: embedding.card };
}

/**
 * Loads what a face needs: about 0.5 s the first time, when the published weights are prepared into `cacheDirectory`.
 * Call it in the model process only: a graph that runs blocks its process.
 * @throws ModelError MODEL_MISSING, MODEL_HASH, MODEL_INVALID, MODEL_PROFILE
 */
export async function loadFaceModels({
  cacheDirectory = defaultCacheDirectory(),
  profile,
}: LoadFaceOptions = {}): Promise<FaceModels> {
  // One frame is worked on at a time; worker threads of the image library would take the other core from the kiosk.
  sharp.concurrency(1);
  sharp.cache(false);
  const cards: ModelCard[] = [];
  const load = async (part: keyof typeof CARD_FILES): Promise<Graph> => {
    const card = await readCard(join(CARDS, CARD_FILES[part]));
    cards.push(card);
    return loadGraph(card, cacheDirectory);
  };
  const loadEmbedder = async (): Promise<Embedder> => {
    if (profile === undefined) return { graph: await load('embedding'), spec: DEFAULT_EMBEDDING };
    const { embedder, card } = await provisionedEmbedder(profile);
    cards.push(card);
    return embedder;
  };
  const parts: FaceParts = {
    detector: packagedDetector(await load('detection')),
    landmarks: await load('landmarks'),
    embedding: await loadEmbedder(),
    pose: await load('pose'),
    eyes: await load('eyes'),
    passive: [],
  };
  const { length } = parts.embedding.spec;
  return {
    analyse: (jpeg, options) => analyseFrame(parts, jpeg, options),
    compare: (a, b) => compare(a, b, length),
    cards,
  };
}
