import type { Detection } from '../detect.ts';
import type { DecodedFrame } from '../image/decode.ts';
import type { Pyramid } from '../image/pyramid.ts';
import type { Face } from '../types.ts';
import { type Background, measureBackground } from './background.ts';
import { cutChip } from './chip.ts';
import { regionLab } from './colour.ts';
import { type Cover, measureCover } from './cover.ts';
import { measureGeometry, type PortraitGeometry } from './geometry.ts';
import { type Light, measureBurnt, measureLight } from './light.ts';
import { type Artefacts, measureArtefacts } from './noise.ts';
import { measureSharpness } from './sharpness.ts';

/** What is measured of a portrait, in its own units, before any of it is called good or bad. */
export interface Measures {
  /** Area of the second largest face over that of the main one; 0 when there is one face. */
  readonly secondFaceShare: number;
  /** Detector's confidence, 0..1. */
  readonly confidence: number;
  readonly yawDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
  /** Probability that the less open eye is open, 0..1. */
  readonly eyeOpenProbability: number;
  /** 0..1 */
  readonly sharpness: number;
  readonly background: Background | undefined;
  /** CIE a*, b* of the cheeks. */
  readonly skinA: number;
  readonly skinB: number;
  readonly light: Light;
  /** Share of the whole frame that is pure white, 0..1. */
  readonly burntShare: number;
  readonly artefacts: Artefacts;
  readonly cover: Cover;
  readonly geometry: PortraitGeometry;
}

/** The face being graded, in pixels of the analysed image. */
export interface Subject {
  readonly face: Face;
  readonly pyramid: Pyramid;
  /** How much the comparison has to work with, 0..1: falls with blur, darkness and cover. */
  readonly usable: number;
}

export function measurePortrait(
  frame: DecodedFrame,
  detections: readonly Detection[],
  { face, pyramid }: Subject,
): Measures {
  const area = ({ box }: { box: Face['box'] }) => box.width * box.height;
  const others = detections.filter(({ box }) => box !== face.box).map(area);
  const chip = cutChip(pyramid, face.landmarks);
  const [left, right] = [regionLab(chip, 'leftCheek'), regionLab(chip, 'rightCheek')];
  const geometry = measureGeometry(face.landmarks, frame.image, face.yawDeg);
  return {
    secondFaceShare: Math.max(0, ...others) / area(face),
    confidence: face.confidence,
    yawDeg: face.yawDeg,
    pitchDeg: face.pitchDeg,
    rollDeg: face.rollDeg,
    eyeOpenProbability: Math.min(face.eyesOpen.left, face.eyesOpen.right),
    sharpness: measureSharpness(chip),
    background: measureBackground(pyramid, face.landmarks),
    skinA: (left.a + right.a) / 2,
    skinB: (left.b + right.b) / 2,
    light: measureLight(chip),
    burntShare: measureBurnt(frame.image),
    artefacts: measureArtefacts(frame.image, face.box),
    cover: measureCover(chip),
    // The distance between the eyes counts in pixels the camera gave, not in those of the reduced image.
    geometry: { ...geometry, eyeDistancePx: geometry.eyeDistancePx * frame.scale },
  };
}
