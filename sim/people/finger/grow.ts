import { bilinearAt, type Field, resampleCubic, softSaturate } from './field.ts';
import {
  filterEven,
  filterQuadrature,
  type KernelBank,
  kernelIndex,
  makeKernelBank,
  ORIENTATIONS,
  orientationIndex,
  type PaddedImage,
  paddedImage,
} from './gabor.ts';
import { MASTER_HEIGHT, MASTER_WIDTH, outlineSpans, type RowSpans } from './outline.ts';
import type { Rng } from './rng.ts';

/** Ridges are grown at half resolution, where a window of 11 pixels sees what one of 22 does at full. */
export const GROWTH_STEP = 2;
const GROWTH_RADIUS = 5;
const FULL_RADIUS = 9;
/** Response to saturation: below 1.3 ridges fade, above 2 their ends turn square. */
const GROWTH_GAIN = 1.6;

export interface GrowthKernels {
  readonly growth: KernelBank;
  readonly full: KernelBank;
}

export const makeGrowthKernels = (): GrowthKernels => ({
  growth: makeKernelBank(GROWTH_RADIUS, 1 / GROWTH_STEP),
  full: makeKernelBank(FULL_RADIUS, 1),
});

/** A finger's ridges as a wave: `even` is its cosine part (above 0 on ridges), `odd` its sine part across the ridge. */
export interface RidgeWave {
  readonly width: number;
  readonly height: number;
  readonly even: Float32Array;
  readonly odd: Float32Array;
  /** The tangent of the ridges on the branch [0, pi) that the odd kernels used. */
  readonly thetaRad: Float32Array;
  readonly periodPx: Float32Array;
}

function saturate(image: PaddedImage, spans: RowSpans): void {
  const line = image.width + 2 * image.radius;
  for (let y = 0; y < image.height; y++) {
    const row = (y + image.radius) * line + image.radius;
    for (let i = row + spans.from[y]!, end = row + spans.to[y]!; i < end; i++) {
      image.values[i] = softSaturate(GROWTH_GAIN * image.values[i]!);
    }
  }
}

function growHalf(flow: Field, period: Field, kernels: GrowthKernels, rng: Rng): Field {
  const { width, height } = flow;
  const spans = outlineSpans(width, height);
  const index = new Uint16Array(width * height);
  for (let i = 0; i < index.length; i++)
    index[i] = kernelIndex(orientationIndex(flow.values[i]!), period.values[i]!);
  let now = paddedImage(width, height, GROWTH_RADIUS);
  let next = paddedImage(width, height, GROWTH_RADIUS);
  const line = width + 2 * GROWTH_RADIUS;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++)
      now.values[(y + GROWTH_RADIUS) * line + x + GROWTH_RADIUS] = 0.5 * rng.normal();
  }
  // Fewer rounds leave the islands and short ridges of some fingers, more let neighbours merge: fingers differ in this.
  const rounds = 20 + rng.integer(14);
  for (let round = 0; round < rounds; round++) {
    filterEven(now, index, kernels.growth, spans, next);
    saturate(next, spans);
    [now, next] = [next, now];
  }
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const row = (y + GROWTH_RADIUS) * line + GROWTH_RADIUS;
    values.set(now.values.subarray(row, row + width), y * width);
  }
  return { width, height, values };
}

/** Ridges from noise by repeated Gabor filtering along the flow (after Cappelli's SFinGe), refined at full resolution. */
export function growRidges(flow: Field, period: Field, kernels: GrowthKernels, rng: Rng): RidgeWave {
  const half = growHalf(flow, period, kernels, rng);
  const width = MASTER_WIDTH;
  const height = MASTER_HEIGHT;
  const spans = outlineSpans(width, height);
  const cos2: Field = { ...flow, values: flow.values.map(theta => Math.cos(2 * theta)) };
  const sin2: Field = { ...flow, values: flow.values.map(theta => Math.sin(2 * theta)) };
  const index = new Uint16Array(width * height);
  const thetaRad = new Float32Array(width * height);
  const periodPx = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = spans.from[y]!; x < spans.to[y]!; x++) {
      const u = (x - 0.5) / GROWTH_STEP;
      const v = (y - 0.5) / GROWTH_STEP;
      const theta = 0.5 * Math.atan2(bilinearAt(sin2, u, v), bilinearAt(cos2, u, v));
      const orientation = orientationIndex(theta);
      const i = y * width + x;
      periodPx[i] = bilinearAt(period, u, v);
      // The tangent of the kernel, not of the flow: another branch would line its cuts with false minutiae.
      thetaRad[i] = (orientation * Math.PI) / ORIENTATIONS;
      index[i] = kernelIndex(orientation, periodPx[i]!);
    }
  }
  const upsampled = resampleCubic(half, width, height, -0.25, -0.25, 1 / GROWTH_STEP);
  const image = paddedImage(width, height, FULL_RADIUS);
  const line = width + 2 * FULL_RADIUS;
  for (let y = 0; y < height; y++) {
    image.values.set(
      upsampled.values.subarray(y * width, (y + 1) * width),
      (y + FULL_RADIUS) * line + FULL_RADIUS,
    );
  }
  return { width, height, thetaRad, periodPx, ...filterQuadrature(image, index, kernels.full, spans) };
}
