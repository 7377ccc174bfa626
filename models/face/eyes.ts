import type { Graph } from '../runtime.ts';
import { ontoRectangle } from './image/affine.ts';
import type { Pyramid } from './image/pyramid.ts';
import { eyeCentres } from './landmarks.ts';

const SIDE = 24;
const DEVIATION = [255];
/** The square around an eye is this many times as wide as the eye from corner to corner. */
const SQUARE_PER_EYE_WIDTH = 1.6;

/** Softmax of two values: the second one's share. */
const second = ([first = 0, other = 0]: Float32Array): number => 1 / (1 + Math.exp(first - other));

/** Probability that each eye is open, 0..1; `left` is nearer the left edge of the frame. */
export async function eyesOpen(graph: Graph, pyramid: Pyramid, landmarks: Float32Array) {
  const eye = async (centre: { x: number; y: number }, outer: number, inner: number): Promise<number> => {
    const [dx, dy] = [
      landmarks[2 * inner]! - landmarks[2 * outer]!,
      landmarks[2 * inner + 1]! - landmarks[2 * outer + 1]!,
    ];
    const side = Math.max(2, Math.hypot(dx, dy) * SQUARE_PER_EYE_WIDTH);
    const square = { x: centre.x - side / 2, y: centre.y - side / 2, width: side, height: side };
    const toSource = ontoRectangle(SIDE, SIDE, square);
    const data = pyramid.sample({
      width: SIDE,
      height: SIDE,
      toSource,
      border: 'edge',
      planes: 'grey',
      deviation: DEVIATION,
    });
    const { output } = await graph.run({ input: { data, dims: [1, 1, SIDE, SIDE] } });
    return second(output!.data);
  };
  const { left, right } = eyeCentres(landmarks);
  return { left: await eye(left, 36, 39), right: await eye(right, 42, 45) };
}
