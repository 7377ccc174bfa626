import type { Rng } from './rng.ts';

/** A scalar field, row-major: `values.length === width * height`. */
export interface Field {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** Catmull-Rom weights of the four nodes round a fraction in [0, 1). */
function cubicWeights(t: number): readonly [number, number, number, number] {
  const t2 = t * t;
  const t3 = t2 * t;
  return [(-t3 + 2 * t2 - t) / 2, (3 * t3 - 5 * t2 + 2) / 2, (-3 * t3 + 4 * t2 + t) / 2, (t3 - t2) / 2];
}

/**
 * Cubic resampling of `source` at `origin + i * step` (in source pixels) along both axes; edges are repeated.
 * Separable, so the cost is eight multiplications a pixel.
 */
export function resampleCubic(
  source: Field,
  width: number,
  height: number,
  originX: number,
  originY: number,
  step: number,
): Field {
  const { width: sourceWidth, height: sourceHeight, values } = source;
  const wide = new Float32Array(width * sourceHeight);
  for (let x = 0; x < width; x++) {
    const at = originX + x * step;
    const left = Math.floor(at);
    const [w0, w1, w2, w3] = cubicWeights(at - left);
    const clamp = (i: number): number => Math.min(sourceWidth - 1, Math.max(0, i));
    const c0 = clamp(left - 1);
    const c1 = clamp(left);
    const c2 = clamp(left + 1);
    const c3 = clamp(left + 2);
    for (let y = 0; y < sourceHeight; y++) {
      const row = y * sourceWidth;
      wide[y * width + x] =
        w0 * values[row + c0]! + w1 * values[row + c1]! + w2 * values[row + c2]! + w3 * values[row + c3]!;
    }
  }
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const at = originY + y * step;
    const top = Math.floor(at);
    const [w0, w1, w2, w3] = cubicWeights(at - top);
    const row = (i: number): number => Math.min(sourceHeight - 1, Math.max(0, i)) * width;
    const r0 = row(top - 1);
    const r1 = row(top);
    const r2 = row(top + 1);
    const r3 = row(top + 2);
    const to = y * width;
    for (let x = 0; x < width; x++) {
      out[to + x] = w0 * wide[r0 + x]! + w1 * wide[r1 + x]! + w2 * wide[r2 + x]! + w3 * wide[r3 + x]!;
    }
  }
  return { width, height, values: out };
}

/** Brings cubic interpolation of white noise back to about unit variance (measured: 0.83 of it is left). */
const CUBIC_NOISE_GAIN = 1.2;

/** Smooth noise of zero mean and about unit variance that changes over `scalePx` pixels (2 or more). */
export function smoothNoise(rng: Rng, width: number, height: number, scalePx: number): Float32Array {
  const gridWidth = Math.ceil(width / scalePx) + 4;
  const gridHeight = Math.ceil(height / scalePx) + 4;
  const values = new Float32Array(gridWidth * gridHeight);
  for (let i = 0; i < values.length; i++) values[i] = CUBIC_NOISE_GAIN * rng.normal();
  const grid = { width: gridWidth, height: gridHeight, values };
  return resampleCubic(grid, width, height, 1 + rng.uniform(), 1 + rng.uniform(), 1 / scalePx).values;
}

/** White noise of unit variance by the sum of three uniforms: normal enough for grain, a third of the cost. */
export function whiteNoise(rng: Rng, count: number): Float32Array {
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = 2 * (rng.uniform() + rng.uniform() + rng.uniform() - 1.5);
  return values;
}

/** Gaussian blur in place of a new array, cut at 2.5 sigma, edges repeated. */
export function gaussianBlur(
  values: Float32Array,
  width: number,
  height: number,
  sigmaPx: number,
): Float32Array {
  const radius = Math.max(1, Math.ceil(2.5 * sigmaPx));
  const weights = new Float32Array(radius + 1);
  let sum = 0;
  for (let i = 0; i <= radius; i++) {
    weights[i] = Math.exp((-0.5 * i * i) / (sigmaPx * sigmaPx));
    sum += i === 0 ? weights[i]! : 2 * weights[i]!;
  }
  for (let i = 0; i <= radius; i++) weights[i] = weights[i]! / sum;

  const padded = new Float32Array(width + 2 * radius);
  const across = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = y * width;
    padded.fill(values[row]!, 0, radius);
    padded.set(values.subarray(row, row + width), radius);
    padded.fill(values[row + width - 1]!, radius + width);
    for (let x = 0; x < width; x++) {
      let value = weights[0]! * padded[x + radius]!;
      for (let i = 1; i <= radius; i++)
        value += weights[i]! * (padded[x + radius - i]! + padded[x + radius + i]!);
      across[row + x] = value;
    }
  }
  const out = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const to = y * width;
    for (let i = 0; i <= radius; i++) {
      const above = Math.max(0, y - i) * width;
      const below = Math.min(height - 1, y + i) * width;
      const weight = i === 0 ? weights[0]! / 2 : weights[i]!;
      for (let x = 0; x < width; x++)
        out[to + x] = out[to + x]! + weight * (across[above + x]! + across[below + x]!);
    }
  }
  return out;
}

/** Bilinear value at a place; places outside are moved to the border. */
export function bilinearAt(field: Field, x: number, y: number): number {
  const { width, height, values } = field;
  const cx = Math.min(width - 1.001, Math.max(0, x));
  const cy = Math.min(height - 1.001, Math.max(0, y));
  const left = Math.floor(cx);
  const top = Math.floor(cy);
  const fx = cx - left;
  const fy = cy - top;
  const at = top * width + left;
  const upper = values[at]! + fx * (values[at + 1]! - values[at]!);
  const lower = values[at + width]! + fx * (values[at + width + 1]! - values[at + width]!);
  return upper + fy * (lower - upper);
}

/** tanh by its Pade approximant (error below 0.03), several times as fast as Math.tanh and enough for saturation. */
export function softSaturate(x: number): number {
  if (x > 3) return 1;
  if (x < -3) return -1;
  const x2 = x * x;
  return (x * (27 + x2)) / (27 + 9 * x2);
}

export const logistic = (x: number): number => 1 / (1 + Math.exp(-x));
