import { gaussianBlur, smoothNoise, whiteNoise } from './field.ts';
import type { ImpressionConditions } from './options.ts';
import type { Rng } from './rng.ts';

const GAMMA_STEPS = 1024;

/**
 * What a sensor makes of the ink: optics' blur, contrast, tone curve, uneven light, noise, and its grey levels
 * (spread over 0..255, as 4-bit sensors' images are).
 */
export function senseImage(ink: Float32Array, conditions: ImpressionConditions, rng: Rng): Uint8Array {
  const { width, height, difficulty, greyLevels, moisture } = conditions;
  const seen = gaussianBlur(ink, width, height, rng.between(0.45, 0.8 + 0.3 * difficulty));
  const light = rng.between(0.82, 0.97) - 0.1 * difficulty * rng.uniform();
  const dark = rng.between(0.05, 0.2) + 0.25 * difficulty * rng.uniform() - 0.05 * Math.max(0, moisture);
  const gamma = rng.between(0.75, 1.25);
  const tone = new Float32Array(GAMMA_STEPS + 2);
  for (let i = 0; i < tone.length; i++) tone[i] = light - (light - dark) * (i / GAMMA_STEPS) ** gamma;
  const shade = smoothNoise(rng, width, height, rng.between(120, 260));
  const shading = rng.between(0.01, 0.04 + 0.08 * difficulty);
  const noise = whiteNoise(rng, width * height);
  const noiseSd = (0.006 + 0.03 * difficulty * rng.uniform()) * (light - dark + 0.2);
  const top = greyLevels - 1;
  const pixels = new Uint8Array(width * height);
  for (let i = 0; i < pixels.length; i++) {
    const at = Math.min(1, Math.max(0, seen[i]!)) * GAMMA_STEPS;
    const step = Math.floor(at);
    const toned = tone[step]! + (at - step) * (tone[step + 1]! - tone[step]!);
    const value = toned * (1 + shading * shade[i]!) + noiseSd * noise[i]!;
    const level = Math.round(Math.min(1, Math.max(0, value)) * top);
    pixels[i] = Math.round((level * 255) / top);
  }
  return pixels;
}
