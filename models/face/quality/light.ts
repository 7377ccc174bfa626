import { CHIP_EYE_DISTANCE, CHIP_SIDE, type Chip, eachPixel, insideEllipse } from './chip.ts';

export interface Light {
  /** Mean luma of the face, 0..1. */
  readonly meanLuma: number;
  /** Share of face pixels darker than 26 of 255, and brighter than 246 (the bins of OFIQ's exposure measures). */
  readonly darkShare: number;
  readonly brightShare: number;
  /** Entropy of the face's luma histogram, in bits, 0..8. */
  readonly entropyBits: number;
  /** By how much brightness changes from one side to the other: natural logarithm of luma per distance between the eyes. */
  readonly sideGradient: number;
}

const DARK_BELOW = 26;
const BRIGHT_FROM = 247;

/** Keeps the logarithm of a black pixel finite and lets noise in the dark count little, in grey levels. */
const LUMA_FLOOR = 8;

/**
 * Slope of the logarithm of luma across the face, fitted to all pairs of pixels that mirror each other. Features come in
 * such pairs, so what is left is the light; the logarithm makes dark and fair skin alike.
 */
function sideGradient(luma: Float32Array): number {
  let [sum, weight] = [0, 0];
  const middle = CHIP_SIDE / 2;
  insideEllipse(middle, 125, 54, 70, index => {
    const x = index % CHIP_SIDE;
    if (x >= middle) return;
    const mirrored = index - x + (CHIP_SIDE - 1 - x);
    const apart = CHIP_SIDE - 1 - 2 * x;
    sum += apart * Math.log((luma[mirrored]! + LUMA_FLOOR) / (luma[index]! + LUMA_FLOOR));
    weight += apart * apart;
  });
  return (Math.abs(sum) / weight) * CHIP_EYE_DISTANCE;
}

/** How the face is lit. */
export function measureLight({ luma }: Chip): Light {
  const histogram = new Uint32Array(256);
  let [count, sum] = [0, 0];
  eachPixel('face', index => {
    const value = luma[index]!;
    histogram[Math.min(255, Math.round(value))]!++;
    sum += value;
    count++;
  });
  const share = (from: number, to: number) =>
    histogram.subarray(from, to).reduce((total, one) => total + one, 0) / count;
  let entropyBits = 0;
  for (const bin of histogram) if (bin > 0) entropyBits -= (bin / count) * Math.log2(bin / count);
  return {
    meanLuma: sum / count / 255,
    darkShare: share(0, DARK_BELOW),
    brightShare: share(BRIGHT_FROM, 256),
    entropyBits,
    sideGradient: sideGradient(luma),
  };
}
