import type { RgbImage } from '../image/decode.ts';
import type { FaceBox } from '../types.ts';

export interface Artefacts {
  /** Standard deviation of pixel noise, in grey levels of 255. */
  readonly noise: number;
  /** Steps between neighbours on the edges of JPEG's 8-pixel blocks over those inside blocks; about 1 for a good picture. */
  readonly blockiness: number;
}

/** Of the green channel, which carries most of the luma, so that no grey copy is needed. */
const GREEN = 1;
const BLOCK = 8;
/** Every fourth row is enough. */
const ROW_STEP = 4;
/** Added to both sides of the ratio, in grey levels: in flat parts a step of one level means nothing. */
const FLOOR = 0.5;
/** For a normal distribution, deviation over median of the absolute value. */
const DEVIATION_PER_MEDIAN = 1.4826;
/** Gain of the filter below on independent noise: the root of the sum of its squares (1+4+1, 4+16+4, 1+4+1). */
const FILTER_GAIN = 6;

/**
 * What sensor and compression did to the pixels around a face, at the resolution of the analysed image. Noise after
 * Immerkaer (1996): a filter blind to edges and slopes; its median rather than its mean, which hair and beards do not move.
 */
export function measureArtefacts({ width, height, pixels }: RgbImage, box: FaceBox): Artefacts {
  const left = Math.max(1, Math.floor(box.x));
  const right = Math.min(width - 1, Math.ceil(box.x + box.width));
  const top = Math.max(1, Math.floor(box.y));
  const bottom = Math.min(height - 1, Math.ceil(box.y + box.height));
  const stride = width * 3;
  const histogram = new Uint32Array(256 * 16);
  let [count, edgeSum, edgeCount, innerSum, innerCount] = [0, 0, 0, 0, 0];
  for (let y = top; y < bottom; y += ROW_STEP) {
    for (let x = left; x < right; x++) {
      const at = y * stride + x * 3 + GREEN;
      const [above, below] = [at - stride, at + stride];
      const corners = pixels[above - 3]! + pixels[above + 3]! + pixels[below - 3]! + pixels[below + 3]!;
      const sides = pixels[above]! + pixels[below]! + pixels[at - 3]! + pixels[at + 3]!;
      histogram[Math.abs(corners - 2 * sides + 4 * pixels[at]!)]!++;
      count++;
      const step = Math.abs(pixels[at]! - pixels[at - 3]!);
      if (x % BLOCK === 0) {
        edgeSum += step;
        edgeCount++;
      } else {
        innerSum += step;
        innerCount++;
      }
    }
  }
  let [median, seen] = [0, 0];
  while (median < histogram.length && seen + histogram[median]! < count / 2) seen += histogram[median++]!;
  return {
    noise: (median * DEVIATION_PER_MEDIAN) / FILTER_GAIN,
    blockiness: (edgeSum / Math.max(1, edgeCount) + FLOOR) / (innerSum / Math.max(1, innerCount) + FLOOR),
  };
}
