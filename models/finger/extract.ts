import { ModelError } from '../error.ts';
import type { Graph, Tensor } from '../runtime.ts';
import type { ModelImage } from './normalise.ts';
import { DESCRIPTOR_LENGTH, DESCRIPTOR_SCALE, MAX_MINUTIAE } from './template.ts';
import type { Minutia } from './types.ts';

/** Side of a cell of the coarse maps, in pixels. */
export const CELL_PX = 4;

/** What the extraction graph says of one image. */
export interface Extracted {
  readonly image: ModelImage;
  /** Strongest first; all within the captured part of the image. */
  readonly minutiae: readonly Minutia[];
  /** One row of 64 values, -127..127, a minutia. */
  readonly descriptors: Int8Array;
  /** Probability of print for each cell of 4x4 px, 0..1; rows of `paddedWidth / 4`. */
  readonly mask: Float32Array;
  /** Twice the ridge orientation as cosines, then sines, a cell each. Their length says how sure the graph is. */
  readonly orientation: Float32Array;
  /** Enhanced print, -1 valley .. 1 ridge, a padded pixel each. */
  readonly ridge: Float32Array;
}

/** Below this a captured side cannot hold a print: 2.4 mm, about five ridges. */
const MIN_SIDE_PX = 48;

/** Whether an image is large enough to hold any print. */
export const canHoldPrint = (image: ModelImage): boolean =>
  Math.min(image.width, image.height) >= MIN_SIDE_PX;

/**
 * Runs the extraction graph.
 *
 * Input `image` [1,1,h,w], grey 0..255 at 500 ppi. Outputs: `minutiae` [64,6] of x, y, cos, sin, confidence and
 * probability of an ending; `desc` [64,64]; `valid` [64], 1 where a row holds a minutia; `mask4`, `ori4`, `ridge` maps.
 * @throws ModelError MODEL_INVALID when the graph gives other outputs than these
 */
export async function extractMinutiae(graph: Graph, image: ModelImage): Promise<Extracted> {
  const { paddedWidth, paddedHeight, pixels } = image;
  const outputs = await graph.run({ image: { data: pixels, dims: [1, 1, paddedHeight, paddedWidth] } });
  const cells = (paddedWidth * paddedHeight) / CELL_PX ** 2;
  const rows = output(outputs, 'minutiae', MAX_MINUTIAE * 6);
  const desc = output(outputs, 'desc', MAX_MINUTIAE * DESCRIPTOR_LENGTH);
  const valid = output(outputs, 'valid', MAX_MINUTIAE);

  const kept: number[] = [];
  for (let row = 0; row < MAX_MINUTIAE; row++) {
    const inside = isInside(rows[row * 6]!, image.width) && isInside(rows[row * 6 + 1]!, image.height);
    if (valid[row]! > 0.5 && inside) kept.push(row);
  }
  const descriptors = new Int8Array(kept.length * DESCRIPTOR_LENGTH);
  kept.forEach((row, index) => {
    for (let k = 0; k < DESCRIPTOR_LENGTH; k++) {
      descriptors[index * DESCRIPTOR_LENGTH + k] = Math.round(
        desc[row * DESCRIPTOR_LENGTH + k]! * DESCRIPTOR_SCALE,
      );
    }
  });
  return {
    image,
    minutiae: kept.map(row => minutiaOf(rows.subarray(row * 6, row * 6 + 6))),
    descriptors,
    mask: output(outputs, 'mask4', cells),
    orientation: output(outputs, 'ori4', 2 * cells),
    ridge: output(outputs, 'ridge', paddedWidth * paddedHeight),
  };
}

/** NaN lies nowhere: a graph that overflowed yields no minutia rather than a wild one. */
const isInside = (position: number, side: number): boolean => position >= 0 && position < side;

function minutiaOf(row: Float32Array): Minutia {
  return {
    x: row[0]!,
    y: row[1]!,
    directionRad: Math.atan2(row[3]!, row[2]!),
    confidence: row[4]!,
    type: row[5]! > 0.5 ? 'ending' : 'bifurcation',
  };
}

function output(outputs: Record<string, Tensor>, name: string, length: number): Float32Array {
  const tensor = outputs[name];
  if (tensor?.data.length !== length)
    throw new ModelError('MODEL_INVALID', `the extraction graph gives no such ${name}`);
  return tensor.data;
}
