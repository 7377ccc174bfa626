/** A poor print is looked at three times, and the looks are joined into one list of minutiae. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinLooks, type Look } from '../../models/finger/looks.ts';
import { normalise } from '../../models/finger/normalise.ts';
import type { Minutia } from '../../models/finger/types.ts';

const SIDE = 200;
const minutia = (x: number, y: number, directionRad = 0, confidence = 0.6): Minutia => ({
  x,
  y,
  directionRad,
  confidence,
  type: 'ending',
});
/** Descriptors of length 127: one value of each is 127, at a place of the caller's. */
function look(magnification: number, minutiae: readonly Minutia[], place = 0): Look {
  const image = normalise(
    { width: SIDE, height: SIDE, ppi: 500, pixels: new Uint8Array(SIDE ** 2) },
    magnification,
  );
  const descriptors = new Int8Array(minutiae.length * 64);
  for (let row = 0; row < minutiae.length; row++) descriptors[row * 64 + place] = 127;
  return { image, minutiae, descriptors };
}
const at = (magnification: number, x: number): number => (x + 0.5) * magnification - 0.5;
const lengthOf = (values: Int8Array): number => Math.hypot(...values);

describe('looks at a poor print', () => {
  test('show one minutia once, in the first look’s pixels, surer the more of them show it', () => {
    const { minutiae, descriptors } = joinLooks([
      look(1, [minutia(50, 80), minutia(120, 30)]),
      look(0.94, [minutia(at(0.94, 51), at(0.94, 80), 0.2)], 1),
      look(1.06, [minutia(at(1.06, 50), at(1.06, 81), -0.2)], 2),
    ]);
    expect(minutiae).toHaveLength(2);
    expect(minutiae[0]!.x).toBeCloseTo(50 + 1 / 3, 3);
    expect(minutiae[0]!.y).toBeCloseTo(80 + 1 / 3, 3);
    expect(minutiae[0]!.directionRad).toBeCloseTo(0, 6);
    expect(minutiae[0]!.confidence).toBeCloseTo(0.6, 6);
    expect(minutiae[1]!.confidence).toBeCloseTo(0.2, 6);
    // The mean of three descriptors at right angles, and the one of the minutia that one look shows.
    expect([...descriptors.subarray(0, 4)]).toEqual([73, 73, 73, 0]);
    expect(descriptors[64]).toBe(127);
  });

  test('keep apart what points another way or lies further off', () => {
    const looks = (other: Minutia) => joinLooks([look(1, [minutia(50, 50)]), look(1, [other])]).minutiae;
    expect(looks(minutia(55, 50))).toHaveLength(1);
    expect(looks(minutia(57, 50))).toHaveLength(2);
    expect(looks(minutia(50, 50, Math.PI))).toHaveLength(2);
  });

  test('whose descriptors cancel each other out keep one of them', () => {
    const against = look(1, [minutia(50, 50, 0, 0.6)]);
    against.descriptors[0] = -127;
    const { descriptors } = joinLooks([look(1, [minutia(50, 50)]), against]);
    expect(lengthOf(descriptors)).toBe(127);
  });

  test('of anything give at most 64 minutiae within the image, strongest first, with descriptors of unit length', () => {
    const found = fc.array(
      fc.record({
        x: fc.double({ min: 0, max: SIDE - 1, noNaN: true }),
        y: fc.double({ min: 0, max: SIDE - 1, noNaN: true }),
        directionRad: fc.double({ min: -Math.PI, max: Math.PI, noNaN: true }),
        confidence: fc.double({ min: 0.35, max: 1, noNaN: true }),
        type: fc.constantFrom('ending' as const, 'bifurcation' as const),
      }),
      { maxLength: 64 },
    );
    fc.assert(
      fc.property(found, found, (first, second) => {
        const { minutiae, descriptors } = joinLooks([look(1, first), look(0.94, second, 5)]);
        expect(minutiae.length).toBeLessThanOrEqual(64);
        expect(minutiae.length).toBeLessThanOrEqual(first.length + second.length);
        minutiae.forEach((one, row) => {
          expect(Math.min(one.x, one.y)).toBeGreaterThanOrEqual(0);
          expect(Math.max(one.x, one.y)).toBeLessThan(SIDE);
          expect(one.confidence).toBeLessThanOrEqual(minutiae[row - 1]?.confidence ?? 1);
          expect(lengthOf(descriptors.subarray(row * 64, row * 64 + 64))).toBeCloseTo(127, -1);
        });
      }),
      { numRuns: 40 },
    );
  });
});
