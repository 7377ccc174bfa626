import { MASTER_HEIGHT, MASTER_WIDTH } from './outline.ts';
import type { Rng } from './rng.ts';
import type { Crease } from './types.ts';

const POINTS = 12;

/** A slightly bent line from a place, in whatever pixels the place is in. */
export function bentLine(
  x: number,
  y: number,
  angleRad: number,
  lengthPx: number,
  bendRad: number,
): (readonly [number, number])[] {
  const points: (readonly [number, number])[] = [];
  let [px, py] = [x, y];
  for (let i = 0; i < POINTS; i++) {
    const angle = angleRad + (bendRad * i) / (POINTS - 1);
    px += (Math.cos(angle) * lengthPx) / POINTS;
    py += (Math.sin(angle) * lengthPx) / POINTS;
    points.push([px, py]);
  }
  return points;
}

/** The permanent creases of a finger, 1.2 of them on average. */
export function drawCreases(rng: Rng): Crease[] {
  return Array.from({ length: rng.poisson(1.2) }, () => ({
    points: bentLine(
      rng.between(30, MASTER_WIDTH - 30),
      rng.between(60, MASTER_HEIGHT - 60),
      rng.between(0, 2 * Math.PI),
      rng.between(40, 220),
      rng.normal(0, 0.3),
    ),
    widthPx: 1 + rng.integer(3),
  }));
}

/** Draws a polyline into `coverage` (0 none .. 1 full) with soft sides. */
export function strokeLine(
  coverage: Float32Array,
  width: number,
  height: number,
  points: readonly (readonly [number, number])[],
  widthPx: number,
): void {
  const reach = widthPx / 2 + 1.2;
  for (let p = 1; p < points.length; p++) {
    const [ax, ay] = points[p - 1]!;
    const [bx, by] = points[p]!;
    const dx = bx - ax;
    const dy = by - ay;
    const lengthSquared = dx * dx + dy * dy || 1;
    const right = Math.min(width - 1, Math.ceil(Math.max(ax, bx) + reach));
    const bottom = Math.min(height - 1, Math.ceil(Math.max(ay, by) + reach));
    for (let y = Math.max(0, Math.floor(Math.min(ay, by) - reach)); y <= bottom; y++) {
      for (let x = Math.max(0, Math.floor(Math.min(ax, bx) - reach)); x <= right; x++) {
        const along = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / lengthSquared));
        const distance = Math.hypot(x - ax - along * dx, y - ay - along * dy);
        const value = Math.min(1, (reach - distance) / 2.4);
        if (value > coverage[y * width + x]!) coverage[y * width + x] = value;
      }
    }
  }
}
