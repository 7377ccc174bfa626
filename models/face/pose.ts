import type { Graph, Tensor } from '../runtime.ts';
import { ontoRectangle } from './image/affine.ts';
import type { Pyramid } from './image/pyramid.ts';
import { eyeCentres } from './landmarks.ts';
import type { FaceBox } from './types.ts';

export interface HeadPose {
  readonly yawDeg: number;
  readonly pitchDeg: number;
  readonly rollDeg: number;
}

const SIDE = 224;
// Mean and deviation of ImageNet on the scale 0..255, as the network (a Hopenet) was trained with.
const MEAN = [0.485, 0.456, 0.406].map(value => value * 255);
const DEVIATION = [0.229, 0.224, 0.225].map(value => value * 255);
/** The box grows by a quarter of its size on every side. */
const MARGIN = 0.25;
// Hopenet: 66 bins of 3 degrees from -99.
const BIN_DEG = 3;
const FIRST_BIN_DEG = -99;
/** What the network answers for a head held straight: median of 51 studio portraits. */
const FRONTAL_PITCH_DEG = -4;

/** The mean of the angle under the network's distribution over bins, in degrees. */
function expectedAngle({ data }: Tensor): number {
  const max = data.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  let [sum, weighted] = [0, 0];
  data.forEach((value, bin) => {
    const weight = Math.exp(value - max);
    sum += weight;
    weighted += weight * bin;
  });
  return (weighted / sum) * BIN_DEG + FIRST_BIN_DEG;
}

/** Which way the head points. Roll is read from the line through the eyes, which is steadier than the network's. */
export async function headPose(
  graph: Graph,
  pyramid: Pyramid,
  box: FaceBox,
  landmarks: Float32Array,
): Promise<HeadPose> {
  const around = {
    x: box.x - box.width * MARGIN,
    y: box.y - box.height * MARGIN,
    width: box.width * (1 + 2 * MARGIN),
    height: box.height * (1 + 2 * MARGIN),
  };
  const data = pyramid.sample({
    width: SIDE,
    height: SIDE,
    toSource: ontoRectangle(SIDE, SIDE, around),
    border: 'edge',
    planes: 'rgb',
    mean: MEAN,
    deviation: DEVIATION,
  });
  const angles = await graph.run({ input: { data, dims: [1, 3, SIDE, SIDE] } });
  const { left, right } = eyeCentres(landmarks);
  return {
    // The network's yaw is positive towards the left edge of the frame; ours towards the right.
    yawDeg: -expectedAngle(angles.output!),
    pitchDeg: expectedAngle(angles['617']!) - FRONTAL_PITCH_DEG,
    rollDeg: (Math.atan2(right.y - left.y, right.x - left.x) * 180) / Math.PI,
  };
}
