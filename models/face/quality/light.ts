import type { RgbImage } from '../image/decode.ts';
import { CHIP_EYE_DISTANCE, CHIP_WIDTH, type Chip, eachPixel, insideEllipse } from './chip.ts';

export interface Light {
  /** Mean luma of the face, 0..1, and its variance. */
  readonly meanLuma: number;
  readonly lumaVariance: number;
  /** Share of face pixels darker than 26 of 255 (the bins of OFIQ's exposure measures). */
  readonly darkShare: number;
  /** Share of face pixels with a channel of 250 or more: skin burns out in red long before its luma does. */
  readonly brightShare: number;
  /** Entropy of the face's luma histogram, in bits, 0..8. */
  readonly entropyBits: number;
  /** By how much brightness changes from one side to the other: natural logarithm of luma per distance between the eyes. */
  readonly sideGradient: number;
}

const DARK_BELOW = 26;
const BRIGHT_FROM = 250;
/** Of all three channels: what a sensor or its JPEG makes of too much light. */
const BURNT_FROM = 254;
/** Every so many pixels are enough for a share of the frame. */
const BURNT_STEP = 16;

/** Keeps the logarithm of a black pixel finite and lets noise in the dark count little, in grey levels. */
const LUMA_FLOOR = 8;
const LOG = Float64Array.from({ length: 256 }, (_, luma) => Math.log(luma + LUMA_FLOOR));

/**
 * Slope of the logarithm of luma across the face, fitted to all pairs of pixels that mirror each other. Features come in
 * such pairs, so what is left is the light; the logarithm makes dark and fair skin alike.
 */
function sideGradient(luma: Float32Array): number {
  let [sum, weight] = [0, 0];
  const middle = CHIP_WIDTH / 2;
  insideEllipse(middle, 71, 54, 70, index => {
    const x = index % CHIP_WIDTH;
    if (x >= middle) return;
    const mirrored = index - x + (CHIP_WIDTH - 1 - x);
    const apart = CHIP_WIDTH - 1 - 2 * x;
    sum += apart * (LOG[Math.round(luma[mirrored]!)]! - LOG[Math.round(luma[index]!)]!);
    weight += apart * apart;
  });
  return (Math.abs(sum) / weight) * CHIP_EYE_DISTANCE;
}

/** How the face is lit. */
export function measureLight({ red, green, blue, luma }: Chip): Light {
  const histogram = new Uint32Array(256);
  let [count, sum, squares, bright] = [0, 0, 0, 0];
  eachPixel('face', index => {
    const value = luma[index]!;
    histogram[Math.min(255, Math.round(value))]!++;
    sum += value;
    squares += value * value;
    if (Math.max(red[index]!, green[index]!, blue[index]!) >= BRIGHT_FROM) bright++;
    count++;
  });
  const dark = histogram.subarray(0, DARK_BELOW).reduce((total, one) => total + one, 0);
  let entropyBits = 0;
  for (const bin of histogram) if (bin > 0) entropyBits -= (bin / count) * Math.log2(bin / count);
  return {
    meanLuma: sum / count / 255,
    lumaVariance: Math.max(0, squares / count - (sum / count) ** 2) / 255 ** 2,
    darkShare: dark / count,
    brightShare: bright / count,
    entropyBits,
    sideGradient: sideGradient(luma),
  };
}

/** Share of the frame in which all three channels are burnt out, 0..1. */
export function measureBurnt({ pixels }: RgbImage): number {
  let [burnt, count] = [0, 0];
  for (let at = 0; at < pixels.length; at += 3 * BURNT_STEP) {
    if (Math.min(pixels[at]!, pixels[at + 1]!, pixels[at + 2]!) >= BURNT_FROM) burnt++;
    count++;
  }
  return burnt / count;
}
