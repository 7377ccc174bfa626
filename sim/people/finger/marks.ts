import { bentLine, strokeLine } from './crease.ts';
import { logistic, smoothNoise } from './field.ts';
import type { ImpressionConditions } from './options.ts';
import type { Placement } from './placement.ts';
import type { Rng } from './rng.ts';
import type { Crease } from './types.ts';

/** White lines over the ridges, 0 none .. 1 full: the finger's own creases and this impression's scratches. */
export function whiteLines(
  creases: readonly Crease[],
  placement: Placement,
  conditions: ImpressionConditions,
  rng: Rng,
): Float32Array {
  const { width, height, difficulty } = conditions;
  const coverage = new Float32Array(width * height);
  for (const { points, widthPx } of creases) {
    if (!rng.chance(0.8)) continue;
    const shown = points.flatMap(([x, y]) => {
      const at = placement.toImage(x, y);
      return at ? [at] : [];
    });
    strokeLine(coverage, width, height, shown, widthPx * rng.between(0.7, 1.1));
  }
  for (let scratches = rng.poisson(0.8 * difficulty); scratches > 0; scratches--) {
    const points = bentLine(
      rng.between(0, width),
      rng.between(0, height),
      rng.between(0, 2 * Math.PI),
      rng.between(30, 200),
      rng.normal(0, 0.4),
    );
    strokeLine(coverage, width, height, points, 1 + rng.integer(3));
  }
  if (!coverage.some(value => value > 0)) return coverage;
  const patchy = smoothNoise(rng, width, height, 12);
  const strength = rng.between(0.6, 1);
  for (let i = 0; i < coverage.length; i++) {
    coverage[i] = Math.min(1, Math.max(0, coverage[i]! * (1 + 0.5 * patchy[i]!))) * strength;
  }
  return coverage;
}

/** Places without a trace of ridges, 0 .. 1. */
export interface Blots {
  /** Skin that did not touch. */
  readonly dropout: Float32Array | undefined;
  /** Dark, structureless smears. */
  readonly smudge: Float32Array | undefined;
}

/** Drop-outs and smudges; rare on an easy impression. */
export function blots(conditions: ImpressionConditions, rng: Rng): Blots {
  const { width, height, difficulty } = conditions;
  const blot = (): Float32Array => {
    const field = smoothNoise(rng, width, height, rng.between(18, 60));
    const threshold = rng.between(1.1, 1.9) + 0.4 * (1 - difficulty);
    const strength = rng.between(0.5, 1);
    for (let i = 0; i < field.length; i++) field[i] = strength * logistic(5 * (field[i]! - threshold));
    return field;
  };
  return {
    dropout: rng.chance(0.5 * difficulty) ? blot() : undefined,
    smudge: rng.chance(0.4 * difficulty) ? blot() : undefined,
  };
}
