import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { type ModelCard, readCard } from '../card.ts';
import { ModelError } from '../error.ts';
import { Graph, readWeights } from '../runtime.ts';
import { analyseFrame, type FaceParts, type PassiveLiveness } from './analyse.ts';
import { compare } from './compare.ts';
import { packagedDetector } from './detect.ts';
import { checkEmbedder, DEFAULT_EMBEDDING, type Embedder } from './embed.ts';
import { provisionedPassive } from './passive.ts';
import { defaultCacheDirectory, preparedWeights } from './prepare/cache.ts';
import { type FaceProfile, type Provisioned, readFaceProfile } from './profile.ts';
import { provisionedRater } from './rater.ts';
import type { FaceModels } from './types.ts';
import { provisionedDetector } from './yunet.ts';

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
    task: card.task,
  };
  return Graph.load(await preparedWeights(source, cacheDirectory), card.id);
}

export interface LoadFaceOptions {
  /** Where prepared weights are kept. */
  readonly cacheDirectory?: string;
  /** Path of a profile that brings other networks, see `readFaceProfile`. */
  readonly profile?: string;
}

/** Loads networks and keeps their cards, in the order of loading. */
class Loader {
  readonly cards: ModelCard[] = [];
  readonly #cacheDirectory: string;
  constructor(cacheDirectory: string) {
    this.#cacheDirectory = cacheDirectory;
  }

  /** A network that comes with the agent. */
  async packaged(part: keyof typeof CARD_FILES): Promise<Graph> {
    const card = await readCard(join(CARDS, CARD_FILES[part]));
    this.cards.push(card);
    return loadGraph(card, this.#cacheDirectory);
  }

  /** A network of the operator, held to its hash. */
  async provisioned({ path, card }: Provisioned<unknown>): Promise<Graph> {
    this.cards.push(card);
    return Graph.load(await readWeights(path, card.sha256), card.id);
  }

  async embedder({ embedding }: FaceProfile): Promise<Embedder> {
    if (!embedding) return { graph: await this.packaged('embedding'), spec: DEFAULT_EMBEDDING };
    const embedder = { graph: await this.provisioned(embedding), spec: embedding.spec };
    await checkEmbedder(embedder);
    return embedder;
  }

  async parts(profile: FaceProfile): Promise<FaceParts> {
    const { detection, quality } = profile;
    const passive: PassiveLiveness[] = [];
    for (const model of profile.liveness) {
      passive.push(await provisionedPassive(model.card.id, await this.provisioned(model), model.spec));
    }
    return {
      detector: detection
        ? await provisionedDetector(await this.provisioned(detection), detection.spec)
        : packagedDetector(await this.packaged('detection')),
      landmarks: await this.packaged('landmarks'),
      embedding: await this.embedder(profile),
      pose: await this.packaged('pose'),
      eyes: await this.packaged('eyes'),
      ...(quality ? { rater: await provisionedRater(await this.provisioned(quality), quality.spec) } : {}),
      passive,
    };
  }
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
  const loader = new Loader(cacheDirectory);
  const parts = await loader.parts(profile === undefined ? { liveness: [] } : await readFaceProfile(profile));
  const { length } = parts.embedding.spec;
  return {
    analyse: (jpeg, options) => analyseFrame(parts, jpeg, options),
    compare: (a, b) => compare(a, b, length),
    cards: loader.cards,
  };
}
