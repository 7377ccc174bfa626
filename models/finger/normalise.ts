import { ModelError } from '../error.ts';
import type { GrayImage } from './types.ts';

/** The resolution all our fingerprint graphs work at (ISO/IEC 19794-4 scan levels 30 and 31 are 500 ppi). */
export const MODEL_PPI = 500;
/** Side lengths the extraction graph takes are multiples of this: two halvings after an unshuffle by 4. */
const SIDE_MULTIPLE = 16;
/** The extraction graph picks the 64 strongest of its cells of 4x4 px, so it needs at least 64 of them. */
const MIN_PADDED_SIDE = 64;
/** 4 megapixels at 500 ppi: 100 x 100 mm, more than any single finger or four-finger slap. */
const MAX_MODEL_PIXELS = 4_194_304;
/** Template coordinates are 13 bits of whole pixels. */
const MAX_MODEL_SIDE = 8191;
/** As captured: a finger of 25 x 25 mm at 2000 ppi has 4 megapixels. */
const MAX_CAPTURED_PIXELS = 16_777_216;
/** Below 100 ppi a ridge period (0.45 mm) has under two pixels; above 2000 no sensor is sold. */
const MIN_PPI = 100;
const MAX_PPI = 2000;

/** An image at 500 ppi, padded for the graph. `width` and `height` are those of the part that was captured. */
export interface ModelImage {
  readonly width: number;
  readonly height: number;
  readonly paddedWidth: number;
  readonly paddedHeight: number;
  /** Row-major, 0..255, `paddedWidth * paddedHeight` values. */
  readonly pixels: Float32Array;
}

/**
 * Resamples to 500 ppi and pads right and bottom by repeating the edge, so that the graph sees no artificial border.
 * @param magnification above 1 the print is made larger than life by so much, as a stretched skin would
 * @throws ModelError MODEL_INPUT when the image is none or too large
 */
export function normalise(image: GrayImage, magnification = 1): ModelImage {
  assertImage(image);
  const scale = (MODEL_PPI / image.ppi) * magnification;
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  const tooLong = Math.max(width, height) > MAX_MODEL_SIDE * magnification;
  if (tooLong || width * height > MAX_MODEL_PIXELS * magnification ** 2)
    throw new ModelError('MODEL_INPUT', 'the image is larger than 100 x 100 mm');
  const source = Float32Array.from(image.pixels);
  const rows = width === image.width ? source : resampleRows(source, image.width, image.height, width);
  const pixels =
    height === image.height
      ? rows
      : transpose(resampleRows(transpose(rows, width), image.height, width, height), height);
  return pad(pixels, width, height);
}

function assertImage({ width, height, ppi, pixels }: GrayImage): void {
  const whole = Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0;
  if (!whole) throw new ModelError('MODEL_INPUT', 'the image has no size');
  if (!(ppi >= MIN_PPI && ppi <= MAX_PPI)) {
    throw new ModelError('MODEL_INPUT', `a resolution of ${MIN_PPI} to ${MAX_PPI} ppi is needed`);
  }
  if (width * height > MAX_CAPTURED_PIXELS)
    throw new ModelError('MODEL_INPUT', 'the image has over 16 megapixels');
  if (!(pixels instanceof Uint8Array) || pixels.length !== width * height) {
    throw new ModelError('MODEL_INPUT', 'the image holds other than width x height bytes');
  }
}

/**
 * Stretches each row with a triangle filter as wide as the coarser of the two grids: linear interpolation upwards,
 * an area average downwards, so that ridges never alias.
 */
function resampleRows(source: Float32Array, width: number, height: number, newWidth: number): Float32Array {
  const result = new Float32Array(newWidth * height);
  const ratio = width / newWidth;
  const radius = Math.max(1, ratio);
  for (let x = 0; x < newWidth; x++) {
    const centre = (x + 0.5) * ratio - 0.5;
    const first = Math.ceil(centre - radius);
    const weights: number[] = [];
    let sum = 0;
    for (let at = first; at <= centre + radius; at++) {
      const weight = Math.max(0, 1 - Math.abs(at - centre) / radius);
      weights.push(weight);
      sum += weight;
    }
    for (let y = 0; y < height; y++) {
      let value = 0;
      for (let k = 0; k < weights.length; k++) {
        const at = Math.min(width - 1, Math.max(0, first + k));
        value += weights[k]! * source[y * width + at]!;
      }
      result[y * newWidth + x] = value / sum;
    }
  }
  return result;
}

/** Rows become columns. */
function transpose(source: Float32Array, width: number): Float32Array {
  const height = source.length / width;
  const result = new Float32Array(source.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) result[x * height + y] = source[y * width + x]!;
  return result;
}

const paddedSide = (side: number): number =>
  Math.max(MIN_PADDED_SIDE, Math.ceil(side / SIDE_MULTIPLE) * SIDE_MULTIPLE);

function pad(source: Float32Array, width: number, height: number): ModelImage {
  const paddedWidth = paddedSide(width);
  const paddedHeight = paddedSide(height);
  const pixels = new Float32Array(paddedWidth * paddedHeight);
  for (let y = 0; y < paddedHeight; y++) {
    const row = Math.min(y, height - 1) * width;
    const target = y * paddedWidth;
    pixels.set(source.subarray(row, row + width), target);
    pixels.fill(source[row + width - 1]!, target + width, target + paddedWidth);
  }
  return { width, height, paddedWidth, paddedHeight, pixels };
}
