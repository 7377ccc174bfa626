import { ontoRectangle } from '../image/affine.ts';
import type { Pyramid } from '../image/pyramid.ts';
import { eyeCentres, meanPoint } from '../landmarks.ts';

/** Width to which the frame is reduced, in pixels: texture finer than this is not seen as a pattern. */
const REDUCED_WIDTH = 128;
// The head with its hair, around the middle of the face and relative to the distance between the eyes, and the shoulders.
const HEAD_HALF_WIDTH = 1.9;
const HEAD_ABOVE_EYES = 2.9;
const SHOULDERS_BELOW_EYES = 1.6;
/** Fewer pixels than this share of the frame say nothing about a background. */
const MIN_SHARE = 0.05;

/** A Sobel gradient above this is an edge: a step of 15 of 255 grey levels from one reduced pixel to the next. */
const EDGE_GRADIENT = 60;

export interface Background {
  /** Mean Sobel gradient of the luma, in grey levels of 255 a step (OFIQ's background measure). */
  readonly gradient: number;
  /** Share of its pixels on an edge: one busy corner of a plain wall shows here, not in the mean. */
  readonly edgeShare: number;
}

/** What is seen beside and above the head; undefined when the face leaves no background to see. */
export function measureBackground(pyramid: Pyramid, landmarks: Float32Array): Background | undefined {
  const { width: imageWidth, height: imageHeight } = pyramid.image;
  const width = Math.min(REDUCED_WIDTH, imageWidth);
  const height = Math.max(3, Math.round((imageHeight * width) / imageWidth));
  const toSource = ontoRectangle(width, height, { x: 0, y: 0, width: imageWidth, height: imageHeight });
  const luma = pyramid.sample({ width, height, toSource, border: 'edge', planes: 'grey' });
  const { left, right } = eyeCentres(landmarks);
  const reduction = width / imageWidth;
  const eyeDistance = Math.hypot(right.x - left.x, right.y - left.y) * reduction;
  const eyes = { x: ((left.x + right.x) / 2) * reduction, y: ((left.y + right.y) / 2) * reduction };
  const nose = meanPoint(landmarks, [30]).x * reduction;
  const bottom = Math.min(height - 1, eyes.y + SHOULDERS_BELOW_EYES * eyeDistance);
  let [sum, edges, count] = [0, 0, 0];
  for (let y = 1; y < bottom; y++) {
    for (let x = 1; x < width - 1; x++) {
      const beside = Math.abs(x - (eyes.x + nose) / 2) > HEAD_HALF_WIDTH * eyeDistance;
      if (!beside && y > eyes.y - HEAD_ABOVE_EYES * eyeDistance) continue;
      const at = y * width + x;
      const [above, below] = [at - width, at + width];
      const gx =
        luma[above + 1]! -
        luma[above - 1]! +
        2 * (luma[at + 1]! - luma[at - 1]!) +
        luma[below + 1]! -
        luma[below - 1]!;
      const gy =
        luma[below - 1]! -
        luma[above - 1]! +
        2 * (luma[below]! - luma[above]!) +
        luma[below + 1]! -
        luma[above + 1]!;
      const gradient = Math.hypot(gx, gy);
      sum += gradient;
      if (gradient > EDGE_GRADIENT) edges++;
      count++;
    }
  }
  if (count < MIN_SHARE * width * height) return undefined;
  return { gradient: sum / count, edgeShare: edges / count };
}
