import { CHIP_WIDTH, type Chip } from './chip.ts';

// The inner face, without hair and background, in chip pixels.
const FIELD = { left: 6, right: 110, top: 16, bottom: 142 };
/** Every other row tells as much as all of them. */
const ROW_STEP = 2;
/** Length of the mean filter, in steps (Crete et al. use 9); a diagonal step is longer by the root of two. */
const FILTER = 9;
const DIAGONAL_FILTER = 7;

/** One direction of the measure: steps along `stride`. */
function lostVariation(luma: Float32Array, stride: number, filter: number): number {
  let [before, kept] = [0, 0];
  const half = (filter - 1) / 2;
  for (let y = FIELD.top; y < FIELD.bottom; y += ROW_STEP) {
    for (let x = FIELD.left; x < FIELD.right; x++) {
      const at = y * CHIP_WIDTH + x;
      const step = Math.abs(luma[at]! - luma[at - stride]!);
      // The difference of two neighbouring means is the difference of what enters and what leaves the window.
      const blurredStep = Math.abs(luma[at + half * stride]! - luma[at - (half + 1) * stride]!) / filter;
      before += step;
      if (step > blurredStep) kept += step - blurredStep;
    }
  }
  return before > 0 ? kept / before : 0;
}

/**
 * How much of the face's fine variation a blur would take away, 0 (all is blurred already) .. 1 (crisp): one minus the
 * perceptual blur measure of Crete, Dolmiere, Ladret and Nicolas (2007). Does not depend on contrast or brightness. The
 * worst of four directions counts, so that motion shows.
 */
export const measureSharpness = ({ luma }: Chip): number =>
  Math.min(
    lostVariation(luma, 1, FILTER),
    lostVariation(luma, CHIP_WIDTH, FILTER),
    lostVariation(luma, CHIP_WIDTH + 1, DIAGONAL_FILTER),
    lostVariation(luma, CHIP_WIDTH - 1, DIAGONAL_FILTER),
  );
