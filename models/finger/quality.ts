import type { Extracted } from './extract.ts';
import { measure, type QualityMeasures } from './quality-measures.ts';
import type { FingerAdvice, FingerQuality, FingerQualityComponents } from './types.ts';

/** Raised with every change of a figure below: a score means something only with its version. */
const QUALITY_VERSION = '1.0';

/** Below this sum of minutiae confidences a comparison is a gamble: eight sure minutiae are the fewest the matcher takes. */
const LEAST_CONFIDENCE_SUM = 4;
/** Photographs, textures and noise reach 0 to 6 square millimetres of clear ridges, even a poor print 5 to 30. */
const LEAST_CLEAR_MM2 = 2;
const CERTAIN_CLEAR_MM2 = 8;
/** Score from which no advice is given: the print will do, and the applicant is not kept at the sensor. */
const GOOD_ENOUGH = 60;
/** A component below this is worth mending. */
const WEAK = 40;
/** Share of dark pixels at which ridges break up, and at which valleys fill: moisture is at half its scale there. */
const DRY_DARK_SHARE = 0.15;
const WET_DARK_SHARE = 0.7;
/** A print this far from the middle of the sensor loses a third of a fingertip (16 mm wide). */
const OFF_CENTRE_MM = 5;

/** What each component adds to the score: as it predicted comparison scores on the two sets named in the card. */
const SHARES: FingerQualityComponents = {
  minutiae: 0.5,
  ridgeClarity: 0.25,
  moisture: 0.15,
  area: 0.05,
  contrast: 0.05,
};

/** 0 at `zero`, 100 at `full`, straight between and flat beyond; `full` may be below `zero`. */
const scale = (value: number, zero: number, full: number): number =>
  100 * Math.min(1, Math.max(0, (value - zero) / (full - zero)));

/** Grades a print by how well it will compare. */
export const gradeFinger = (extracted: Extracted): FingerQuality => gradeMeasures(measure(extracted));

/** The grade of an image too small to hold a print. */
export const gradeNothing = (): FingerQuality => graded(0, NOTHING, ['place_finger']);

const NOTHING: FingerQualityComponents = { area: 0, ridgeClarity: 0, contrast: 0, moisture: 0, minutiae: 0 };

/** Grades what was measured. Each limit is near the 5th or the 75th percentile of prints of the two sets named in the card. */
export function gradeMeasures(measures: QualityMeasures): FingerQuality {
  const { clearAreaMm2, ridgeStrength, flowCertainty, contrastGrey, darkShare, confidenceSum } = measures;
  if (confidenceSum < LEAST_CONFIDENCE_SUM || clearAreaMm2 < LEAST_CLEAR_MM2) return gradeNothing();
  const components: FingerQualityComponents = {
    area: scale(clearAreaMm2, LEAST_CLEAR_MM2, 90),
    ridgeClarity: (scale(ridgeStrength, 0.24, 0.5) + scale(flowCertainty, 0.75, 0.97)) / 2,
    contrast: scale(contrastGrey, 10, 80),
    moisture: Math.min(scale(darkShare, 0.05, 0.25), scale(darkShare, 0.85, 0.55)),
    minutiae: scale(confidenceSum, LEAST_CONFIDENCE_SUM, 32),
  };
  const names = Object.keys(SHARES) as (keyof FingerQualityComponents)[];
  const certainty = scale(clearAreaMm2, 0, CERTAIN_CLEAR_MM2) / 100;
  const score = certainty * names.reduce((sum, name) => sum + SHARES[name] * components[name], 0);
  return graded(score, components, score < GOOD_ENOUGH ? adviceFor(components, measures) : []);
}

function graded(
  score: number,
  parts: FingerQualityComponents,
  advice: readonly FingerAdvice[],
): FingerQuality {
  const components: FingerQualityComponents = {
    area: Math.round(parts.area),
    ridgeClarity: Math.round(parts.ridgeClarity),
    contrast: Math.round(parts.contrast),
    moisture: Math.round(parts.moisture),
    minutiae: Math.round(parts.minutiae),
  };
  return {
    score: Math.round(score),
    components,
    advice,
    algorithm: 'vantay-finger-quality',
    version: QUALITY_VERSION,
  };
}

function adviceFor(components: FingerQualityComponents, measures: QualityMeasures): FingerAdvice[] {
  const advice: FingerAdvice[] = [];
  if (measures.darkShare > WET_DARK_SHARE) advice.push('finger_too_wet');
  if (measures.darkShare < DRY_DARK_SHARE) advice.push('finger_too_dry');
  if (measures.offCentreMm > OFF_CENTRE_MM) advice.push('place_finger');
  if (components.area < WEAK || components.contrast < WEAK) advice.push('press_harder');
  // Weak ridges on a print that is large, dark enough and not flooded are smeared ones.
  if (advice.length === 0 && components.ridgeClarity < WEAK) advice.push('finger_moved');
  return advice.length > 0 ? advice : ['press_harder'];
}
