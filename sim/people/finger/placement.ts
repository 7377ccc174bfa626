import { bilinearAt, type Field, smoothNoise } from './field.ts';
import type { ImpressionConditions } from './options.ts';
import { MASTER_HEIGHT, MASTER_PPI, MASTER_WIDTH } from './outline.ts';
import type { Rng } from './rng.ts';

/** Pixels between nodes of the distortion grid. */
const GRID_PX = 8;

type Point = readonly [x: number, y: number];

/** Where each image pixel lies on the master: turn, scale, shift, elastic distortion and shear of the skin. */
export interface Placement {
  /** Image pixel to master pixel. */
  toMaster(x: number, y: number): Point;
  /** Master pixel to image pixel, or undefined where the distortion cannot be inverted. */
  toImage(x: number, y: number): Point | undefined;
  /** Image direction of a master direction at an image pixel, radians in [0, 2 pi). */
  directionInImage(x: number, y: number, masterDirectionRad: number): number;
  /** Master coordinates of every image pixel, row-major. */
  readonly masterX: Float32Array;
  readonly masterY: Float32Array;
}

/** Pixels `x`, `y` displaced as skin does that sticks at its centre and slides and turns outside (Cappelli et al. 2001). */
function skinShear(conditions: ImpressionConditions, rng: Rng): (x: number, y: number) => Point {
  const strength = 0.3 + conditions.difficulty;
  const slideX = rng.normal(0, 5 * strength);
  const slideY = rng.normal(0, 5 * strength);
  const turnRad = rng.normal(0, 0.05 * strength);
  const centreX = conditions.width / 2 + rng.normal(0, 40);
  const centreY = conditions.height / 2 + rng.normal(0, 40);
  const radiusX = rng.between(80, 150);
  const radiusY = rng.between(80, 170);
  return (x, y) => {
    const radius = Math.hypot((x - centreX) / radiusX, (y - centreY) / radiusY);
    const outside = Math.min(2, Math.max(0, radius - 0.6)) / 1.4;
    const moved = (1.2 * outside * outside) / (1 + outside * outside);
    return [moved * (slideX - turnRad * (y - centreY)), moved * (slideY + turnRad * (x - centreX))];
  };
}

export function placeFinger(conditions: ImpressionConditions, rng: Rng): Placement {
  const { width, height, ppi, rotationRad, difficulty } = conditions;
  // Room to miss the centre: all of a small window's, a little of one that is nearly as large as the finger.
  const spread = 0.55 + 0.6 * difficulty;
  const centreX = MASTER_WIDTH / 2 + spread * rng.normal(0, 0.05 * MASTER_WIDTH);
  const centreY = 0.47 * MASTER_HEIGHT + spread * rng.normal(0, 0.06 * MASTER_HEIGHT);
  const scale = (1 + rng.normal(0, 0.02)) * (ppi / MASTER_PPI);
  const cos = Math.cos(rotationRad) / scale;
  const sin = Math.sin(rotationRad) / scale;

  const gridWidth = Math.ceil(width / GRID_PX) + 2;
  const gridHeight = Math.ceil(height / GRID_PX) + 2;
  const bendPx = Math.min(2, Math.abs(rng.normal())) * 2.6 * (0.4 + difficulty);
  const bendScale = rng.between(70, 170) / GRID_PX;
  const bendX = smoothNoise(rng, gridWidth, gridHeight, bendScale);
  const bendY = smoothNoise(rng, gridWidth, gridHeight, bendScale);
  const shear = skinShear(conditions, rng);
  const gridX: Field = {
    width: gridWidth,
    height: gridHeight,
    values: new Float32Array(gridWidth * gridHeight),
  };
  const gridY: Field = { ...gridX, values: new Float32Array(gridWidth * gridHeight) };
  for (let row = 0; row < gridHeight; row++) {
    for (let column = 0; column < gridWidth; column++) {
      const i = row * gridWidth + column;
      const x = column * GRID_PX;
      const y = row * GRID_PX;
      const [shearX, shearY] = shear(x, y);
      const u = x - width / 2 + bendPx * bendX[i]! + shearX;
      const v = y - height / 2 + bendPx * bendY[i]! + shearY;
      gridX.values[i] = cos * u + sin * v + centreX;
      gridY.values[i] = -sin * u + cos * v + centreY;
    }
  }

  const toMaster = (x: number, y: number): Point => [
    bilinearAt(gridX, x / GRID_PX, y / GRID_PX),
    bilinearAt(gridY, x / GRID_PX, y / GRID_PX),
  ];
  // The rigid part's inverse: a Newton step whose Jacobian ignores the distortion, which is a few per cent.
  const back = (x: number, y: number): Point => [
    scale * scale * (cos * x - sin * y),
    scale * scale * (sin * x + cos * y),
  ];
  const toImage = (masterX: number, masterY: number): Point | undefined => {
    const [startX, startY] = back(masterX - centreX, masterY - centreY);
    let [x, y] = [width / 2 + startX, height / 2 + startY];
    for (let step = 0; step < 8; step++) {
      const [atX, atY] = toMaster(x, y);
      const [dx, dy] = back(masterX - atX, masterY - atY);
      x += dx;
      y += dy;
    }
    const [atX, atY] = toMaster(x, y);
    return Math.hypot(atX - masterX, atY - masterY) < 0.5 ? [x, y] : undefined;
  };
  const directionInImage = (x: number, y: number, directionRad: number): number => {
    const [leftX, leftY] = toMaster(x - 4, y);
    const [rightX, rightY] = toMaster(x + 4, y);
    const [aboveX, aboveY] = toMaster(x, y - 4);
    const [belowX, belowY] = toMaster(x, y + 4);
    const [a, b, c, d] = [rightX - leftX, belowX - aboveX, rightY - leftY, belowY - aboveY];
    const tx = Math.cos(directionRad);
    const ty = Math.sin(directionRad);
    const angle = Math.atan2(a * ty - c * tx, d * tx - b * ty);
    return angle < 0 ? angle + 2 * Math.PI : angle;
  };

  const masterX = new Float32Array(width * height);
  const masterY = new Float32Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      masterX[y * width + x] = bilinearAt(gridX, x / GRID_PX, y / GRID_PX);
      masterY[y * width + x] = bilinearAt(gridY, x / GRID_PX, y / GRID_PX);
    }
  }
  return { toMaster, toImage, directionInImage, masterX, masterY };
}

/** The ridge profile (-1 .. 1) under every image pixel; -1 off the master. */
export function sampleRidges(ridges: Int8Array, placement: Placement): Float32Array {
  const { masterX, masterY } = placement;
  const out = new Float32Array(masterX.length).fill(-1);
  for (let i = 0; i < out.length; i++) {
    const x = masterX[i]!;
    const y = masterY[i]!;
    if (x < 0 || y < 0 || x >= MASTER_WIDTH - 1 || y >= MASTER_HEIGHT - 1) continue;
    const left = Math.floor(x);
    const top = Math.floor(y);
    const fx = x - left;
    const at = top * MASTER_WIDTH + left;
    const upper = ridges[at]! + fx * (ridges[at + 1]! - ridges[at]!);
    const below = at + MASTER_WIDTH;
    const lower = ridges[below]! + fx * (ridges[below + 1]! - ridges[below]!);
    out[i] = (upper + (y - top) * (lower - upper)) / 127;
  }
  return out;
}
