import { eyeCentres, meanPoint } from '../landmarks.ts';

export interface PortraitGeometry {
  /** Distance between the centres of the eyes, in frame pixels, made good for yaw. */
  readonly eyeDistancePx: number;
  /** Chin to eyes over the height of the frame (OFIQ's head size). */
  readonly eyesToChinShare: number;
  /** Centre of the eyes from the middle of the frame, as a share of its width; positive to the right. */
  readonly offCentreX: number;
  /** Centre of the eyes below the top of the frame, as a share of its height. */
  readonly eyesFromTop: number;
  /** From the eye on that side to the edge of the frame, over the distance between the eyes (OFIQ's crop). */
  readonly leftMargin: number;
  readonly rightMargin: number;
  /** From the eyes to the edge of the frame, over the distance from eyes to chin (OFIQ's margins). */
  readonly marginAbove: number;
  readonly marginBelow: number;
  /** Opening of the narrower eye over the distance from eyes to chin. */
  readonly lidOpening: number;
  /** Opening of the lips over the distance from eyes to chin. */
  readonly lipOpening: number;
  /** Width of the mouth over the distance between the eyes: grows with a smile. */
  readonly mouthWidth: number;
}

/** Where the face lies in the frame and what its features do. Landmarks in pixels of a `width` x `height` frame. */
export function measureGeometry(
  landmarks: Float32Array,
  { width, height }: { width: number; height: number },
  yawDeg: number,
): PortraitGeometry {
  const gap = (one: number, other: number) =>
    Math.hypot(
      landmarks[2 * one]! - landmarks[2 * other]!,
      landmarks[2 * one + 1]! - landmarks[2 * other + 1]!,
    );
  const { left, right } = eyeCentres(landmarks);
  const eyes = { x: (left.x + right.x) / 2, y: (left.y + right.y) / 2 };
  const chin = meanPoint(landmarks, [8]);
  const eyesToChin = Math.max(1, Math.hypot(chin.x - eyes.x, chin.y - eyes.y));
  // Beyond 60 degrees one eye is hidden and the correction would invent a distance.
  const foreshortening = Math.cos((Math.min(60, Math.abs(yawDeg)) * Math.PI) / 180);
  const eyeDistance = Math.max(1, Math.hypot(right.x - left.x, right.y - left.y) / foreshortening);
  const opening = (upper: readonly [number, number], lower: readonly [number, number]) =>
    (gap(upper[0], lower[0]) + gap(upper[1], lower[1])) / 2;
  return {
    eyeDistancePx: eyeDistance,
    eyesToChinShare: eyesToChin / height,
    offCentreX: eyes.x / width - 0.5,
    eyesFromTop: eyes.y / height,
    leftMargin: left.x / eyeDistance,
    rightMargin: (width - right.x) / eyeDistance,
    marginAbove: eyes.y / eyesToChin,
    marginBelow: (height - eyes.y) / eyesToChin,
    lidOpening: Math.min(opening([37, 38], [41, 40]), opening([43, 44], [47, 46])) / eyesToChin,
    lipOpening: gap(62, 66) / eyesToChin,
    mouthWidth: gap(48, 54) / eyeDistance,
  };
}
