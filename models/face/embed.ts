import { ModelError } from '../error.ts';
import type { Graph } from '../runtime.ts';
import { fitSimilarity, invert } from './image/affine.ts';
import type { Pyramid } from './image/pyramid.ts';
import { alignmentPoints, type FacePoints } from './landmarks.ts';
import { checkNetwork, type NetworkSpec, runNetwork } from './network.ts';

const WHAT = 'embedding';

/** How an embedding network wants a face, and what it gives. */
export interface EmbeddingSpec extends NetworkSpec {
  /** Where eyes (left in the frame first), tip of the nose and mouth corners lie in it: ten values, x and y in pixels. */
  readonly points: readonly number[];
  /** Whose points are brought there. Default: those of the landmarks. */
  readonly alignFrom?: 'landmarks' | 'detector';
  /** Values of the vector. */
  readonly length: number;
  /** Lengths (L2) of the vector of an unusable and of a very good face; absent where the length says nothing. */
  readonly norm?: { readonly worst: number; readonly best: number };
}

/** The template published with ArcFace (insightface, face_align.py) for a side of 112. */
export const ARCFACE_POINTS: readonly number[] = [
  38.2946, 51.6963, 73.5318, 51.5014, 56.0252, 71.7366, 41.5493, 92.3655, 70.7299, 92.2041,
];
/** Of the embedding that comes with the package; the norms are those of the development portraits, degraded and good. */
export const DEFAULT_EMBEDDING: EmbeddingSpec = {
  side: 112,
  points: ARCFACE_POINTS,
  planes: 'bgr',
  mean: [127, 127, 127],
  deviation: [128, 128, 128],
  length: 512,
  norm: { worst: 2, best: 4.5 },
};

export interface Embedder {
  readonly graph: Graph;
  readonly spec: EmbeddingSpec;
}

export interface Embedding {
  /** L2 norm 1. */
  readonly vector: Float32Array;
  /** L2 norm as the network gave it. */
  readonly norm: number;
}

/** Whether the graph is what its specification says. @throws ModelError MODEL_INVALID */
export const checkEmbedder = ({ graph, spec }: Embedder): Promise<void> => checkNetwork(graph, WHAT, spec);

/** The face turned upright and cut to the template, through the network. @throws ModelError MODEL_INVALID when it gives no vector */
export async function embed(embedder: Embedder, pyramid: Pyramid, face: FacePoints): Promise<Embedding> {
  const { side, points, alignFrom, planes, mean, deviation } = embedder.spec;
  const data = pyramid.sample({
    width: side,
    height: side,
    toSource: invert(fitSimilarity(alignmentPoints(face, alignFrom), points)),
    border: 'black',
    planes,
    mean,
    deviation,
  });
  const raw = await runNetwork(embedder.graph, WHAT, embedder.spec, data);
  const norm = Math.sqrt(raw.reduce((sum, value) => sum + value * value, 0));
  if (!(norm > 0) || !Number.isFinite(norm)) {
    throw new ModelError('MODEL_INVALID', 'the embedding graph gave no usable vector');
  }
  return { vector: raw.map(value => value / norm), norm };
}
