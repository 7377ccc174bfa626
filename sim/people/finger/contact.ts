import { smoothNoise } from './field.ts';
import type { ImpressionConditions } from './options.ts';
import { insideOutlinePx } from './outline.ts';
import type { Placement } from './placement.ts';
import type { Rng } from './rng.ts';

/** |t| to the power 2.5 without Math.pow: between an ellipse and a rectangle, as a flat fingertip is. */
const power25 = (t: number): number => t * t * Math.sqrt(Math.abs(t));

/**
 * How far inside the contact each pixel lies, in pixels: positive where skin touches the sensor, about 0 at the ragged rim.
 * The contact grows with pressure from 8 x 11 mm to 17 x 23 mm; `partial` pushes it off the sensor over one side.
 */
export function contactDepthPx(
  conditions: ImpressionConditions,
  placement: Placement,
  rng: Rng,
): Float32Array {
  const { width, height, pressure, partial, rotationRad, ppi, difficulty } = conditions;
  const pixels = ppi / 500;
  const radiusX = (80 + 85 * pressure + rng.between(-8, 8)) * pixels;
  const radiusY = (110 + 115 * pressure + rng.between(-10, 10)) * pixels;
  const spread = 0.4 + 0.6 * difficulty;
  const centreX = width / 2 + spread * rng.normal(0, 0.05 * width);
  const centreY = height / 2 + spread * rng.normal(0, 0.05 * height);
  const cos = Math.cos(rotationRad);
  const sin = Math.sin(rotationRad);
  const ragged = smoothNoise(rng, width, height, 60 * pixels);
  const frayed = smoothNoise(rng, width, height, 14 * pixels);
  const cutAngle = rng.between(0, 2 * Math.PI);
  const reach =
    Math.min(radiusX, width / 2) * Math.abs(Math.cos(cutAngle)) +
    Math.min(radiusY, height / 2) * Math.abs(Math.sin(cutAngle));
  const cutAt = reach * (1 - 2 * partial);
  const half = Math.min(radiusX, radiusY) / 2;
  const depth = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const dx = x - centreX;
      const dy = y - centreY;
      const along = (dx * cos + dy * sin) / radiusX;
      const down = (dy * cos - dx * sin) / radiusY;
      const noise = 0.12 * ragged[i]! + 0.06 * frayed[i]!;
      let inside = (1 - power25(along) - power25(down) - noise) * half;
      if (partial > 0) {
        const beyond = cutAt - dx * Math.cos(cutAngle) - dy * Math.sin(cutAngle) - 8 * noise;
        if (beyond < inside) inside = beyond;
      }
      const skin = insideOutlinePx(placement.masterX[i]!, placement.masterY[i]!) * pixels - 2;
      depth[i] = Math.min(skin, inside);
    }
  }
  return depth;
}
