import type { FaceQualityComponent } from '../types.ts';
import type { Measures } from './measures.ts';
import { ramp, sigmoid, toScore } from './scale.ts';

/** Cosine of an angle in degrees, as OFIQ grades the pose of a head. */
const cosine = (degrees: number): number => Math.cos((degrees * Math.PI) / 180);

/** OFIQ's natural-colour measure: how far the skin's a* is outside 5..25 and its b* outside 5..35, in CIE units. */
function colourDistance(a: number, b: number): number {
  const outside = (value: number, from: number, to: number) => Math.max(0, from - value, value - to);
  return Math.hypot(outside(a, 5, 25), outside(b, 5, 35));
}

/**
 * Measures to scores of 0..100. Where OFIQ publishes a mapping (middle and width of a logistic step) it is taken; the others
 * are straight ramps whose ends were read off the development portraits: good ones score near 100, the made defects near 0.
 */
export function gradeComponents(m: Measures): Partial<Record<FaceQualityComponent, number>> {
  const { geometry: g, light, artefacts, cover } = m;
  const scores: Partial<Record<FaceQualityComponent, number>> = {
    singleFacePresent: toScore(1 - m.secondFaceShare),
    faceDetection: toScore(m.confidence),
    // OFIQ: 70 px, 20.
    interEyeDistance: toScore(sigmoid(g.eyeDistancePx, 70, 20)),
    headSize: toScore(Math.min(ramp(g.eyesToChinShare, 0.04, 0.2), ramp(g.eyesToChinShare, 0.7, 0.5))),
    headCentring: toScore(
      Math.min(
        ramp(Math.abs(g.offCentreX), 0.35, 0.1),
        ramp(g.eyesFromTop, 0.05, 0.25),
        ramp(g.eyesFromTop, 0.9, 0.65),
      ),
    ),
    croppingOfTheFace: toScore(ramp(g.cropInsideShare, 0.65, 0.95)),
    headPoseYaw: toScore(cosine(m.yawDeg)),
    headPosePitch: toScore(cosine(m.pitchDeg)),
    headPoseRoll: toScore(cosine(m.rollDeg)),
    sharpness: toScore(ramp(m.sharpness, 0.15, 0.55)),
    // OFIQ: share of pixels that are not dark, 0.92, 0.05; mean luminance 0.2, 0.05.
    underExposurePrevention: toScore(
      Math.min(sigmoid(1 - light.darkShare, 0.92, 0.05), sigmoid(light.meanLuma, 0.2, 0.05)),
    ),
    // OFIQ: mean luminance 0.8, 0.05.
    overExposurePrevention: toScore(
      Math.min(ramp(light.brightShare, 0.3, 0.03), 1 - sigmoid(light.meanLuma, 0.8, 0.05)),
    ),
    // OFIQ: 12.5 a bit.
    dynamicRange: toScore(light.entropyBits / 8),
    illuminationUniformity: toScore(ramp(light.sideGradient, 0.21, 0.045)),
    faceOcclusionPrevention: toScore(
      Math.min(ramp(cover.darkEyesShare, 0.9, 0.5), ramp(cover.mouthColourDistance, 40, 20)),
    ),
    // The eye network sees closed eyes where blur or shadow hides open ones; lids that stand wide apart overrule it.
    eyesOpen: toScore(Math.max(m.eyeOpenProbability, ramp(g.lidOpening, 0.047, 0.073))),
    // OFIQ: 0.2, 0.06.
    mouthClosed: toScore(1 - sigmoid(g.lipOpening, 0.2, 0.06)),
    expressionNeutrality: toScore(ramp(g.mouthWidth, 1.05, 0.81)),
    // OFIQ: 0, 10; a picture without any colour is not natural whatever its distance.
    naturalColour: toScore(
      2 * (1 - sigmoid(colourDistance(m.skinA, m.skinB), 0, 10)) * ramp(Math.hypot(m.skinA, m.skinB), 1, 4),
    ),
    noiseAndCompression: toScore(Math.min(ramp(artefacts.noise, 16, 4), ramp(artefacts.blockiness, 4, 2))),
  };
  // OFIQ: 1.9 times the step 10, 100 downwards.
  if (m.backgroundGradient !== undefined) {
    scores.backgroundUniformity = toScore(1.9 * (1 - sigmoid(m.backgroundGradient, 10, 100)));
  }
  return scores;
}
