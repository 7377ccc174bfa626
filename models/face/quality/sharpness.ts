import { CHIP_SIDE, type Chip } from './chip.ts';

// The inner face, without hair and background, in chip pixels.
const FIELD = { left: 60, right: 164, top: 70, bottom: 196 };
/** Length of the mean filter, in chip pixels (Crete et al. use 9). */
const FILTER = 9;

/** One direction of the measure: steps along `stride`. */
function lostVariation(luma: Float32Array, stride: number): number {
  let [before, kept] = [0, 0];
  const half = (FILTER - 1) / 2;
  for (let y = FIELD.top; y < FIELD.bottom; y++) {
    for (let x = FIELD.left; x < FIELD.right; x++) {
      const at = y * CHIP_SIDE + x;
      const step = Math.abs(luma[at]! - luma[at - stride]!);
      // The difference of two neighbouring means is the difference of what enters and what leaves the window.
      const blurredStep = Math.abs(luma[at + half * stride]! - luma[at - (half + 1) * stride]!) / FILTER;
      before += step;
      kept += Math.max(0, step - blurredStep);
    }
  }
  return before > 0 ? kept / before : 0;
}

/**
 * How much of the face's fine variation a blur would take away, 0 (all is blurred already) .. 1 (crisp): one minus the
 * perceptual blur measure of Crete, Dolmiere, Ladret and Nicolas (2007). Does not depend on contrast or brightness. The
 * worse direction counts, so that motion in one direction shows.
 */
export const measureSharpness = ({ luma }: Chip): number =>
  Math.min(lostVariation(luma, 1), lostVariation(luma, CHIP_SIDE));
