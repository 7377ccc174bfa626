import type { Graph } from '../runtime.ts';
import { ontoRectangle } from './image/affine.ts';
import type { RgbImage } from './image/decode.ts';
import type { Pyramid } from './image/pyramid.ts';
import { suppressOverlaps } from './overlap.ts';
import type { FaceBox } from './types.ts';

export interface Detection {
  readonly box: FaceBox;
  /** 0..1 */
  readonly confidence: number;
  /** Eyes (left in the frame first), tip of the nose, mouth corners: ten values, x and y in pixels; where the network says. */
  readonly points?: readonly number[];
}

/** Finds faces. */
export interface FaceDetector {
  /**
   * Every face of the image, in any order.
   * @param near where the face was in the frame before; a detector may look there alone, if it looks everywhere when that
   * fails
   */
  detect(pyramid: Pyramid, near?: FaceBox): Promise<readonly Detection[]>;
}

// The network's input size and the values its authors run it with (Linzaer Ultra-Light-Fast RFB-320).
const INPUT = { width: 320, height: 240 };
const MEAN = [127, 127, 127];
const DEVIATION = [128, 128, 128];
/** The authors' own demo asks 0.7; 0.65 finds all faces of the development portraits without a false one. */
const MIN_CONFIDENCE = 0.65;
const MAX_OVERLAP = 0.4;
/** A second try for faces that fill the frame: the network was trained on faces with surroundings. */
const RETRY_PADDING = 0.3;
/** Smaller boxes are noise at the network's input size, in pixels of that input. */
const MIN_INPUT_SIDE = 8;

/** The smallest 4:3 rectangle around the image, centred, grown by `padding` of its size. */
export function letterbox(width: number, height: number, padding: number): FaceBox {
  const unit = Math.max(width / 4, height / 3) * (1 + padding);
  return { x: (width - 4 * unit) / 2, y: (height - 3 * unit) / 2, width: 4 * unit, height: 3 * unit };
}

async function detectIn(graph: Graph, pyramid: Pyramid, canvas: FaceBox): Promise<Detection[]> {
  const toSource = ontoRectangle(INPUT.width, INPUT.height, canvas);
  const data = pyramid.sample({
    ...INPUT,
    toSource,
    border: 'black',
    planes: 'rgb',
    mean: MEAN,
    deviation: DEVIATION,
  });
  const { scores, boxes } = await graph.run({ input: { data, dims: [1, 3, INPUT.height, INPUT.width] } });
  const found: Detection[] = [];
  const minSide = (MIN_INPUT_SIDE / INPUT.width) * canvas.width;
  for (let i = 0; i < scores!.data.length / 2; i++) {
    const confidence = scores!.data[2 * i + 1]!;
    if (!(confidence > MIN_CONFIDENCE)) continue;
    const [left, top, right, bottom] = boxes!.data.subarray(4 * i, 4 * i + 4) as unknown as [
      number,
      number,
      number,
      number,
    ];
    const box = {
      x: canvas.x + left * canvas.width,
      y: canvas.y + top * canvas.height,
      width: (right - left) * canvas.width,
      height: (bottom - top) * canvas.height,
    };
    if (box.width >= minSide && box.height >= minSide) found.push({ box, confidence });
  }
  return suppressOverlaps(found, MAX_OVERLAP);
}

/** How much a face is the one in front of the camera: its area, less the farther its centre is from the middle of the image. */
function prominence({ x, y, width, height }: FaceBox, image: { width: number; height: number }): number {
  const away = Math.hypot(x + width / 2 - image.width / 2, y + height / 2 - image.height / 2);
  const centred = Math.max(0, 1 - away / (Math.hypot(image.width, image.height) / 2));
  return width * height * centred ** 2;
}

/** The detector that comes with the agent. */
export const packagedDetector = (graph: Graph): FaceDetector => ({
  async detect(pyramid) {
    const { width, height } = pyramid.image;
    const found = await detectIn(graph, pyramid, letterbox(width, height, 0));
    return found.length > 0 ? found : detectIn(graph, pyramid, letterbox(width, height, RETRY_PADDING));
  },
});

/** The faces of an image, the most prominent first: large and near the middle. */
export const byProminence = (found: readonly Detection[], image: RgbImage): Detection[] =>
  found.toSorted((a, b) => prominence(b.box, image) - prominence(a.box, image));
