import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradeMeasures } from '../../models/finger/quality.ts';
import type { QualityMeasures } from '../../models/finger/quality-measures.ts';

const GOOD: QualityMeasures = {
  areaMm2: 190,
  clearAreaMm2: 100,
  ridgeStrength: 0.5,
  flowCertainty: 0.97,
  ridgeAgreement: 0.8,
  contrastGrey: 120,
  darkShare: 0.4,
  minutiae: 40,
  confidenceSum: 33,
  offCentreMm: 1,
};
const POOR: QualityMeasures = { ...GOOD, confidenceSum: 9, ridgeStrength: 0.4, flowCertainty: 0.9 };

describe('the quality of a print', () => {
  test('is full where nothing lacks, and needs no advice', () => {
    expect(gradeMeasures(GOOD)).toMatchObject({ score: 100, advice: [] });
  });
  test.each([
    ['finger_too_wet', { darkShare: 0.8 }],
    ['finger_too_dry', { darkShare: 0.08 }],
    ['press_harder', { clearAreaMm2: 20 }],
    ['press_harder', { contrastGrey: 15 }],
    ['place_finger', { offCentreMm: 7 }],
    ['finger_moved', { ridgeStrength: 0.28, flowCertainty: 0.78 }],
  ] as const)('advises %s where that is what lacks', (advice, lack) => {
    expect(gradeMeasures({ ...POOR, ...lack }).advice[0]).toBe(advice);
  });
  test('of no print is 0', () => {
    const nothing = { score: 0, advice: ['place_finger'] };
    expect(gradeMeasures({ ...GOOD, confidenceSum: 3 })).toMatchObject(nothing);
    expect(gradeMeasures({ ...GOOD, clearAreaMm2: 1 })).toMatchObject(nothing);
  });
  test('stays within 0..100 whatever is measured, and never rises when minutiae go', () => {
    const any = fc.double({ min: 0, max: 500, noNaN: true });
    fc.assert(
      fc.property(any, any, any, any, (clearAreaMm2, confidenceSum, contrastGrey, fewer) => {
        const measures = { ...GOOD, clearAreaMm2, confidenceSum, contrastGrey };
        const { score, components } = gradeMeasures(measures);
        for (const value of [score, ...Object.values(components)]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(100);
        }
        const less = gradeMeasures({ ...measures, confidenceSum: Math.min(confidenceSum, fewer) });
        expect(less.score).toBeLessThanOrEqual(score);
      }),
    );
  });
});
