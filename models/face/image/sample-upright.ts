import type { RgbImage } from './decode.ts';
import { FULL, LUMA, type Planes, type SampleOptions } from './sample.ts';

/** Along one direction: the two pixels that each result pixel lies between, and how much of each it takes, of {@link FULL}. */
interface Axis {
  readonly before: Int32Array;
  readonly after: Int32Array;
  readonly beforeShare: Int32Array;
  readonly afterShare: Int32Array;
}

/** @param extent pixels of the image in this direction; @param stride values from one pixel to the next */
function axis(
  count: number,
  step: number,
  start: number,
  extent: number,
  stride: number,
  black: boolean,
): Axis {
  const made: Axis = {
    before: new Int32Array(count),
    after: new Int32Array(count),
    beforeShare: new Int32Array(count),
    afterShare: new Int32Array(count),
  };
  const inside = (pixel: number): boolean => !black || (pixel >= 0 && pixel < extent);
  const place = (pixel: number): number => Math.max(0, Math.min(extent - 1, pixel)) * stride;
  for (let i = 0; i < count; i++) {
    const at = start + i * step;
    const before = Math.floor(at);
    const share = Math.round((at - before) * FULL);
    made.before[i] = place(before);
    made.after[i] = place(before + 1);
    made.beforeShare[i] = inside(before) ? FULL - share : 0;
    made.afterShare[i] = inside(before + 1) ? share : 0;
  }
  return made;
}

/** {@link sample} through a map that does not turn: what lies where is the same in every row and column. */
export function sampleUpright(image: RgbImage, options: SampleOptions, planes: Planes): void {
  const { width, height, toSource, border } = options;
  const { pixels } = image;
  const black = border === 'black';
  const columns = axis(width, toSource.a, toSource.c, image.width, 3, black);
  const rows = axis(height, toSource.e, toSource.f, image.height, image.width * 3, black);
  const { before, after, beforeShare, afterShare } = columns;
  const { out, grey, redAt, greenAt, blueAt, redRaise, greenRaise, blueRaise } = planes;
  const { redGain, greenGain, blueGain } = planes;
  // Rows first, then columns, in whole numbers: half the time of bilinear reading in fractions.
  const row = new Int32Array(image.width * 3);
  const [first, last] = [before[0]!, after[width - 1]! + 3];
  for (let v = 0, at = 0; v < height; v++) {
    const above = rows.before[v]!;
    const below = rows.after[v]!;
    const aboveShare = rows.beforeShare[v]!;
    const belowShare = rows.afterShare[v]!;
    for (let i = first; i < last; i++) {
      row[i] = Math.imul(pixels[above + i]!, aboveShare) + Math.imul(pixels[below + i]!, belowShare);
    }
    for (let u = 0; u < width; u++, at++) {
      const left = before[u]!;
      const right = after[u]!;
      const leftShare = beforeShare[u]!;
      const rightShare = afterShare[u]!;
      const red = Math.imul(row[left]!, leftShare) + Math.imul(row[right]!, rightShare);
      const green = Math.imul(row[left + 1]!, leftShare) + Math.imul(row[right + 1]!, rightShare);
      const blue = Math.imul(row[left + 2]!, leftShare) + Math.imul(row[right + 2]!, rightShare);
      if (grey) {
        out[at] = (LUMA.red * red + LUMA.green * green + LUMA.blue * blue) * redGain + redRaise;
      } else {
        out[redAt + at] = red * redGain + redRaise;
        out[greenAt + at] = green * greenGain + greenRaise;
        out[blueAt + at] = blue * blueGain + blueRaise;
      }
    }
  }
}
