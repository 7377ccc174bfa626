import type { Graph } from '../runtime.ts';
import { anchorsOf, boxAt } from './anchors.ts';
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
   * @param live of a stream whose next frame is as good: a detector may look less closely, as long as it finds who stands
   * before the camera
   * @param near where the face was in the frame before
   */
  detect(pyramid: Pyramid, live?: boolean, near?: FaceBox): Promise<readonly Detection[]>;
}

/** A size at which the network is run. */
interface Input {
  readonly width: number;
  readonly height: number;
  readonly anchors: Float32Array;
}

const inputOf = (width: number, height: number): Input => ({
  width,
  height,
  anchors: anchorsOf({ width, height }),
});

// How its authors run the network (Linzaer Ultra-Light-Fast RFB-320).
const FINE = inputOf(320, 240);
const MEAN = [127, 127, 127];
const DEVIATION = [128, 128, 128];
/** The authors' own demo asks 0.7; 0.65 finds all faces of the development portraits without a false one. */
const MIN_CONFIDENCE = 0.65;
const MAX_OVERLAP = 0.4;
/** A second try for faces that fill the frame: the network was trained on faces with surroundings. */
const RETRY_PADDING = 0.3;
/** Smaller boxes are noise, in pixels of the network's input. */
const MIN_INPUT_SIDE = 8;

/** A quarter of the cost: enough for whoever stands before the camera. */
const COARSE = inputOf(160, 120);
/** A coarse face this sure and this high (pixels of the coarse input) leaves nothing that matters to a closer look. */
const SURE_CONFIDENCE = 0.9;
const SURE_HEIGHT = 30;
/** How many times as high as the face of the frame before the part of the frame is that is searched for it. */
const NEAR_HEIGHTS = 2.4;

/** The smallest 4:3 rectangle around the image, centred, grown by `padding` of its size. */
export function letterbox(width: number, height: number, padding: number): FaceBox {
  const unit = Math.max(width / 4, height / 3) * (1 + padding);
  return { x: (width - 4 * unit) / 2, y: (height - 3 * unit) / 2, width: 4 * unit, height: 3 * unit };
}

/** A 4:3 rectangle about a face, as large as its surroundings have to be for the network to find it. */
function surroundings({ x, y, width, height }: FaceBox): FaceBox {
  const unit = (Math.max(height, width) * NEAR_HEIGHTS) / 3;
  return {
    x: x + width / 2 - 2 * unit,
    y: y + height / 2 - 1.5 * unit,
    width: 4 * unit,
    height: 3 * unit,
  };
}

async function detectIn(graph: Graph, pyramid: Pyramid, canvas: FaceBox, input: Input): Promise<Detection[]> {
  const { width, height, anchors } = input;
  const toSource = ontoRectangle(width, height, canvas);
  const data = pyramid.sample({
    width,
    height,
    toSource,
    border: 'black',
    planes: 'rgb',
    mean: MEAN,
    deviation: DEVIATION,
  });
  const { scores, ...offsets } = await graph.run({ input: { data, dims: [1, 3, height, width] } });
  const boxes = Object.values(offsets)[0]!.data;
  const found: Detection[] = [];
  const scale = canvas.width / width;
  for (let i = 0; i < anchors.length / 4; i++) {
    const confidence = scores!.data[2 * i + 1]!;
    if (!(confidence > MIN_CONFIDENCE)) continue;
    const box = boxAt(anchors, boxes, i);
    if (box.width < MIN_INPUT_SIDE || box.height < MIN_INPUT_SIDE) continue;
    found.push({
      box: {
        x: canvas.x + box.x * scale,
        y: canvas.y + box.y * scale,
        width: box.width * scale,
        height: box.height * scale,
      },
      confidence,
    });
  }
  return suppressOverlaps(found, MAX_OVERLAP);
}

const isSure = ({ box, confidence }: Detection, canvas: FaceBox): boolean =>
  confidence >= SURE_CONFIDENCE && box.height >= (SURE_HEIGHT / COARSE.height) * canvas.height;

/** How much a face is the one in front of the camera: its area, less the farther its centre is from the middle of the image. */
function prominence({ x, y, width, height }: FaceBox, image: { width: number; height: number }): number {
  const away = Math.hypot(x + width / 2 - image.width / 2, y + height / 2 - image.height / 2);
  const centred = Math.max(0, 1 - away / (Math.hypot(image.width, image.height) / 2));
  return width * height * centred ** 2;
}

/**
 * The detector that comes with the agent. A live frame is looked at coarsely first, the whole of it each time, so that a
 * second person is seen too; a face that is too small for that is looked for where it was before, then finely everywhere.
 */
export const packagedDetector = (graph: Graph): FaceDetector => ({
  async detect(pyramid, live = false, near) {
    const { width, height } = pyramid.image;
    const whole = letterbox(width, height, 0);
    for (const part of live ? [whole, ...(near ? [surroundings(near)] : [])] : []) {
      const coarse = await detectIn(graph, pyramid, part, COARSE);
      if (coarse.some(one => isSure(one, part))) return coarse;
    }
    const fine = await detectIn(graph, pyramid, whole, FINE);
    return fine.length > 0 ? fine : detectIn(graph, pyramid, letterbox(width, height, RETRY_PADDING), FINE);
  },
});

/** The faces of an image, the most prominent first: large and near the middle. */
export const byProminence = (found: readonly Detection[], image: RgbImage): Detection[] =>
  found.toSorted((a, b) => prominence(b.box, image) - prominence(a.box, image));
