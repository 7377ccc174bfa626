import type { Graph } from '../runtime.ts';
import type { PassiveLiveness } from './analyse.ts';
import { ontoRectangle } from './image/affine.ts';
import { sample } from './image/sample.ts';
import { checkNetwork, type NetworkSpec, runNetwork } from './network.ts';
import type { FaceBox } from './types.ts';

/** A network that tells a living face from a picture of one by the face and what is around it, as MiniFASNet does. */
export interface PassiveSpec extends NetworkSpec {
  /** How many times as wide and as high as the detector's box the picture is. */
  readonly scale: number;
  /** Values of the output, and which of them (from 0) is the living face. */
  readonly classes: number;
  readonly live: number;
  /** What the output needs to become shares. */
  readonly activation: 'softmax' | 'none';
}

const WHAT = 'liveness';

/**
 * The part of an image that is looked at: the box grown about its middle, less where it would be larger than the image,
 * and moved inside (minivision-ai, Silent-Face-Anti-Spoofing, generate_patches.py). Whole pixels; not square unless the
 * box is: the network was trained on faces squeezed like that.
 */
export function surroundings(box: FaceBox, image: { width: number; height: number }, scale: number): FaceBox {
  const grown = Math.min(scale, (image.width - 1) / box.width, (image.height - 1) / box.height);
  const [width, height] = [box.width * grown, box.height * grown];
  const inside = (from: number, length: number, end: number) =>
    from < 0 ? 0 : Math.min(from, end - 1 - length);
  const left = inside(box.x + (box.width - width) / 2, width, image.width);
  const top = inside(box.y + (box.height - height) / 2, height, image.height);
  const [x, y] = [Math.trunc(left), Math.trunc(top)];
  // The last column and row belong to it.
  return { x, y, width: Math.trunc(left + width) - x + 1, height: Math.trunc(top + height) - y + 1 };
}

/** The live class's share, 0..1. */
function liveShare(values: Float32Array, { live, activation }: PassiveSpec): number {
  if (activation === 'none') return Math.max(0, Math.min(1, values[live]!));
  const most = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = values.map(value => Math.exp(value - most));
  return weights[live]! / weights.reduce((sum, weight) => sum + weight, 0);
}

/** @throws ModelError MODEL_INVALID when the graph is not what the specification says */
export async function provisionedPassive(
  id: string,
  graph: Graph,
  spec: PassiveSpec,
): Promise<PassiveLiveness> {
  const network = { ...spec, length: spec.classes };
  await checkNetwork(graph, WHAT, network);
  return {
    id,
    async score(pyramid, box) {
      const { side, planes, mean, deviation, scale } = spec;
      const toSource = ontoRectangle(side, side, surroundings(box, pyramid.image, scale));
      const size = { width: side, height: side };
      // From the image itself: the publisher reduces without smoothing, and fine texture is what the network looks at.
      const data = sample(pyramid.image, { ...size, toSource, border: 'edge', planes, mean, deviation });
      return liveShare(await runNetwork(graph, WHAT, network, data), spec);
    },
  };
}
