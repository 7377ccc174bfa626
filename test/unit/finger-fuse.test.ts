import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evidenceOf, fmrOf, fuseFingers, isFpirBound } from '../../models/index.ts';

const TABLE = [
  { fmr: 1e-5, threshold: 4 },
  { fmr: 1e-3, threshold: 3 },
  { fmr: 1e-1, threshold: 2 },
];

describe('the FMR of a score', () => {
  test('is the measured one at a measured point', () => {
    for (const { fmr, threshold } of TABLE) expect(fmrOf(TABLE, threshold)).toBeCloseTo(fmr, 12);
  });
  test('lies between its neighbours, 1 at nothing, and is never claimed beyond what was measured', () => {
    expect(fmrOf(TABLE, 2.5)).toBeCloseTo(1e-2, 10);
    expect(fmrOf(TABLE, 0)).toBe(1);
    expect(fmrOf(TABLE, -3)).toBe(1);
    expect(fmrOf(TABLE, 99)).toBe(1e-5);
    expect(fmrOf(TABLE, Number.POSITIVE_INFINITY)).toBe(1e-5);
  });
  test('of no number does not exist', () => {
    expect(() => fmrOf(TABLE, Number.NaN)).toThrow(RangeError);
  });
  test('never rises with the score', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 6, noNaN: true }),
        fc.double({ min: 0, max: 6, noNaN: true }),
        (a, b) => {
          expect(fmrOf(TABLE, Math.max(a, b))).toBeLessThanOrEqual(fmrOf(TABLE, Math.min(a, b)));
        },
      ),
    );
  });
});

describe('the evidence of a score', () => {
  test('is decades of its FMR, and goes on along the last two beyond what was measured', () => {
    expect(evidenceOf(TABLE, 2.5)).toBeCloseTo(2, 10);
    expect(evidenceOf(TABLE, 4)).toBeCloseTo(5, 10);
    expect(evidenceOf(TABLE, 5)).toBeCloseTo(7, 10);
    expect(evidenceOf([{ fmr: 0.01, threshold: 1 }], 7)).toBeCloseTo(2, 10);
    expect([isFpirBound(TABLE, 4), isFpirBound(TABLE, 4.1)]).toEqual([false, true]);
  });
});

describe('fusing fingers', () => {
  test('of one finger with one reference is that finger', () => {
    expect(fuseFingers([[3]], TABLE)).toMatchObject({ fingers: 1 });
    expect(fuseFingers([[3]], TABLE)!.fmr).toBeCloseTo(1e-3, 12);
    expect(fuseFingers([[3]], TABLE)!.score).toBeCloseTo(3, 9);
  });
  test('of none is unknown, not 0', () => {
    expect(fuseFingers([], TABLE)).toBeUndefined();
    expect(fuseFingers([[], []], TABLE)).toBeUndefined();
  });
  test('leaves missing fingers out', () => {
    expect(fuseFingers([[3], [], []], TABLE)).toEqual(fuseFingers([[3]], TABLE));
  });
  test('takes the best reference and pays for having tried several', () => {
    const one = fuseFingers([[3]], TABLE)!;
    const several = fuseFingers([[3, 0.1, 0.2]], TABLE)!;
    expect(several.fmr).toBeCloseTo(3e-3, 5);
    expect(several.fmr).toBeGreaterThan(one.fmr);
    expect(fuseFingers([[0.1, 4]], TABLE)!.fmr).toBeLessThan(one.fmr);
  });
  test('two good fingers say more than one, a good and a bad one less than the good one alone', () => {
    const one = fuseFingers([[3]], TABLE)!;
    expect(fuseFingers([[3], [3]], TABLE)!.fmr).toBeLessThan(one.fmr);
    expect(fuseFingers([[3], [0]], TABLE)!.fmr).toBeGreaterThan(one.fmr);
  });
  test('keeps its promise: of unrelated persons a share of about fmr is fused to fmr or less', () => {
    // Scores drawn so that a single finger reaches threshold t as often as the table says.
    let state = 1;
    const random = (): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state + 1) / 4294967297;
    };
    const scoreAtRate = (rate: number): number => {
      let [low, high] = [0, 4];
      for (let step = 0; step < 24; step++) {
        const middle = (low + high) / 2;
        if (fmrOf(TABLE, middle) > rate) low = middle;
        else high = middle;
      }
      return high;
    };
    const trials = 1500;
    let matched = 0;
    for (let trial = 0; trial < trials; trial++) {
      const fingers = Array.from({ length: 4 }, () => [scoreAtRate(random()), scoreAtRate(random())]);
      if (fuseFingers(fingers, TABLE)!.fmr <= 0.05) matched++;
    }
    expect(matched / trials).toBeGreaterThan(0.03);
    expect(matched / trials).toBeLessThan(0.07);
  });
});
