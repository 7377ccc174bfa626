import { ModelError } from '../error.ts';
import type { Graph } from '../runtime.ts';
import { fitSimilarity, invert } from './image/affine.ts';
import type { Pyramid } from './image/pyramid.ts';
import { fivePoints } from './landmarks.ts';

/** Side of the aligned face in pixels. */
const ALIGNED_SIDE = 112;
/** Where eyes, nose and mouth corners lie in it: the template published with ArcFace (insightface, face_align.py). */
const ALIGNED_POINTS = [
  38.2946, 51.6963, 73.5318, 51.5014, 56.0252, 71.7366, 41.5493, 92.3655, 70.7299, 92.2041,
];
const MEAN = [127, 127, 127];
const DEVIATION = [128, 128, 128];
export const EMBEDDING_LENGTH = 512;

export interface Embedding {
  /** L2 norm 1. */
  readonly vector: Float32Array;
  /** L2 norm as the network gave it. */
  readonly norm: number;
}

/** The face turned upright and cut to the template, through the network. @throws ModelError MODEL_INVALID when it gives no vector */
export async function embed(graph: Graph, pyramid: Pyramid, landmarks: Float32Array): Promise<Embedding> {
  const data = pyramid.sample({
    width: ALIGNED_SIDE,
    height: ALIGNED_SIDE,
    toSource: invert(fitSimilarity(fivePoints(landmarks), ALIGNED_POINTS)),
    border: 'black',
    planes: 'bgr',
    mean: MEAN,
    deviation: DEVIATION,
  });
  const { output } = await graph.run({ input: { data, dims: [1, 3, ALIGNED_SIDE, ALIGNED_SIDE] } });
  const raw = output!.data;
  const norm = Math.sqrt(raw.reduce((sum, value) => sum + value * value, 0));
  if (raw.length !== EMBEDDING_LENGTH || !(norm > 0) || !Number.isFinite(norm)) {
    throw new ModelError('MODEL_INVALID', 'the embedding graph gave no usable vector');
  }
  return { vector: raw.map(value => value / norm), norm };
}
