import { ModelError } from '../error.ts';
import type { Graph, Tensor } from '../runtime.ts';
import type { Detection, FaceDetector } from './detect.ts';
import { ontoRectangle } from './image/affine.ts';
import type { Pyramid } from './image/pyramid.ts';
import { suppressOverlaps } from './overlap.ts';

/**
 * YuNet (Wu, Peng and Yu 2023) as in the OpenCV zoo, `face_detection_yunet_2023mar.onnx`: boxes and five points from cells
 * of three sizes. Decoded as OpenCV's FaceDetectorYN does (modules/objdetect/src/face_detect.cpp).
 */
export interface YunetSpec {
  /** Size of the network's input in pixels, multiples of 32: 640 x 640 for the zoo's file. */
  readonly width: number;
  readonly height: number;
  readonly planes: 'rgb' | 'bgr';
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  readonly input?: string;
  /** Least root of class and object score, 0..1. */
  readonly minConfidence: number;
  /** Boxes that overlap more than this (intersection over union) are of one face. */
  readonly maxOverlap: number;
}

/** Pixels of the input per cell. */
const STRIDES = [8, 16, 32];
/** Values of a cell in each output. */
const OUTPUTS = { cls: 1, obj: 1, bbox: 4, kps: 10 } as const;
/** The network knows faces of up to about half its input; one that fills the frame is looked for again at half the size. */
const SECOND_TRY_SIZE = 0.5;

const clamp = (value: number): number => Math.max(0, Math.min(1, value));

/** The faces of one layer of cells, in pixels of the input. */
function* decodeLayer(
  outputs: Record<string, Tensor>,
  stride: number,
  spec: YunetSpec,
): Generator<Detection> {
  const [cls, obj, bbox, kps] = (['cls', 'obj', 'bbox', 'kps'] as const).map(
    name => outputs[`${name}_${stride}`]!.data,
  );
  const columns = spec.width / stride;
  for (let cell = 0; cell < cls!.length; cell++) {
    const confidence = Math.sqrt(clamp(cls![cell]!) * clamp(obj![cell]!));
    if (!(confidence >= spec.minConfidence)) continue;
    const [column, row] = [cell % columns, Math.floor(cell / columns)];
    const [dx, dy, logWidth, logHeight] = bbox!.subarray(4 * cell, 4 * cell + 4);
    const [width, height] = [Math.exp(logWidth!) * stride, Math.exp(logHeight!) * stride];
    const x = (column + dx!) * stride - width / 2;
    const y = (row + dy!) * stride - height / 2;
    const points = [...kps!.subarray(10 * cell, 10 * cell + 10)].map(
      (value, i) => (value + (i % 2 === 0 ? column : row)) * stride,
    );
    yield { box: { x, y, width, height }, confidence, points };
  }
}

/** @throws ModelError MODEL_INVALID when the graph takes another shape or has other outputs */
async function runYunet(graph: Graph, spec: YunetSpec, data: Float32Array): Promise<Record<string, Tensor>> {
  const input = spec.input ?? graph.inputNames[0] ?? '';
  const size = `${spec.width} x ${spec.height}`;
  const outputs = await graph
    .run({ [input]: { data, dims: [1, 3, spec.height, spec.width] } })
    .catch((cause: unknown) => {
      throw new ModelError('MODEL_INVALID', `the detection graph does not take ${input} of ${size}`, {
        cause,
      });
    });
  for (const stride of STRIDES) {
    const cells = (spec.width / stride) * (spec.height / stride);
    for (const [name, values] of Object.entries(OUTPUTS)) {
      const found = outputs[`${name}_${stride}`]?.data.length ?? 'no';
      if (found !== cells * values) {
        const what = `gives ${found} values as ${name}_${stride}, not ${cells * values}`;
        throw new ModelError('MODEL_INVALID', `the detection graph ${what}`);
      }
    }
  }
  return outputs;
}

/** The image in the upper left corner of the input, as OpenCV pads it, at `size` of what fits. */
async function detectAt(graph: Graph, spec: YunetSpec, pyramid: Pyramid, size: number): Promise<Detection[]> {
  const { width, height, planes, mean, deviation } = spec;
  const { image } = pyramid;
  const scale = size * Math.min(width / image.width, height / image.height);
  const canvas = { x: 0, y: 0, width: width / scale, height: height / scale };
  const toSource = ontoRectangle(width, height, canvas);
  const data = pyramid.sample({ width, height, toSource, border: 'black', planes, mean, deviation });
  const outputs = await runYunet(graph, spec, data);
  const found = STRIDES.flatMap(stride => [...decodeLayer(outputs, stride, spec)]);
  return suppressOverlaps(found, spec.maxOverlap).map(({ box, confidence, points = [] }) => ({
    box: { x: box.x / scale, y: box.y / scale, width: box.width / scale, height: box.height / scale },
    confidence,
    // Points are places between pixel centres, which lie at +0.5 at any scale.
    points: points.map(value => (value + 0.5) / scale - 0.5),
  }));
}

/** @throws ModelError MODEL_INVALID when the graph is not what the specification says */
export async function provisionedDetector(graph: Graph, spec: YunetSpec): Promise<FaceDetector> {
  await runYunet(graph, spec, new Float32Array(3 * spec.width * spec.height));
  return {
    async detect(pyramid) {
      const found = await detectAt(graph, spec, pyramid, 1);
      return found.length > 0 ? found : detectAt(graph, spec, pyramid, SECOND_TRY_SIZE);
    },
  };
}
