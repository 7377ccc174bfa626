import { fitSimilarity, invert } from '../image/affine.ts';
import type { Pyramid } from '../image/pyramid.ts';
import { eyeCentres, meanPoint } from '../landmarks.ts';

/**
 * The face from brows to chin, upright, always at the same size: the measures below then mean the same at any distance.
 * 0..255, row-major, {@link CHIP_WIDTH} x {@link CHIP_HEIGHT}: as much as the measures look at.
 */
export interface Chip {
  readonly red: Float32Array;
  readonly green: Float32Array;
  readonly blue: Float32Array;
  /** BT.601 luma. */
  readonly luma: Float32Array;
}

export const CHIP_WIDTH = 116;
export const CHIP_HEIGHT = 148;
/** Distance between the eyes in the chip, in pixels. */
export const CHIP_EYE_DISTANCE = 64;
export const CHIP_EYES_Y = 36;
const CENTRE_X = CHIP_WIDTH / 2;
/** Eyes to mouth, as a share of the distance between the eyes: that of the ArcFace template. */
const MOUTH_Y = CHIP_EYES_Y + 1.152 * CHIP_EYE_DISTANCE;
const HALF = CHIP_EYE_DISTANCE / 2;
const TEMPLATE = [CENTRE_X - HALF, CHIP_EYES_Y, CENTRE_X + HALF, CHIP_EYES_Y, CENTRE_X, MOUTH_Y];

export function cutChip(pyramid: Pyramid, landmarks: Float32Array): Chip {
  const { left, right } = eyeCentres(landmarks);
  const mouth = meanPoint(landmarks, [48, 54, 60, 64]);
  const points = [left, right, mouth].flatMap(({ x, y }) => [x, y]);
  const planes = pyramid.sample({
    width: CHIP_WIDTH,
    height: CHIP_HEIGHT,
    toSource: invert(fitSimilarity(points, TEMPLATE)),
    border: 'edge',
    planes: 'rgb',
  });
  const area = CHIP_WIDTH * CHIP_HEIGHT;
  const [red, green, blue] = [0, 1, 2].map(plane => planes.subarray(plane * area, (plane + 1) * area));
  const luma = new Float32Array(area);
  for (let i = 0; i < area; i++) luma[i] = 0.299 * red![i]! + 0.587 * green![i]! + 0.114 * blue![i]!;
  return { red: red!, green: green!, blue: blue!, luma };
}

/** Calls back with the index of each pixel of an ellipse of the chip. */
export function insideEllipse(
  centreX: number,
  centreY: number,
  radiusX: number,
  radiusY: number,
  visit: (index: number) => void,
): void {
  const top = Math.max(0, Math.ceil(centreY - radiusY));
  const bottom = Math.min(CHIP_HEIGHT - 1, Math.floor(centreY + radiusY));
  for (let y = top; y <= bottom; y++) {
    const half = radiusX * Math.sqrt(Math.max(0, 1 - ((y - centreY) / radiusY) ** 2));
    const from = Math.max(0, Math.ceil(centreX - half));
    const to = Math.min(CHIP_WIDTH - 1, Math.floor(centreX + half));
    for (let x = from; x <= to; x++) visit(y * CHIP_WIDTH + x);
  }
}

/** Where things lie in the chip, in its pixels. */
const CHIP_REGIONS = {
  /** Under the eyes to the chin: no hair, no glasses. */
  face: { x: CENTRE_X, y: 94, radiusX: 50, radiusY: 44 },
  leftCheek: { x: 16, y: 80, radiusX: 13, radiusY: 18 },
  rightCheek: { x: 100, y: 80, radiusX: 13, radiusY: 18 },
  leftEye: { x: CENTRE_X - HALF, y: CHIP_EYES_Y, radiusX: 20, radiusY: 12 },
  rightEye: { x: CENTRE_X + HALF, y: CHIP_EYES_Y, radiusX: 20, radiusY: 12 },
  nose: { x: CENTRE_X, y: 58, radiusX: 9, radiusY: 22 },
  mouth: { x: CENTRE_X, y: MOUTH_Y, radiusX: 30, radiusY: 18 },
} as const;

export type ChipRegion = keyof typeof CHIP_REGIONS;

export function eachPixel(region: ChipRegion, visit: (index: number) => void): void {
  const { x, y, radiusX, radiusY } = CHIP_REGIONS[region];
  insideEllipse(x, y, radiusX, radiusY, visit);
}

/** Mean of a plane over a region. */
export function meanOver(plane: Float32Array, region: ChipRegion): number {
  let [sum, count] = [0, 0];
  eachPixel(region, index => {
    sum += plane[index]!;
    count++;
  });
  return sum / count;
}
