import type { FaceQualityComponent } from '../types.ts';
import type { Measures } from './measures.ts';
import { ramp, sigmoid, toScore } from './scale.ts';

/** Cosine of an angle in degrees, as OFIQ grades the pose of a head. */
const cosine = (degrees: number): number => Math.cos((degrees * Math.PI) / 180);

/** The score of eyes that the network calls closed while their lids stand wide apart, 0..1. */
const LIDS_ALONE = 0.8;

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
  const eyesVisible = ramp(cover.darkEyesShare, 0.9, 0.5);
  const mouthVisible = ramp(cover.mouthColourDistance, 40, 20);
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
    // OFIQ: 0.9, 0.1.
    leftwardCropOfTheFaceImage: toScore(sigmoid(g.leftMargin, 0.9, 0.1)),
    rightwardCropOfTheFaceImage: toScore(sigmoid(g.rightMargin, 0.9, 0.1)),
    // OFIQ asks for the crown and the shoulders (1.4, 1.8), as a portrait that is kept has them; one that is compared does
    // with forehead and chin.
    marginAboveOfTheFaceImage: toScore(ramp(g.marginAbove, 0.6, 1.1)),
    marginBelowOfTheFaceImage: toScore(ramp(g.marginBelow, 0.9, 1.3)),
    headPoseYaw: toScore(cosine(m.yawDeg)),
    headPosePitch: toScore(cosine(m.pitchDeg)),
    headPoseRoll: toScore(cosine(m.rollDeg)),
    sharpness: toScore(ramp(m.sharpness, 0.15, 0.55)),
    // OFIQ: 0.2 and 0.8, 0.05; a sine over 60 times the variance.
    luminanceMean: toScore(sigmoid(light.meanLuma, 0.2, 0.05) * (1 - sigmoid(light.meanLuma, 0.8, 0.05))),
    luminanceVariance: toScore(
      Math.sin(((60 * light.lumaVariance) / (60 * light.lumaVariance + 1)) * Math.PI),
    ),
    // OFIQ: share of pixels that are not dark, 0.92, 0.05; mean luminance 0.2, 0.05.
    underExposurePrevention: toScore(
      Math.min(sigmoid(1 - light.darkShare, 0.92, 0.05), sigmoid(light.meanLuma, 0.2, 0.05)),
    ),
    // OFIQ: mean luminance 0.8, 0.05.
    overExposurePrevention: toScore(
      Math.min(
        ramp(light.brightShare, 0.3, 0.03),
        1 - sigmoid(light.meanLuma, 0.8, 0.05),
        // Dark skin stays within bounds in a picture that is burnt out around it; only its highlights go.
        m.burntShare > 0.4 ? ramp(light.brightShare, 0.02, 0) : 1,
      ),
    ),
    // OFIQ: 12.5 a bit.
    dynamicRange: toScore(light.entropyBits / 8),
    illuminationUniformity: toScore(ramp(light.sideGradient, 0.21, 0.045)),
    eyesVisible: toScore(eyesVisible),
    mouthOcclusionPrevention: toScore(mouthVisible),
    faceOcclusionPrevention: toScore(Math.min(eyesVisible, mouthVisible)),
    // The eye network sees closed eyes where blur or shadow hides open ones: lids that stand apart answer for most of it.
    eyesOpen: toScore(1 - (1 - m.eyeOpenProbability) * (1 - LIDS_ALONE * ramp(g.lidOpening, 0.047, 0.073))),
    // OFIQ: 0.2, 0.06.
    mouthClosed: toScore(1 - sigmoid(g.lipOpening, 0.2, 0.06)),
    expressionNeutrality: toScore(ramp(g.mouthWidth, 1.05, 0.81)),
    // OFIQ: 0, 10; a picture without any colour is not natural whatever its distance.
    naturalColour: toScore(
      2 * (1 - sigmoid(colourDistance(m.skinA, m.skinB), 0, 10)) * ramp(Math.hypot(m.skinA, m.skinB), 1, 4),
    ),
    compressionArtifacts: toScore(ramp(artefacts.blockiness, 4, 2)),
    noise: toScore(ramp(artefacts.noise, 16, 4)),
  };
  // OFIQ: 1.9 times the step 10, 100 downwards.
  if (m.background) {
    const { gradient, edgeShare } = m.background;
    scores.backgroundUniformity = toScore(
      Math.min(1.9 * (1 - sigmoid(gradient, 10, 100)), ramp(edgeShare, 0.18, 0.02)),
    );
  }
  return scores;
}
