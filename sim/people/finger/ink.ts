import { logistic, smoothNoise, whiteNoise } from './field.ts';
import type { ImpressionConditions } from './options.ts';
import type { Rng } from './rng.ts';

/** Adds `amount(blotch, grain)` to the profile where grain rises out of blotches: how breaks and bridges come in patches. */
function addPatches(
  profile: Float32Array,
  conditions: ImpressionConditions,
  rng: Rng,
  strength: number,
  patchBias: number,
): void {
  const { width, height } = conditions;
  const grain = smoothNoise(rng, width, height, rng.between(2.6, 5));
  const patch = smoothNoise(rng, width, height, rng.between(25, 70));
  const threshold = rng.between(0.3, 0.8);
  for (let i = 0; i < profile.length; i++) {
    const over = grain[i]! - threshold;
    const where = patch[i]! + patchBias;
    if (over > 0 && where > 0) profile[i] = profile[i]! + strength * over * Math.min(1.6, where);
  }
}

/** Sweat pores: light dots on the ridges' middle. */
function addPores(
  profile: Float32Array,
  ridge: Float32Array,
  conditions: ImpressionConditions,
  rng: Rng,
): void {
  const { width, height } = conditions;
  const strength = rng.between(0.8, 1.8);
  const count = Math.floor((width * height) / rng.between(70, 200));
  for (let n = 0; n < count; n++) {
    const x = 1 + rng.integer(width - 2);
    const y = 1 + rng.integer(height - 2);
    const at = y * width + x;
    if (ridge[at]! < 0.75) continue;
    for (let dy = -1; dy <= 1; dy++) {
      for (let dx = -1; dx <= 1; dx++) {
        const i = at + dy * width + dx;
        profile[i] = profile[i]! - strength * Math.exp(-0.7 * (dx * dx + dy * dy));
      }
    }
  }
}

/**
 * Darkness of the touched skin, 0 none .. 1 full, from the ridge profile: moisture and pressure widen or narrow ridges,
 * dry skin breaks them, wet skin bridges them, rims are dry.
 */
export function inkDensity(
  ridge: Float32Array,
  depthPx: Float32Array,
  conditions: ImpressionConditions,
  rng: Rng,
): Float32Array {
  const { width, height, moisture, pressure, difficulty } = conditions;
  const wet = Math.max(0, moisture);
  const dry = Math.max(0, -moisture);
  const unevenness = 0.3 + difficulty + 0.6 * wet + 0.25 * dry;
  const level = 0.95 * wet - 0.75 * dry + 0.5 * (pressure - 0.6) + 0.2 * difficulty * rng.normal();
  const slow = smoothNoise(rng, width, height, rng.between(50, 140));
  const quick = smoothNoise(rng, width, height, 22);
  const grain = whiteNoise(rng, width * height);
  const raggedness = rng.between(0.08, 0.3) * (0.4 + difficulty + 0.8 * dry);
  const rimDryness = rng.between(0.3, 1.2) * (1 - 0.8 * wet);
  const profile = new Float32Array(width * height);
  for (let i = 0; i < profile.length; i++) {
    const rim = Math.min(2, Math.max(0, 1 - depthPx[i]! / 14));
    profile[i] =
      ridge[i]! +
      level +
      unevenness * (0.3 * slow[i]! + 0.12 * quick[i]!) +
      raggedness * grain[i]! -
      0.9 * rim * rimDryness;
  }
  const breaks = (rng.chance(0.65) ? rng.between(0.5, 1.6) * (0.2 + difficulty) : 0) + 2.2 * dry;
  if (breaks > 0) addPatches(profile, conditions, rng, -breaks, rng.normal(-0.3, 0.4) + 1.5 * dry);
  const bridges = (rng.chance(0.5) ? rng.between(0.5, 1.4) * (0.2 + difficulty) : 0) + 2 * wet;
  if (bridges > 0) addPatches(profile, conditions, rng, bridges, rng.normal(-0.3, 0.4) + 1.5 * wet);
  if (rng.chance(0.5)) addPores(profile, ridge, conditions, rng);
  const gain = rng.between(2, 4.5);
  for (let i = 0; i < profile.length; i++) profile[i] = logistic(gain * profile[i]!);
  return profile;
}
