import { CELL_PX, type Extracted } from './extract.ts';
import { MODEL_PPI } from './normalise.ts';

/** What can be measured of a print, in its own units; quality.ts turns these into 0..100. */
export interface QualityMeasures {
  /** Area of the print, square millimetres. */
  readonly areaMm2: number;
  /** Area where ridges are clear and clear ridges surround them, square millimetres; small on anything but a print. */
  readonly clearAreaMm2: number;
  /** How surely the ridges run one way, 0..1. */
  readonly flowCertainty: number;
  /** Mean over blocks of the spread of grey values (10th to 90th percentile), 0..255. */
  readonly contrastGrey: number;
  /** Share of pixels darker than the middle of their block, 0..1: below a half dry, above it wet. */
  readonly darkShare: number;
  /** Share of the print's pixels darker than the middle of the whole image's greys, 0..1: near 1 where valleys are flooded. */
  readonly darkInPrint: number;
  readonly minutiae: number;
  /** Sum of the minutiae's confidences. */
  readonly confidenceSum: number;
  /** Mean distance of the print's centre from the middle of the image, in millimetres. */
  readonly offCentreMm: number;
}

/** Blocks of two to three ridge periods (a period is about 9 px at 500 ppi), so that each holds ridge and valley. */
const BLOCK_PX = 24;
const CELLS_PER_BLOCK = BLOCK_PX / CELL_PX;
const PX_PER_MM = MODEL_PPI / 25.4;
const CELL_MM2 = (CELL_PX / PX_PER_MM) ** 2;
/** The extraction graph itself looks for minutiae where the mask is above 0.4; a print is counted from one half. */
const PRINT = 0.5;
/** Mean of |ridge| in a cell from which its ridges count as clear. */
const CLEAR = 0.45;
/** A clear cell counts when this share of the cells within two of it are clear too. */
const SURROUND_CELLS = 2;
const SURROUNDED = 0.8;

/** Measures the captured part of an image. */
export function measure(extracted: Extracted): QualityMeasures {
  const cells = measureCells(extracted);
  const blocks = measureBlocks(extracted);
  const confidenceSum = extracted.minutiae.reduce((sum, minutia) => sum + minutia.confidence, 0);
  const darkInPrint = measureDarkness(extracted);
  return { ...cells, ...blocks, darkInPrint, minutiae: extracted.minutiae.length, confidenceSum };
}

/** An image without any light place has none of paper or glass: this grey stands for it, that of a print's grey rim. */
const LEAST_LIGHT_GREY = 150;

function measureDarkness({ image, mask }: Extracted): number {
  const { width, height, paddedWidth, pixels } = image;
  const counts = new Uint32Array(256);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) counts[grey(pixels[y * paddedWidth + x]!)]!++;
  }
  const darkest = percentile(counts, width * height * 0.01);
  const lightest = Math.max(LEAST_LIGHT_GREY, percentile(counts, width * height * 0.99));
  const middle = (darkest + lightest) / 2;
  let [count, dark] = [0, 0];
  for (let y = 0; y < height; y++) {
    const cells = Math.floor(y / CELL_PX) * (paddedWidth / CELL_PX);
    for (let x = 0; x < width; x++) {
      if (!(mask[cells + Math.floor(x / CELL_PX)]! > PRINT)) continue;
      count++;
      if (pixels[y * paddedWidth + x]! < middle) dark++;
    }
  }
  return count === 0 ? 0.5 : dark / count;
}

const grey = (value: number): number => Math.min(255, Math.max(0, Math.round(value)));

type CellMeasures = Pick<QualityMeasures, 'areaMm2' | 'clearAreaMm2' | 'flowCertainty' | 'offCentreMm'>;

function measureCells({ image, mask, orientation, ridge }: Extracted): CellMeasures {
  const columns = image.paddedWidth / CELL_PX;
  const sines = orientation.length / 2;
  const [width, height] = [Math.floor(image.width / CELL_PX), Math.floor(image.height / CELL_PX)];
  const clear = new Uint8Array(width * height);
  let [count, flow, sumX, sumY] = [0, 0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = y * columns + x;
      if (!(mask[cell]! > PRINT)) continue;
      const cellStrength = meanAbsolute(ridge, image.paddedWidth, x * CELL_PX, y * CELL_PX);
      count++;
      if (cellStrength > CLEAR) clear[y * width + x] = 1;
      flow += Math.min(1, Math.hypot(orientation[cell]!, orientation[sines + cell]!));
      sumX += x;
      sumY += y;
    }
  }
  const per = Math.max(1, count);
  const offCentreCells = count === 0 ? 0 : Math.hypot(sumX / per - width / 2, sumY / per - height / 2);
  return {
    areaMm2: count * CELL_MM2,
    clearAreaMm2: countSurrounded(clear, width, height) * CELL_MM2,
    flowCertainty: flow / per,
    offCentreMm: (offCentreCells * CELL_PX) / PX_PER_MM,
  };
}

