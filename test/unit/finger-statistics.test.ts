/** The simulator's fingers and those that trained the models are alike: same ridge period, minutiae density and classes. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  CLASS_SHARES,
  type Master,
  makeGrowthKernels,
  makeMaster,
  type PatternClass,
} from '../../sim/people/finger/index.ts';
import { drawPatternClass } from '../../sim/people/finger/orientation.ts';
import { createRng } from '../../sim/people/finger/rng.ts';

interface Spread {
  readonly mean: number;
  /** Between fingers. */
  readonly sd: number;
}
/** What test/fixtures/finger-statistics/make.py measured of the training's generator. */
const TRAINING = JSON.parse(
  readFileSync(new URL('../fixtures/finger-statistics/python.json', import.meta.url), 'utf8'),
) as {
  readonly fingers: number;
  readonly periodPx: Spread;
  readonly minutiaePerMm2: Spread;
  readonly classes: Readonly<Record<PatternClass, number>>;
};

const FINGERS = 16;
/** The window that make.py measures: pixels of the master. */
const WINDOW = { left: 108, right: 308, top: 130, bottom: 430 };
const MM_PER_PX = 25.4 / 500;
/** 99.9 % of a chi-square distribution with five degrees of freedom. */
const CHI_SQUARE_5 = 20.5;

/** 2 pi / wave number, from the mean squares of the wave and of its gradient, as make.py does it. */
function periodPx({ ridges, width }: Master): number {
  const { left, right, top, bottom } = WINDOW;
  let [sum, squares, gradients, count] = [0, 0, 0, 0];
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      const at = y * width + x;
      const value = ridges[at]! / 127;
      const across = (ridges[at + 1]! - ridges[at - 1]!) / 254;
      const down = (ridges[at + width]! - ridges[at - width]!) / 254;
      sum += value;
      squares += value * value;
      gradients += across * across + down * down;
      count++;
    }
  }
  return 2 * Math.PI * Math.sqrt((squares - (sum * sum) / count) / gradients);
}

function minutiaePerMm2({ minutiae }: Master): number {
  const { left, right, top, bottom } = WINDOW;
  const inside = minutiae.filter(({ x, y }) => x >= left && x < right && y >= top && y < bottom);
  return inside.length / ((right - left) * (bottom - top) * MM_PER_PX ** 2);
}

const spreadOf = (values: readonly number[]): Spread => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (values.length - 1)) };
};

describe('the two generators of fingers', () => {
  const kernels = makeGrowthKernels();
  const masters = Array.from({ length: FINGERS }, (_, seed) => makeMaster(seed, undefined, kernels));

  test.each([
    ['ridge period', periodPx, TRAINING.periodPx],
    ['minutiae density', minutiaePerMm2, TRAINING.minutiaePerMm2],
  ] as const)('have the same %s', (_, measure, training) => {
    const ours = spreadOf(masters.map(measure));
    const standardError = Math.hypot(ours.sd / Math.sqrt(FINGERS), training.sd / Math.sqrt(TRAINING.fingers));
    expect(Math.abs(ours.mean - training.mean)).toBeLessThan(3 * standardError);
    expect(ours.sd / training.sd).toBeGreaterThan(0.5);
    expect(ours.sd / training.sd).toBeLessThan(2);
  });

  test('draw the same classes as often', () => {
    const distance = (counts: Readonly<Record<PatternClass, number>>): number => {
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      return (Object.keys(CLASS_SHARES) as PatternClass[]).reduce((sum, name) => {
        const expected = total * CLASS_SHARES[name];
        return sum + (counts[name] - expected) ** 2 / expected;
      }, 0);
    };
    const counts = { arch: 0, tented_arch: 0, left_loop: 0, right_loop: 0, whorl: 0, double_loop: 0 };
    for (let seed = 0; seed < 4000; seed++) counts[drawPatternClass(createRng('class', seed))]++;
    expect(distance(counts)).toBeLessThan(CHI_SQUARE_5);
    expect(distance(TRAINING.classes)).toBeLessThan(CHI_SQUARE_5);
  });
});
