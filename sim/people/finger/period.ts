import { type Field, smoothNoise } from './field.ts';
import { MASTER_HEIGHT, MASTER_WIDTH } from './outline.ts';
import type { Rng } from './rng.ts';

/** Shortest and longest ridge period of the kernel bank, pixels at 500 ppi. */
export const PERIOD_MIN_PX = 6.5;
export const PERIOD_MAX_PX = 13;

/** Ridge period in pixels at 500 ppi over the finger: its own mean, slow changes, wider ridges towards the joint. */
export function ridgePeriod(rng: Rng, step: number): Field {
  const width = MASTER_WIDTH / step;
  const height = MASTER_HEIGHT / step;
  const meanPx = Math.min(11.5, Math.max(7.4, rng.normal(9, 0.8)));
  const slow = smoothNoise(rng, width, height, 60 / step);
  const quick = smoothNoise(rng, width, height, 25 / step);
  const values = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    const down = y / height;
    const joint = 0.14 * Math.max(0, (down - 0.6) / 0.4) - 0.03 * Math.max(0, (0.35 - down) / 0.35);
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const period = meanPx * (1 + 0.08 * slow[i]! + 0.035 * quick[i]!) * (1 + joint);
      values[i] = Math.min(PERIOD_MAX_PX, Math.max(PERIOD_MIN_PX, period));
    }
  }
  return { width, height, values };
}
