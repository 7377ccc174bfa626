import { ModelError } from '../../error.ts';
import {
  allBytes,
  bytesField,
  decodeFields,
  encodeFields,
  type Field,
  text,
  textField,
  varintField,
} from '../../protobuf.ts';

// Field numbers of onnx.proto (github.com/onnx/onnx/blob/main/onnx/onnx.proto).
const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const;
const NODE = { input: 1, output: 2, name: 3, opType: 4, attribute: 5 } as const;
const TENSOR = { dims: 1, dataType: 2, name: 8, rawData: 9 } as const;
const ATTRIBUTE = { name: 1, i: 3, ints: 8, type: 20 } as const;
const FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_INTS = 7;
const VALUE_INFO = { name: 1, type: 2 } as const;
const TYPE = { tensor: 1, elementType: 1, shape: 2 } as const;
const SHAPE = { dimension: 1, value: 1, parameter: 2 } as const;

/** A node as far as rewriting needs it. `bytes` is the whole NodeProto, kept as it was. */
export interface Node {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly bytes: Uint8Array;
}

/** A 32-bit float weight. `values` is a copy. */
export interface Weight {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** An ONNX model taken apart into nodes and weights; every other field is kept byte for byte in `model` and `graph`. */
export interface OnnxModel {
  readonly model: readonly Field[];
  readonly graph: readonly Field[];
  readonly nodes: readonly Node[];
  /** Initializers in file order: float weights decoded, all others as they were. */
  readonly initializers: readonly (Weight | Uint8Array)[];
}

function decodeNode(bytes: Uint8Array): Node {
  const fields = decodeFields(bytes);
  const strings = (number: number) => allBytes(fields, number).map(value => new TextDecoder().decode(value));
  return {
    opType: text(fields, NODE.opType),
    inputs: strings(NODE.input),
    outputs: strings(NODE.output),
    bytes,
  };
}

function decodeInitializer(bytes: Uint8Array): Weight | Uint8Array {
  const fields = decodeFields(bytes);
  const dataType = fields.find(field => field.number === TENSOR.dataType);
  const raw = allBytes(fields, TENSOR.rawData)[0];
  if (dataType?.type !== 0 || dataType.value !== BigInt(FLOAT) || !raw) return bytes;
  const dims = fields.flatMap(field => {
    if (field.number !== TENSOR.dims) return [];
    if (field.type === 0) return [Number(field.value)];
    throw new ModelError('MODEL_INVALID', 'model file packs its tensor dimensions, which is not supported');
  });
  // Raw data is little-endian by the specification, as are both architectures this runs on.
  return { name: text(fields, TENSOR.name), dims, values: new Float32Array(new Uint8Array(raw).buffer) };
}

export function decodeOnnx(bytes: Uint8Array): OnnxModel {
  const model = decodeFields(bytes);
  const graphBytes = allBytes(model, MODEL.graph)[0];
  if (!graphBytes) throw new ModelError('MODEL_INVALID', 'model file is no ONNX: it holds no graph');
  const graph = decodeFields(graphBytes);
  return {
    model: model.filter(field => field.number !== MODEL.graph),
    graph: graph.filter(field => field.number !== GRAPH.node && field.number !== GRAPH.initializer),
    nodes: allBytes(graph, GRAPH.node).map(decodeNode),
    initializers: allBytes(graph, GRAPH.initializer).map(decodeInitializer),
  };
}

function encodeWeight({ name, dims, values }: Weight): Uint8Array {
  const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return encodeFields([
    ...dims.map(dim => varintField(TENSOR.dims, dim)),
    varintField(TENSOR.dataType, FLOAT),
    textField(TENSOR.name, name),
    bytesField(TENSOR.rawData, raw),
  ]);
}

export function encodeOnnx({ model, graph, nodes, initializers }: OnnxModel): Uint8Array {
  const graphBytes = encodeFields([
    ...nodes.map(node => bytesField(GRAPH.node, node.bytes)),
    ...graph,
    ...initializers.map(one =>
      bytesField(GRAPH.initializer, one instanceof Uint8Array ? one : encodeWeight(one)),
    ),
  ]);
  return encodeFields([...model, bytesField(MODEL.graph, graphBytes)]);
}

/** A new node. Attributes are integers or lists of integers, which is all that rewriting needs. */
export function makeNode(
  opType: string,
  inputs: readonly string[],
  output: string,
  attributes: Readonly<Record<string, number | readonly number[]>> = {},
): Node {
  const attribute = (name: string, value: number | readonly number[]): Field => {
    const payload: Field[] =
      typeof value === 'number'
        ? [varintField(ATTRIBUTE.i, value), varintField(ATTRIBUTE.type, ATTRIBUTE_INT)]
        : [
            ...value.map(one => varintField(ATTRIBUTE.ints, one)),
            varintField(ATTRIBUTE.type, ATTRIBUTE_INTS),
          ];
    return bytesField(NODE.attribute, encodeFields([textField(ATTRIBUTE.name, name), ...payload]));
  };
  const bytes = encodeFields([
    ...inputs.map(input => textField(NODE.input, input)),
    textField(NODE.output, output),
    textField(NODE.name, output),
    textField(NODE.opType, opType),
    ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
  ]);
  return { opType, inputs, outputs: [output], bytes };
}

/** What a graph takes or gives: a float tensor; a dimension that has a name instead of a size may have any. */
interface Port {
  readonly name: string;
  readonly dims: readonly (number | string)[];
}

const encodePort = ({ name, dims }: Port): Uint8Array => {
  const shape = encodeFields(
    dims.map(dim =>
      bytesField(
        SHAPE.dimension,
        encodeFields([
          typeof dim === 'number' ? varintField(SHAPE.value, dim) : textField(SHAPE.parameter, dim),
        ]),
      ),
    ),
  );
  const tensor = encodeFields([varintField(TYPE.elementType, FLOAT), bytesField(TYPE.shape, shape)]);
  return encodeFields([
    textField(VALUE_INFO.name, name),
    bytesField(VALUE_INFO.type, encodeFields([bytesField(TYPE.tensor, tensor)])),
  ]);
};

/** The same graph with other inputs and outputs, and without the nodes that the outputs do not need. */
export function withPorts(model: OnnxModel, inputs: readonly Port[], outputs: readonly Port[]): OnnxModel {
  const needed = new Set(outputs.map(({ name }) => name));
  const nodes = model.nodes
    .toReversed()
    .filter(node => {
      if (!node.outputs.some(output => needed.has(output))) return false;
      for (const input of node.inputs) needed.add(input);
      return true;
    })
    .toReversed();
  const port = (number: number) => (one: Port) => bytesField(number, encodePort(one));
  const graph = [
    ...model.graph.filter(field => field.number !== GRAPH.input && field.number !== GRAPH.output),
    ...inputs.map(port(GRAPH.input)),
    ...outputs.map(port(GRAPH.output)),
  ];
  return { ...model, graph, nodes };
}
