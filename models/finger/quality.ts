import type { Extracted } from './extract.ts';
import { measure, type QualityMeasures } from './quality-measures.ts';
import type { FingerAdvice, FingerQuality, FingerQualityComponents } from './types.ts';

/** Raised with every change of a figure below: a score means something only with its version. */
const QUALITY_VERSION = '2.1';

/** Below this sum of minutiae confidences a comparison is a gamble: eight sure minutiae are the fewest the matcher takes. */
const LEAST_CONFIDENCE_SUM = 4;
/** Photographs, textures and noise reach 0 to 6 square millimetres of clear ridges, even a poor print 5 to 30. */
const LEAST_CLEAR_MM2 = 1.5;
const CERTAIN_CLEAR_MM2 = 4;
/** Score from which no advice is given: the print will do, and the applicant is not kept at the sensor. */
const GOOD_ENOUGH = 60;
/** A component below this is worth mending. */
const WEAK = 40;
/** Share of dark pixels at which ridges break up, and at which valleys fill: moisture is at half its scale there. */
const DRY_DARK_SHARE = 0.15;
const WET_DARK_SHARE = 0.7;
/** The same against the whole image's greys: flooded prints have no light left in a block to be dark against. */
const PALE_PRINT = 0.08;
const BLACK_PRINT = 0.88;
/** A print this far from the middle of the sensor loses a third of a fingertip (16 mm wide). */
const OFF_CENTRE_MM = 5;
/** A print that is too poor to be one still shows this much of itself, square millimetres. */
const TRACE_MM2 = 20;

/**
 * Points that each part adds, and what is taken off the sum: the non-negative least-squares fit (ridge penalty 10) of the
 * best comparison score with two clean impressions, over 800 synthetic impressions of 80 fingers of all moistures, pressures,
 * offsets and difficulties, made with version 0.2.0 of the graphs; scaled so that a predicted score of 1.15, between the
 * matching card's thresholds for FMR 0.1 % and 0.01 %, is 0 points and the highest 100. Moisture took no weight beside the
 * others: it gives advice alone.
 */
const POINTS = {
  fewMinutiae: 52,
  manyMinutiae: 16,
  sureMinutiae: 5,
  anyFlow: 14,
  sureFlow: 18,
  area: 9,
  centred: 11,
  contrast: 2,
} as const;
const TAKEN_OFF = 27;

/** 0 at `zero`, 100 at `full`, straight between and flat beyond; `full` may be below `zero`. */
const scale = (value: number, zero: number, full: number): number =>
  100 * Math.min(1, Math.max(0, (value - zero) / (full - zero)));

/** Grades a print by how well it will compare. */
export const gradeFinger = (extracted: Extracted): FingerQuality => gradeMeasures(measure(extracted));

/** Whether nobody need be asked for a better print. */
export const isGoodEnough = ({ score }: FingerQuality): boolean => score >= GOOD_ENOUGH;

/** The grade of an image too small to hold a print. */
export const gradeNothing = (): FingerQuality => graded(0, NOTHING, ['place_finger']);

const NOTHING: FingerQualityComponents = { area: 0, ridgeClarity: 0, contrast: 0, moisture: 0, minutiae: 0 };

/** Grades what was measured. */
export function gradeMeasures(measures: QualityMeasures): FingerQuality {
  const { clearAreaMm2, flowCertainty, contrastGrey, darkShare, darkInPrint, confidenceSum } = measures;
  if (confidenceSum < LEAST_CONFIDENCE_SUM || clearAreaMm2 < LEAST_CLEAR_MM2)
    return graded(0, NOTHING, [adviceForTrace(measures)]);
  const contrast = scale(contrastGrey, 10, 80);
  const minutiae = [
    POINTS.fewMinutiae * scale(confidenceSum, 2, 16),
    POINTS.manyMinutiae * scale(confidenceSum, 16, 40),
    POINTS.sureMinutiae * scale(confidenceSum / Math.max(1, measures.minutiae), 0.45, 0.75),
  ];
  const flow = [
    POINTS.anyFlow * scale(flowCertainty, 0.75, 0.9),
    POINTS.sureFlow * scale(flowCertainty, 0.88, 0.97),
  ];
  const others = [
    POINTS.area * scale(clearAreaMm2, 0, 90),
    POINTS.centred * scale(measures.offCentreMm, 5, 1),
    POINTS.contrast * contrast,
  ];
  const components: FingerQualityComponents = {
    area: scale(clearAreaMm2, LEAST_CLEAR_MM2, 90),
    ridgeClarity: total(flow) / (POINTS.anyFlow + POINTS.sureFlow),
    contrast,
    moisture: Math.min(
      scale(darkShare, 0.05, 0.25),
      scale(darkShare, 0.85, 0.55),
      scale(darkInPrint, 1, 0.76),
    ),
    minutiae: total(minutiae) / (POINTS.fewMinutiae + POINTS.manyMinutiae + POINTS.sureMinutiae),
  };
  const certainty = scale(clearAreaMm2, 0, CERTAIN_CLEAR_MM2) / 100;
  const points = total([...minutiae, ...flow, ...others]) / 100 - TAKEN_OFF;
  // 0 is kept for images without a print.
  const score = Math.max(1, certainty * Math.min(100, points));
  return graded(score, components, score < GOOD_ENOUGH ? adviceFor(components, measures) : []);
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

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

const isTooWet = ({ darkShare, darkInPrint }: QualityMeasures): boolean =>
  darkShare > WET_DARK_SHARE || darkInPrint > BLACK_PRINT;
const isTooDry = ({ darkShare, darkInPrint }: QualityMeasures): boolean =>
  darkShare < DRY_DARK_SHARE || darkInPrint < PALE_PRINT;

/** Where ridges show faintly in something black or pale lies a finger that is wet or dry beyond use; else nothing does. */
function adviceForTrace(measures: QualityMeasures): FingerAdvice {
  const someRidges = measures.clearAreaMm2 > 0 || measures.minutiae > 0;
  if (measures.areaMm2 < TRACE_MM2 || !someRidges) return 'place_finger';
  if (isTooWet(measures)) return 'finger_too_wet';
  return isTooDry(measures) ? 'finger_too_dry' : 'place_finger';
}

function adviceFor(components: FingerQualityComponents, measures: QualityMeasures): FingerAdvice[] {
  const advice: FingerAdvice[] = [];
  if (isTooWet(measures)) advice.push('finger_too_wet');
  if (isTooDry(measures)) advice.push('finger_too_dry');
  if (measures.offCentreMm > OFF_CENTRE_MM) advice.push('place_finger');
  if (components.area < WEAK || components.contrast < WEAK) advice.push('press_harder');
  // Weak ridges on a print that is large, dark enough and not flooded are smeared ones.
  if (advice.length === 0 && components.ridgeClarity < WEAK) advice.push('finger_moved');
  return advice.length > 0 ? advice : ['press_harder'];
}
