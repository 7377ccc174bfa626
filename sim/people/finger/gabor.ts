import type { RowSpans } from './outline.ts';
import { PERIOD_MAX_PX, PERIOD_MIN_PX } from './period.ts';

/** Orientations over half a turn and periods of the bank; finer steps change no ridge. */
export const ORIENTATIONS = 64;
const PERIODS = 14;
/** Gaussian envelope in ridge periods, along and across the ridge. */
const SIGMA_ALONG = 0.6;
const SIGMA_ACROSS = 0.42;

/**
 * Gabor kernels of every orientation and period. Even kernels are symmetric and odd ones antisymmetric about the centre,
 * so only the taps before it (row by row) are kept, and then the centre of the even one.
 */
export interface KernelBank {
  readonly radius: number;
  /** Floats a kernel takes in `even`: half the window and the centre. */
  readonly stride: number;
  readonly even: Float32Array;
  readonly odd: Float32Array;
}

export function makeKernelBank(radius: number, pixelsPerMasterPixel: number): KernelBank {
  const side = 2 * radius + 1;
  const half = (side * side - 1) / 2;
  const stride = half + 1;
  const even = new Float32Array(ORIENTATIONS * PERIODS * stride);
  const odd = new Float32Array(even.length);
  const envelope = new Float64Array(stride);
  const cosine = new Float64Array(stride);
  const sine = new Float64Array(stride);
  for (let o = 0; o < ORIENTATIONS; o++) {
    const cos = Math.cos((o * Math.PI) / ORIENTATIONS);
    const sin = Math.sin((o * Math.PI) / ORIENTATIONS);
    for (let p = 0; p < PERIODS; p++) {
      const period =
        (PERIOD_MIN_PX + ((PERIOD_MAX_PX - PERIOD_MIN_PX) * p) / (PERIODS - 1)) * pixelsPerMasterPixel;
      let weighted = 0;
      let weights = 0;
      for (let t = 0; t < stride; t++) {
        const x = (t % side) - radius;
        const y = Math.floor(t / side) - radius;
        const along = (x * cos + y * sin) / (SIGMA_ALONG * period);
        const across = y * cos - x * sin;
        envelope[t] = Math.exp(-0.5 * (along * along + (across / (SIGMA_ACROSS * period)) ** 2));
        cosine[t] = Math.cos((2 * Math.PI * across) / period);
        sine[t] = Math.sin((2 * Math.PI * across) / period);
        const count = t === half ? 1 : 2;
        weighted += count * envelope[t]! * cosine[t]!;
        weights += count * envelope[t]!;
      }
      const mean = weighted / weights;
      let evenGain = 0;
      let oddGain = 0;
      for (let t = 0; t < stride; t++) {
        const count = t === half ? 1 : 2;
        evenGain += count * envelope[t]! * (cosine[t]! - mean) * cosine[t]!;
        oddGain += count * envelope[t]! * sine[t]! * sine[t]!;
      }
      const at = (o * PERIODS + p) * stride;
      for (let t = 0; t < stride; t++) {
        even[at + t] = (envelope[t]! * (cosine[t]! - mean)) / evenGain;
        odd[at + t] = (envelope[t]! * sine[t]!) / oddGain;
      }
    }
  }
  return { radius, stride, even, odd };
}

/** Index of the bank's orientation nearest to a tangent in radians of any branch. */
export const orientationIndex = (thetaRad: number): number =>
  ((Math.round((thetaRad / Math.PI) * ORIENTATIONS) % ORIENTATIONS) + ORIENTATIONS) % ORIENTATIONS;

/** Index of the kernel for an orientation index and a period in pixels at 500 ppi. */
export function kernelIndex(orientation: number, periodPx: number): number {
  const p = Math.round(((periodPx - PERIOD_MIN_PX) / (PERIOD_MAX_PX - PERIOD_MIN_PX)) * (PERIODS - 1));
  return orientation * PERIODS + Math.min(PERIODS - 1, Math.max(0, p));
}

/** An image with `radius` pixels of zeros on each side, so that no kernel looks outside. */
export interface PaddedImage {
  readonly width: number;
  readonly height: number;
  readonly radius: number;
  readonly values: Float32Array;
}

export const paddedImage = (width: number, height: number, radius: number): PaddedImage => ({
  width,
  height,
  radius,
  values: new Float32Array((width + 2 * radius) * (height + 2 * radius)),
});

/** Even response at every pixel within the spans, written to `out` of the same padding. */
export function filterEven(
  image: PaddedImage,
  kernels: Uint16Array,
  bank: KernelBank,
  spans: RowSpans,
  out: PaddedImage,
): void {
  const { width, height, radius, values } = image;
  const line = width + 2 * radius;
  const { even, stride } = bank;
  const target = out.values;
  for (let y = 0; y < height; y++) {
    for (let x = spans.from[y]!, to = spans.to[y]!; x < to; x++) {
      const centre = (y + radius) * line + x + radius;
      let k = kernels[y * width + x]! * stride;
      // Two sums, so that one addition need not wait for the other: this loop is most of a master's time.
      let sum = 0;
      let other = 0;
      for (let dy = radius; dy > 0; dy--) {
        let before = centre - dy * line - radius;
        let after = centre + dy * line + radius;
        for (const end = k + 2 * radius; k < end; k += 2, before += 2, after -= 2) {
          sum += even[k]! * (values[before]! + values[after]!);
          other += even[k + 1]! * (values[before + 1]! + values[after - 1]!);
        }
        sum += even[k++]! * (values[before]! + values[after]!);
      }
      for (let dx = radius; dx > 0; dx--) sum += even[k++]! * (values[centre - dx]! + values[centre + dx]!);
      target[centre] = sum + other + even[k]! * values[centre]!;
    }
  }
}

/** Even and odd responses together (they share the loads), unpadded. */
export function filterQuadrature(
  image: PaddedImage,
  kernels: Uint16Array,
  bank: KernelBank,
  spans: RowSpans,
): { even: Float32Array; odd: Float32Array } {
  const { width, height, radius, values } = image;
  const line = width + 2 * radius;
  const side = 2 * radius + 1;
  const { even, odd, stride } = bank;
  const outEven = new Float32Array(width * height);
  const outOdd = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = spans.from[y]!, to = spans.to[y]!; x < to; x++) {
      const centre = (y + radius) * line + x + radius;
      let k = kernels[y * width + x]! * stride;
      let sumEven = 0;
      let sumOdd = 0;
      for (let dy = radius; dy >= 0; dy--) {
        let before = centre - dy * line - radius;
        let after = centre + dy * line + radius;
        for (let i = dy === 0 ? radius : side; i > 0; i--, k++) {
          const a = values[before++]!;
          const b = values[after--]!;
          sumEven += even[k]! * (a + b);
          sumOdd += odd[k]! * (a - b);
        }
      }
      outEven[y * width + x] = sumEven + even[k]! * values[centre]!;
      outOdd[y * width + x] = sumOdd;
    }
  }
  return { even: outEven, odd: outOdd };
}
