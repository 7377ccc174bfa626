import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradeMeasures } from '../../models/finger/quality.ts';
import type { QualityMeasures } from '../../models/finger/quality-measures.ts';

const GOOD: QualityMeasures = {
  areaMm2: 190,
  clearAreaMm2: 100,
  flowCertainty: 0.97,
  contrastGrey: 120,
  darkShare: 0.4,
  darkInPrint: 0.4,
  minutiae: 52,
  confidenceSum: 42,
  offCentreMm: 1,
};
const POOR: QualityMeasures = { ...GOOD, minutiae: 16, confidenceSum: 9, flowCertainty: 0.9 };

describe('the quality of a print', () => {
  test('is full where nothing lacks, and needs no advice', () => {
    expect(gradeMeasures(GOOD)).toMatchObject({ score: 100, advice: [] });
  });
  test.each([
    ['finger_too_wet', { darkShare: 0.8 }],
    ['finger_too_wet', { darkInPrint: 0.95 }],
    ['finger_too_dry', { darkShare: 0.08 }],
    ['finger_too_dry', { darkInPrint: 0.05 }],
    ['press_harder', { clearAreaMm2: 20 }],
    ['press_harder', { contrastGrey: 15 }],
    ['place_finger', { offCentreMm: 7 }],
    ['finger_moved', { flowCertainty: 0.78 }],
  ] as const)('advises %s where that is what lacks', (advice, lack) => {
    expect(gradeMeasures({ ...POOR, ...lack }).advice[0]).toBe(advice);
  });
  test('of no print is 0', () => {
    const nothing = { score: 0, advice: ['place_finger'] };
    expect(gradeMeasures({ ...GOOD, confidenceSum: 3 })).toMatchObject(nothing);
    expect(gradeMeasures({ ...GOOD, clearAreaMm2: 0.5 })).toMatchObject(nothing);
  });
  test('too poor to be taken still says whether the finger is wet or dry beyond use', () => {
    const trace = { ...GOOD, confidenceSum: 2, clearAreaMm2: 0.5, areaMm2: 90 };
    const word = (measures: Partial<QualityMeasures>) => gradeMeasures({ ...trace, ...measures }).advice;
    expect(word({ darkInPrint: 0.97 })).toEqual(['finger_too_wet']);
    expect(word({ darkInPrint: 0.03, darkShare: 0.1 })).toEqual(['finger_too_dry']);
    expect(word({})).toEqual(['place_finger']);
    // A black picture shows no ridge at all: nothing lies on the sensor, or the sensor is dark.
    expect(word({ darkInPrint: 1, clearAreaMm2: 0, minutiae: 0 })).toEqual(['place_finger']);
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
        const sum = Math.min(confidenceSum, fewer);
        const less = gradeMeasures({ ...measures, confidenceSum: sum });
        expect(less.score).toBeLessThanOrEqual(score);
      }),
    );
  });
});
