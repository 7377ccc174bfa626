import { drawCreases } from './crease.ts';
import { softSaturate } from './field.ts';
import { GROWTH_STEP, growRidges, makeGrowthKernels, type RidgeWave } from './grow.ts';
import { trueMinutiae } from './minutiae.ts';
import { drawPatternClass, ridgeFlow } from './orientation.ts';
import { insideOutlinePx, MASTER_PPI } from './outline.ts';
import { ridgePeriod } from './period.ts';
import { createRng } from './rng.ts';
import type { Master, PatternClass } from './types.ts';

/** Changes whenever the same seed gives another finger or impression: part of every cache key. */
export const GENERATOR_VERSION = 6;

/**
 * One finger from a seed: pattern class, ridge flow, ridge period, ridges grown along them, exact minutiae, creases.
 * Pure: the same arguments give the same bytes. Takes some hundred milliseconds of CPU.
 */
export function makeMaster(seed: number, patternClass?: PatternClass, kernels = makeGrowthKernels()): Master {
  const finalClass = patternClass ?? drawPatternClass(createRng('class', seed));
  const flow = ridgeFlow(finalClass, createRng('flow', seed), GROWTH_STEP);
  const period = ridgePeriod(createRng('period', seed), GROWTH_STEP);
  const wave = growRidges(flow.thetaRad, period, kernels, createRng('growth', seed));
  return {
    seed,
    patternClass: finalClass,
    width: wave.width,
    height: wave.height,
    ppi: MASTER_PPI,
    ridges: ridgeProfile(wave),
    minutiae: trueMinutiae(wave, flow.singularPoints),
    singularPoints: flow.singularPoints,
    creases: drawCreases(createRng('creases', seed)),
  };
}

/** The wave with its amplitude evened out: ridges of one height whatever the growth left. */
function ridgeProfile({ width, height, even, odd }: RidgeWave): Int8Array {
  const ridges = new Int8Array(width * height).fill(-127);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (insideOutlinePx(x, y) <= 0) continue;
      const i = y * width + x;
      const e = even[i]!;
      ridges[i] = Math.round(127 * softSaturate((1.3 * e) / (Math.hypot(e, odd[i]!) + 0.15)));
    }
  }
  return ridges;
}
