import type { Graph } from '../runtime.ts';
import type { PortraitRater } from './analyse.ts';
import { fitSimilarity, invert } from './image/affine.ts';
import { alignmentPoints } from './landmarks.ts';
import { checkNetwork, type NetworkSpec, runNetwork } from './network.ts';
import { ramp } from './quality/scale.ts';

/** A network that rates an aligned face by one number, as eDifFIQA and its kin do. */
export interface RaterSpec extends NetworkSpec {
  /** Where eyes (left in the frame first), tip of the nose and mouth corners lie in it: ten values, x and y in pixels. */
  readonly points: readonly number[];
  readonly alignFrom?: 'landmarks' | 'detector';
  /** What the network says of an unusable and of a very good portrait. */
  readonly score: { readonly worst: number; readonly best: number };
}

const WHAT = 'quality';

/** @throws ModelError MODEL_INVALID when the graph is not what the specification says */
export async function provisionedRater(graph: Graph, spec: RaterSpec): Promise<PortraitRater> {
  const network = { ...spec, length: 1 };
  await checkNetwork(graph, WHAT, network);
  return {
    async rate(pyramid, face) {
      const { side, points, alignFrom, planes, mean, deviation, score } = spec;
      const toSource = invert(fitSimilarity(alignmentPoints(face, alignFrom), points));
      const size = { width: side, height: side };
      const data = pyramid.sample({ ...size, toSource, border: 'black', planes, mean, deviation });
      const [value] = await runNetwork(graph, WHAT, network, data);
      return ramp(value!, score.worst, score.best);
    },
  };
}
