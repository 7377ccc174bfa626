import { createRng } from './rng.ts';

/**
 * How moist the skin is: 'dry' breaks ridges into dots, 'wet' fills the valleys; a number from -1
 * (dry) over 1 (wet) to 2 (flooded).
 */
export type Moisture = 'dry' | 'normal' | 'wet' | number;

export interface ImpressionOptions {
  /** Which laying-on of the finger: another seed is another impression. */
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  /** Pixels per inch of the sensor; 500 unless given. */
  readonly ppi?: number;
  /** 0 barely touching .. 1 pressed flat; drawn round 0.6 unless given. */
  readonly pressure?: number;
  /** Drawn near 'normal' unless given. */
  readonly moisture?: Moisture;
  /** Turn of the finger on the sensor, clockwise as seen in the image; drawn with a deviation of 0.12 rad unless given. */
  readonly rotationRad?: number;
  /** Share of the contact that misses the sensor, 0 .. 0.9; 0 unless given. */
  readonly partial?: number;
  /** 0 flawless .. 1 as bad as a careless capture gets (distortion, scratches, smudges, noise); 0.05 to 0.35 unless given. */
  readonly difficulty?: number;
  /** Grey levels of the sensor, 2 .. 256; 256 unless given. */
  readonly greyLevels?: number;
}

/** The options with every free choice made. */
export interface ImpressionConditions {
  readonly width: number;
  readonly height: number;
  readonly ppi: number;
  readonly pressure: number;
  /** -1 dry .. 1 wet. */
  readonly moisture: number;
  readonly rotationRad: number;
  readonly partial: number;
  readonly difficulty: number;
  readonly greyLevels: number;
}

const PRESET = { dry: -1, normal: 0, wet: 1 } as const;

const within = (name: string, value: number, low: number, high: number): number => {
  if (!(value >= low && value <= high))
    throw new RangeError(`${name} must be from ${low} to ${high}, not ${value}`);
  return value;
};

/** @throws RangeError for a size, resolution or condition outside its range */
export function drawConditions(options: ImpressionOptions, masterSeed: number): ImpressionConditions {
  const rng = createRng('conditions', masterSeed, options.seed);
  // Drawn in any case, so that giving one option leaves the others as they were.
  const pressure = Math.min(0.85, Math.max(0.4, rng.normal(0.62, 0.08)));
  const moisture = Math.min(0.35, Math.max(-0.3, rng.normal(0, 0.13)));
  const rotationRad = Math.min(0.35, Math.max(-0.35, rng.normal(0, 0.12)));
  const difficulty = rng.between(0.05, 0.35);
  const given = options.moisture;
  return {
    width: within('width', options.width, 32, 1000),
    height: within('height', options.height, 32, 1000),
    ppi: within('ppi', options.ppi ?? 500, 200, 1200),
    pressure: within('pressure', options.pressure ?? pressure, 0, 1),
    moisture: within(
      'moisture',
      given === undefined ? moisture : typeof given === 'number' ? given : PRESET[given],
      -1,
      2,
    ),
    rotationRad: within('rotationRad', options.rotationRad ?? rotationRad, -Math.PI, Math.PI),
    partial: within('partial', options.partial ?? 0, 0, 0.9),
    difficulty: within('difficulty', options.difficulty ?? difficulty, 0, 1),
    greyLevels: within('greyLevels', options.greyLevels ?? 256, 2, 256),
  };
}