/** Cells at the border of the image have fewer around them; those beyond it count as not clear. */
function countSurrounded(clear: Uint8Array, width: number, height: number): number {
  const side = 2 * SURROUND_CELLS + 1;
  const needed = SURROUNDED * side ** 2;
  let count = 0;
  for (let y = SURROUND_CELLS; y < height - SURROUND_CELLS; y++) {
    for (let x = SURROUND_CELLS; x < width - SURROUND_CELLS; x++) {
      if (clear[y * width + x] === 0) continue;
      let around = 0;
      for (let row = y - SURROUND_CELLS; row <= y + SURROUND_CELLS; row++) {
        for (let at = row * width + x - SURROUND_CELLS; at <= row * width + x + SURROUND_CELLS; at++)
          around += clear[at]!;
      }
      if (around >= needed) count++;
    }
  }
  return count;
}

function meanAbsolute(ridge: Float32Array, stride: number, left: number, top: number): number {
  let sum = 0;
  for (let y = top; y < top + CELL_PX; y++) {
    for (let x = left; x < left + CELL_PX; x++) sum += Math.abs(ridge[y * stride + x]!);
  }
  return sum / CELL_PX ** 2;
}

type BlockMeasures = Pick<QualityMeasures, 'contrastGrey' | 'darkShare'>;

/** Over blocks that lie wholly in the print. */
function measureBlocks(extracted: Extracted): BlockMeasures {
  const { image } = extracted;
  const seen = new Float32Array(BLOCK_PX ** 2);
  let [count, contrast, dark] = [0, 0, 0];
  for (let top = 0; top + BLOCK_PX <= image.height; top += BLOCK_PX) {
    for (let left = 0; left + BLOCK_PX <= image.width; left += BLOCK_PX) {
      if (!isPrint(extracted, left / CELL_PX, top / CELL_PX)) continue;
      copyBlock(image.pixels, image.paddedWidth, left, top, seen);
      const { spread, dark: darkHere } = greyLevels(seen);
      contrast += spread;
      dark += darkHere;
      count++;
    }
  }
  const per = Math.max(1, count);
  return {
    contrastGrey: contrast / per,
    darkShare: count ? dark / per : 0.5,
  };
}

function isPrint({ image, mask }: Extracted, column: number, row: number): boolean {
  const columns = image.paddedWidth / CELL_PX;
  for (let y = row; y < row + CELLS_PER_BLOCK; y++) {
    for (let x = column; x < column + CELLS_PER_BLOCK; x++) {
      if (!(mask[y * columns + x]! > PRINT)) return false;
    }
  }
  return true;
}

function copyBlock(
  source: Float32Array,
  stride: number,
  left: number,
  top: number,
  block: Float32Array,
): void {
  for (let y = 0; y < BLOCK_PX; y++) {
    const from = (top + y) * stride + left;
    block.set(source.subarray(from, from + BLOCK_PX), y * BLOCK_PX);
  }
}

/** Spread between the 10th and the 90th percentile, and the share of pixels darker than the middle between them. */
function greyLevels(block: Float32Array): { spread: number; dark: number } {
  const counts = new Uint16Array(256);
  for (const value of block) counts[grey(value)]!++;
  const low = percentile(counts, block.length * 0.1);
  const high = percentile(counts, block.length * 0.9);
  let below = 0;
  for (let level = 0; level < (low + high) / 2; level++) below += counts[level]!;
  return { spread: high - low, dark: below / block.length };
}

/** The first level up to which more than `rank` pixels lie. */
function percentile(counts: Uint16Array | Uint32Array, rank: number): number {
  let seen = 0;
  for (let level = 0; level < counts.length; level++) {
    seen += counts[level]!;
    if (seen > rank) return level;
  }
  return counts.length - 1;
}
