import { describe, expect, it } from 'vitest';
import { discardCurve } from '../../models/evaluate/discard.ts';

/** 200 pairs with scores 0..199; the threshold lies at the 10 % quantile. */
const scores = Array.from({ length: 200 }, (_, i) => i);

describe('error versus discard', () => {
  it('of a quality that orders as the score does is perfect', () => {
    const { points, gain } = discardCurve(scores.map(score => ({ score, qualityScore: score / 2 })));
    expect(points[0]).toMatchObject({ discarded: 0, fnmr: 0.1 });
    expect(points.map(({ fnmr }) => fnmr)).toEqual(points.map(({ bestFnmr }) => bestFnmr));
    expect(points.find(({ discarded }) => discarded === 0.1)?.fnmr).toBe(0);
    expect(gain).toBe(1);
  });

  it('of a quality that says the contrary gets worse', () => {
    const { points, gain } = discardCurve(scores.map(score => ({ score, qualityScore: -score })));
    expect(points.at(-1)?.fnmr).toBe(0.2);
    expect(gain).toBeLessThan(0);
  });

  it('of a quality that says nothing stays where it was', () => {
    const { gain } = discardCurve(scores.map(score => ({ score, qualityScore: (score * 73) % 200 })));
    expect(Math.abs(gain ?? 1)).toBeLessThan(0.3);
  });

  it('has nothing to gain without errors, and survives an empty set', () => {
    expect(discardCurve([]).gain).toBeUndefined();
    expect(discardCurve([{ score: 1, qualityScore: 1 }]).gain).toBeUndefined();
  });
});
