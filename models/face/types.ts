import type { ModelCard } from '../card.ts';

/** What the applicant can mend in front of the camera. Stable words: the screen keys its messages on them. */
export type FaceAdvice =
  | 'no_face'
  | 'several_faces'
  | 'come_closer'
  | 'move_back'
  | 'centre_face'
  | 'look_straight'
  | 'hold_still'
  | 'too_dark'
  | 'too_bright'
  | 'uneven_light'
  | 'uncover_face'
  | 'open_eyes'
  | 'close_mouth'
  | 'neutral_expression'
  | 'plain_background'
  /** The picture itself is poor (compression, noise, colour): an officer looks at the camera. */
  | 'poor_picture';

/**
 * Names of the measures: those of the components of ISO/IEC 29794-5 and OFIQ, and where these have none (detection,
 * centring as in ISO/IEC 19794-5, noise) names of our own. Each is 0 (unusable) .. 100 (as a passport office wants it).
 * Head coverings cannot be told with the models there are, and have no score.
 */
export type FaceQualityComponent =
  | 'singleFacePresent'
  | 'faceDetection'
  | 'interEyeDistance'
  | 'headSize'
  | 'headCentring'
  | 'leftwardCropOfTheFaceImage'
  | 'rightwardCropOfTheFaceImage'
  | 'marginAboveOfTheFaceImage'
  | 'marginBelowOfTheFaceImage'
  | 'headPoseYaw'
  | 'headPosePitch'
  | 'headPoseRoll'
  | 'sharpness'
  | 'luminanceMean'
  | 'luminanceVariance'
  | 'underExposurePrevention'
  | 'overExposurePrevention'
  | 'dynamicRange'
  | 'illuminationUniformity'
  | 'eyesVisible'
  | 'mouthOcclusionPrevention'
  | 'faceOcclusionPrevention'
  | 'eyesOpen'
  | 'mouthClosed'
  | 'expressionNeutrality'
  | 'backgroundUniformity'
  | 'naturalColour'
  | 'compressionArtifacts'
  | 'noise';

/** An axis-parallel rectangle in frame pixels; it may leave the frame. */
export interface FaceBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface FaceQuality {
  /** Unified score, 0..100. */
  readonly score: number;
  /** 0..100 each; a component that could not be measured (no face) is absent, never 0. */
  readonly components: Readonly<Partial<Record<FaceQualityComponent, number>>>;
  /** What to do about the components below their limits, most helpful first; empty when the portrait will do. */
  readonly advice: readonly FaceAdvice[];
}

/** The main face of a frame: the largest near the middle. Angles in degrees; 0, 0, 0 looks straight into the camera. */
export interface Face {
  readonly box: FaceBox;
  /** Detector's confidence, 0..1. */
  readonly confidence: number;
  /** 68 points (iBUG order) as x, y pairs in frame pixels: 136 values. */
  readonly landmarks: Float32Array;
  /** Positive: the nose points to the right edge of the frame. */
  readonly yawDeg: number;
  /** Positive: the nose points up. */
  readonly pitchDeg: number;
  /** Positive: the head leans towards the right edge of the frame (clockwise). */
  readonly rollDeg: number;
  /** Probability that the eye is open, 0..1; `left` is the eye nearer the frame's left edge. */
  readonly eyesOpen: { readonly left: number; readonly right: number };
  /** 512 values unless a profile brings another network, L2 norm 1. Biometric: never logged. */
  readonly embedding: Float32Array;
  /** L2 norm before normalising: falls with blur, darkness and occlusion; a passive measure of how usable the face is. */
  readonly embeddingNorm: number;
  /** Passive signs of liveness by their names, 0 (an attack) .. 1 (a living face); present when they were asked for. */
  readonly passive?: Readonly<Record<string, number>>;
}

export interface FaceAnalysis {
  /** Of the frame after its EXIF orientation was honoured: all coordinates are in these pixels. */
  readonly width: number;
  readonly height: number;
  readonly faceCount: number;
  /** Absent when `faceCount` is 0. With several faces it is the main one, and the advice says so. */
  readonly face?: Face;
  readonly quality: FaceQuality;
}

/** What else is known of a frame, or wanted of it. */
export interface AnalyseOptions {
  /** A frame of a stream whose next one is as good: the face is looked for less closely, at a quarter of the cost. */
  readonly live?: boolean;
  /** Where the face was in the frame before, in frame pixels: looked for there before the whole frame is searched closely. */
  readonly near?: FaceBox;
  /** Passive signs of liveness too. Default false: they cost as much as the rest. */
  readonly passive?: boolean;
}

export interface FaceModels {
  /**
   * One frame to all that is known of its face.
   * @param jpeg a JPEG (or PNG, TIFF, WebP) file, at most 40 megapixels
   * @throws ModelError MODEL_INPUT when the bytes are no picture
   */
  analyse(jpeg: Uint8Array, options?: AnalyseOptions): Promise<FaceAnalysis>;
  /**
   * Cosine of two embeddings, -1..1.
   * @throws ModelError MODEL_INPUT when one is not a finite vector of the model's length, or is all zeros
   */
  compare(a: Float32Array, b: Float32Array): number;
  /** The card of each loaded model; the one with task 'face-embedding' carries the table of FMR and threshold. */
  readonly cards: readonly ModelCard[];
}
