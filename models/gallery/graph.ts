/** The graph that scores probes against the rows of one block, made for its size. */
import { makeNode } from '../face/prepare/onnx.ts';
import { bytesField, encodeFields, type Field, textField, varintField } from '../protobuf.ts';
import { PROBE_ZERO } from './quantise.ts';

// Field numbers and element types of onnx.proto (github.com/onnx/onnx/blob/main/onnx/onnx.proto).
const MODEL = { irVersion: 1, graph: 7, opset: 8 } as const;
const OPSET = { version: 2 } as const;
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 } as const;
const TENSOR = { dims: 1, type: 2, name: 8, rawData: 9, external: 13, location: 14 } as const;
const ENTRY = { key: 1, value: 2 } as const;
const NODE = { output: 2 } as const;
const VALUE_INFO = { name: 1, type: 2 } as const;
const TYPE = { tensor: 1, element: 1, shape: 2 } as const;
const SHAPE = { dimension: 1, value: 1, parameter: 2 } as const;
const ELEMENT = { float: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 } as const;
const EXTERNAL = 1;
const IR_VERSION = 10;
const OPSET_VERSION = 21;

/** Name of the rows' bytes where they are external data. */
export const ROWS_PATH = 'rows';

export interface BlockShape {
  /** Values of an embedding. */
  readonly length: number;
  /** Rows of the block. */
  readonly count: number;
  /** resident: the rows are weights that the runtime lays out once; given: an input, which may differ with each run. */
  readonly rows: 'resident' | 'given';
}

const message = (number: number, ...fields: readonly Field[]): Field =>
  bytesField(number, encodeFields(fields));

const port = (number: number, name: string, element: number, dims: readonly (number | string)[]): Field =>
  message(
    number,
    textField(VALUE_INFO.name, name),
    message(
      VALUE_INFO.type,
      message(
        TYPE.tensor,
        varintField(TYPE.element, element),
        message(
          TYPE.shape,
          ...dims.map(dim =>
            message(
              SHAPE.dimension,
              typeof dim === 'number' ? varintField(SHAPE.value, dim) : textField(SHAPE.parameter, dim),
            ),
          ),
        ),
      ),
    ),
  );

const scalar = (name: string, element: number, rawData: Uint8Array): Field =>
  message(
    GRAPH.initializer,
    varintField(TENSOR.type, element),
    textField(TENSOR.name, name),
    bytesField(TENSOR.rawData, rawData),
  );

const external = (name: string, element: number, dims: readonly number[]): Field =>
  message(
    GRAPH.initializer,
    ...dims.map(dim => varintField(TENSOR.dims, dim)),
    varintField(TENSOR.type, element),
    textField(TENSOR.name, name),
    ...Object.entries({
      location: ROWS_PATH,
      offset: '0',
      length: String(dims.reduce((a, b) => a * b)),
    }).map(([key, value]) =>
      message(TENSOR.external, textField(ENTRY.key, key), textField(ENTRY.value, value)),
    ),
    varintField(TENSOR.location, EXTERNAL),
  );

/**
 * ONNX bytes. Inputs `probes` u8 [B, length] with zero at {@link PROBE_ZERO}, `alive` bool [count], `wanted` i64 [1], and
 * `rows` i8 [length, count] where they are given. Outputs `best` f32 and `at` i64, both [B, wanted], best first and of
 * equals the earlier row, -Infinity for rows that are not alive; and `sums` i32 [B, count], of all rows.
 */
export function scoringGraph({ length, count, rows }: BlockShape): Uint8Array {
  const nodes = [
    makeNode('MatMulInteger', ['probes', 'rows', 'zero'], 'sums').bytes,
    // To the float type: sums are small enough to stay what they are, and TopK is fast on floats.
    makeNode('Cast', ['sums'], 'floats', { to: ELEMENT.float }).bytes,
    makeNode('Where', ['alive', 'floats', 'never'], 'living').bytes,
    Buffer.concat([
      makeNode('TopK', ['living', 'wanted'], 'best', { axis: 1, largest: 1, sorted: 1 }).bytes,
      // A repeated field may stand anywhere in its message: the second output.
      encodeFields([textField(NODE.output, 'at')]),
    ]),
  ];
  const dims = [length, count];
  return encodeFields([
    varintField(MODEL.irVersion, IR_VERSION),
    message(
      MODEL.graph,
      ...nodes.map(node => bytesField(GRAPH.node, node)),
      textField(GRAPH.name, 'gallery block'),
      scalar('zero', ELEMENT.uint8, Uint8Array.of(PROBE_ZERO)),
      scalar('never', ELEMENT.float, new Uint8Array(Float32Array.of(Number.NEGATIVE_INFINITY).buffer)),
      ...(rows === 'resident' ? [external('rows', ELEMENT.int8, dims)] : []),
      port(GRAPH.input, 'probes', ELEMENT.uint8, ['B', length]),
      port(GRAPH.input, 'alive', ELEMENT.bool, [count]),
      port(GRAPH.input, 'wanted', ELEMENT.int64, [1]),
      ...(rows === 'given' ? [port(GRAPH.input, 'rows', ELEMENT.int8, dims)] : []),
      port(GRAPH.output, 'best', ELEMENT.float, ['B', 'K']),
      port(GRAPH.output, 'at', ELEMENT.int64, ['B', 'K']),
      port(GRAPH.output, 'sums', ELEMENT.int32, ['B', count]),
    ),
    message(MODEL.opset, varintField(OPSET.version, OPSET_VERSION)),
  ]);
}
