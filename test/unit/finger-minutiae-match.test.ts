/** The matcher of minutiae alone, on invented sets of minutiae. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cylindersOf } from '../../models/finger/cylinders.ts';
import type { MinutiaeConstants } from '../../models/finger/minutiae-constants.ts';
import { compareMinutiae } from '../../models/finger/minutiae-match.ts';
import type { Minutia } from '../../models/finger/types.ts';
import { readCard, thresholdAt } from '../../models/index.ts';

const weights = new URL('../../models/weights/', import.meta.url);
const constants: MinutiaeConstants = JSON.parse(
  readFileSync(new URL('finger-minutiae.json', weights), 'utf8'),
);
const { fmrTable = [] } = await readCard('models/weights/finger-minutiae.card.json');
const MATCH = thresholdAt(fmrTable, 1e-4);

/** A small seeded generator, 0..1: Park and Miller (1988). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** So many minutiae, no two nearer than a ridge and a half. */
function finger(seed: number, count = 45): Minutia[] {
  const random = randomFrom(seed);
  const minutiae: Minutia[] = [];
  while (minutiae.length < count) {
    const [x, y] = [30 + 240 * random(), 30 + 300 * random()];
    if (minutiae.some(other => Math.hypot(other.x - x, other.y - y) < 14)) continue;
    const directionRad = 2 * Math.PI * random() - Math.PI;
    minutiae.push({ x, y, directionRad, type: random() < 0.5 ? 'ending' : 'bifurcation', confidence: 1 });
  }
  return minutiae;
}

/** Another impression: turned about the origin, moved, each minutia a little elsewhere; some are missing. */
function laidDown(
  minutiae: readonly Minutia[],
  turnRad: number,
  seed: number,
  noisePx = 2,
  missing = 0.2,
): Minutia[] {
  const random = randomFrom(seed);
  const off = () => noisePx * (random() + random() - 1);
  const [cos, sin] = [Math.cos(turnRad), Math.sin(turnRad)];
  return minutiae.flatMap(({ x, y, directionRad, ...rest }) => {
    const place = { x: cos * x - sin * y + 400 + off(), y: sin * x + cos * y - 90 + off() };
    const turned = directionRad + turnRad + 0.05 * off();
    return random() < missing ? [] : [{ ...rest, ...place, directionRad: turned }];
  });
}

const score = (a: readonly Minutia[], b: readonly Minutia[]): number =>
  compareMinutiae(cylindersOf(a), cylindersOf(b), constants);

describe('two prints by their minutiae alone', () => {
  test.each([0, 40, 90, 180, 300])('match wherever they lie, turned by %i degrees', degrees => {
    for (const seed of [1, 2, 3]) {
      const print = finger(seed);
      expect(score(print, laidDown(print, (degrees * Math.PI) / 180, seed + 10))).toBeGreaterThan(MATCH);
    }
  });

  test('score the same however the whole print is turned and moved', () => {
    const [print, other] = [finger(4), laidDown(finger(4), 0.3, 5)];
    const still = score(print, other);
    for (const turnRad of [0.7, 2, -2.5])
      expect(Math.abs(score(laidDown(print, turnRad, 1, 0, 0), other) - still)).toBeLessThan(0.4);
  });

  test('of different fingers do not match', () => {
    for (let seed = 20; seed < 60; seed++)
      expect(score(finger(seed), finger(seed + 100))).toBeLessThan(MATCH);
  });

  test('of half a finger and of ten minutiae more than are there still match', () => {
    const print = finger(6, 60);
    const half = laidDown(
      print.filter(({ y }) => y < 190),
      0.2,
      7,
    );
    const more = finger(8, 10).map(minutia => ({ ...minutia, x: minutia.x + 350, y: minutia.y - 60 }));
    expect(score(print, [...half, ...more])).toBeGreaterThan(MATCH);
  });

  test('score alike whichever side asks, and in whatever order their minutiae stand', () => {
    for (let seed = 1; seed < 12; seed++) {
      const [a, b] = [finger(seed), laidDown(finger(seed), 0.5, seed, 4, 0.4)];
      const [c, d] = [finger(seed), finger(seed + 50)];
      expect(score(a, b)).toBeCloseTo(score(b, a), 6);
      expect(score(a, b)).toBeCloseTo(score(a.toReversed(), b), 6);
      expect(score(c, d)).toBeCloseTo(score(d, c), 6);
    }
  });

  test('score 0 where one has none or too few, and a finite number where all lie on one place or line', () => {
    const print = finger(1);
    expect(score([], [])).toBe(0);
    expect(score(print, [])).toBe(0);
    expect(score(print.slice(0, 7), print)).toBe(0);
    const heap = print.map(minutia => ({ ...minutia, x: 50, y: 50 }));
    const line = print.map(minutia => ({ ...minutia, y: 50 }));
    for (const odd of [heap, line]) {
      expect(Number.isFinite(score(odd, odd))).toBe(true);
      expect(Number.isFinite(score(odd, print))).toBe(true);
      expect(score(odd, print)).toBeLessThan(MATCH);
    }
  });
});
