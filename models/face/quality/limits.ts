import type { FaceAdvice, FaceQualityComponent } from '../types.ts';
import type { Measures } from './measures.ts';

interface Limit {
  /** A score below this is not accepted. */
  readonly least: number;
  readonly advice: (measures: Measures) => FaceAdvice;
}

/** Chin to eyes over frame height from which a face that is cut off is too near rather than off centre. */
const NEAR_SHARE = 0.42;
/** Below this a head is too far away rather than too near. */
const FAR_SHARE = 0.3;

const always = (advice: FaceAdvice) => () => advice;

const CUT_OFF: Limit = {
  least: 30,
  advice: ({ geometry }) => (geometry.eyesToChinShare > NEAR_SHARE ? 'move_back' : 'centre_face'),
};

/**
 * The least score of each component and what the applicant can do about it, the most helpful first: who is in front of the
 * camera, then where the head is, then the light, then the face itself, then what is behind it.
 * Set so that none of the clean studio portraits of the development data is refused and each made defect is.
 */
export const LIMITS: ReadonlyMap<FaceQualityComponent, Limit> = new Map<FaceQualityComponent, Limit>([
  // A second face of a quarter of the area of the first is twice as far away: one who waits behind.
  ['singleFacePresent', { least: 75, advice: always('several_faces') }],
  // 60 px between the eyes.
  ['interEyeDistance', { least: 38, advice: always('come_closer') }],
  [
    'headSize',
    {
      least: 50,
      advice: ({ geometry }) => (geometry.eyesToChinShare < FAR_SHARE ? 'come_closer' : 'move_back'),
    },
  ],
  ['headCentring', { least: 50, advice: always('centre_face') }],
  ['leftwardCropOfTheFaceImage', CUT_OFF],
  ['rightwardCropOfTheFaceImage', CUT_OFF],
  ['marginAboveOfTheFaceImage', CUT_OFF],
  ['marginBelowOfTheFaceImage', CUT_OFF],
  ['underExposurePrevention', { least: 30, advice: always('too_dark') }],
  ['overExposurePrevention', { least: 50, advice: always('too_bright') }],
  ['luminanceMean', { least: 40, advice: ({ light }) => (light.meanLuma < 0.5 ? 'too_dark' : 'too_bright') }],
  ['eyesVisible', { least: 50, advice: always('uncover_face') }],
  ['mouthOcclusionPrevention', { least: 50, advice: always('uncover_face') }],
  ['faceOcclusionPrevention', { least: 50, advice: always('uncover_face') }],
  // 15, 20 and 12 degrees.
  ['headPoseYaw', { least: 97, advice: always('look_straight') }],
  ['headPosePitch', { least: 94, advice: always('look_straight') }],
  ['headPoseRoll', { least: 98, advice: always('look_straight') }],
  ['sharpness', { least: 50, advice: always('hold_still') }],
  ['illuminationUniformity', { least: 55, advice: always('uneven_light') }],
  ['eyesOpen', { least: 50, advice: always('open_eyes') }],
  ['mouthClosed', { least: 50, advice: always('close_mouth') }],
  ['expressionNeutrality', { least: 40, advice: always('neutral_expression') }],
  ['backgroundUniformity', { least: 70, advice: always('plain_background') }],
  ['naturalColour', { least: 40, advice: always('poor_picture') }],
  ['compressionArtifacts', { least: 50, advice: always('poor_picture') }],
  ['noise', { least: 50, advice: always('poor_picture') }],
  ['luminanceVariance', { least: 10, advice: always('poor_picture') }],
  ['dynamicRange', { least: 45, advice: always('poor_picture') }],
  ['faceDetection', { least: 65, advice: always('no_face') }],
]);
