import type { Graph } from '../runtime.ts';
import type { Pyramid } from './image/pyramid.ts';
import type { FaceBox } from './types.ts';

/** Network input: one grey square, values 0..1 by 1/256. */
const SIDE = 64;
const DEVIATION = [256];

/** 68 points in the order of iBUG 300-W, as x, y pairs in image pixels. The box is the detector's, whole even where it leaves the image. */
export async function findLandmarks(graph: Graph, pyramid: Pyramid, box: FaceBox): Promise<Float32Array> {
  // Whole pixels, as in the training of the network's publisher.
  const [x, y] = [Math.trunc(box.x), Math.trunc(box.y)];
  const width = Math.max(1, Math.trunc(box.x + box.width) - x);
  const height = Math.max(1, Math.trunc(box.y + box.height) - y);
  const data = pyramid.sample({
    width: SIDE,
    height: SIDE,
    toSource: { a: width / SIDE, b: 0, c: x, d: 0, e: height / SIDE, f: y },
    border: 'edge',
    planes: 'grey',
    deviation: DEVIATION,
  });
  const { output } = await graph.run({ input: { data, dims: [1, 1, SIDE, SIDE] } });
  return output!.data.map((value, i) => (i % 2 === 0 ? x + value * width : y + value * height));
}

/** Mean of some of the 68 points. */
export function meanPoint(landmarks: Float32Array, points: readonly number[]): { x: number; y: number } {
  let [x, y] = [0, 0];
  for (const point of points) {
    x += landmarks[2 * point]! / points.length;
    y += landmarks[2 * point + 1]! / points.length;
  }
  return { x, y };
}

/** Centres of the eyes (`left` nearer the left edge of the frame), from the lids: corners move with gaze and age less, but lids centre better. */
export const eyeCentres = (landmarks: Float32Array) => ({
  left: meanPoint(landmarks, [37, 38, 40, 41]),
  right: meanPoint(landmarks, [43, 44, 46, 47]),
});

/** Eyes, tip of the nose, corners of the mouth: the five points of the ArcFace template, as x, y pairs. */
function fivePoints(landmarks: Float32Array): number[] {
  const { left, right } = eyeCentres(landmarks);
  const points = [
    left,
    right,
    meanPoint(landmarks, [30]),
    meanPoint(landmarks, [48, 60]),
    meanPoint(landmarks, [54, 64]),
  ];
  return points.flatMap(({ x, y }) => [x, y]);
}

/** What is known of where the features of a face are. */
export interface FacePoints {
  readonly landmarks: Float32Array;
  /** Of the detector, where it gives them: eyes (left in the frame first), tip of the nose, mouth corners. */
  readonly points?: readonly number[];
}

/** The five points that a network was trained to be aligned by; those of the landmarks where the detector gives none. */
export const alignmentPoints = (
  { landmarks, points }: FacePoints,
  from: 'landmarks' | 'detector' = 'landmarks',
): readonly number[] => (from === 'detector' && points) || fivePoints(landmarks);
