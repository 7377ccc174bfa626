// First: see there.
import './no-telemetry.ts';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import * as ort from 'onnxruntime-node';
import { ModelError } from './error.ts';

/** A float tensor with its shape; the only currency between our code and a graph. */
export interface Tensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** A tensor of any type that a gallery needs. */
export interface TypedTensor {
  readonly type: 'int8' | 'uint8' | 'bool' | 'int32' | 'int64' | 'float32';
  readonly data: Int8Array | Uint8Array | Int32Array | BigInt64Array | Float32Array;
  readonly dims: readonly number[];
}

/** Bytes that a graph names instead of holding: `path` is that of its external data. They are read once, while it loads. */
interface ExternalData {
  readonly path: string;
  readonly data: Uint8Array;
}

/** SHA-256 of a file's bytes, lower-case hex. */
export const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/**
 * Reads weights and holds them to the hash in their model card.
 * @throws ModelError MODEL_MISSING, MODEL_HASH
 */
export async function readWeights(path: string, expectedSha256: string): Promise<Uint8Array> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new ModelError('MODEL_MISSING', `model file ${path} cannot be read`, { cause });
  });
  const actual = sha256Hex(bytes);
  if (actual !== expectedSha256) {
    throw new ModelError(
      'MODEL_HASH',
      `model file ${path} has sha256 ${actual}, its card says ${expectedSha256}`,
    );
  }
  return bytes;
}

interface GraphOptions {
  readonly externalData?: readonly ExternalData[];
  /**
   * Whether the graph keeps what its largest run took, for the next; true unless given. Of many graphs that run in turn, the
   * allocator lends each what another has given back.
   */
  readonly keepsMemory?: boolean;
}

/**
 * One loaded ONNX graph. `run` blocks its process (onnxruntime-node is synchronous), so graphs live in the model process.
 */
export class Graph {
  readonly #session: ort.InferenceSession;
  private constructor(session: ort.InferenceSession) {
    this.#session = session;
  }

  /** @throws ModelError MODEL_INVALID when the bytes are no graph this runtime can execute */
  static async load(
    weights: Uint8Array,
    name: string,
    threads = 1,
    { externalData = [], keepsMemory = true }: GraphOptions = {},
  ): Promise<Graph> {
    try {
      const session = await ort.InferenceSession.create(weights, {
        externalData,
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        enableCpuMemArena: keepsMemory,
        graphOptimizationLevel: 'all',
        // Spinning worker threads would take the second core from the rest of the kiosk between calls.
        extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
      });
      return new Graph(session);
    } catch (cause) {
      throw new ModelError('MODEL_INVALID', `model ${name} cannot be loaded`, { cause });
    }
  }

  get inputNames(): readonly string[] {
    return this.#session.inputNames;
  }

  get outputNames(): readonly string[] {
    return this.#session.outputNames;
  }

  async run(feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
    const inputs: Record<string, ort.Tensor> = {};
    for (const [name, { data, dims }] of Object.entries(feeds))
      inputs[name] = new ort.Tensor('float32', data, [...dims]);
    const outputs = await this.#session.run(inputs);
    const tensors: Record<string, Tensor> = {};
    for (const [name, { data, dims }] of Object.entries(outputs)) {
      tensors[name] = {
        data: data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, Number),
        dims,
      };
    }
    return tensors;
  }

  /** As `run`, with tensors of other types, and only those outputs computed that are asked for. */
  async runTyped(
    feeds: Readonly<Record<string, TypedTensor>>,
    outputs: readonly string[],
  ): Promise<Record<string, TypedTensor['data']>> {
    const inputs: Record<string, ort.Tensor> = {};
    for (const [name, { type, data, dims }] of Object.entries(feeds))
      inputs[name] = new ort.Tensor(type, data, [...dims]);
    const results = await this.#session.run(inputs, outputs);
    return Object.fromEntries(
      Object.entries(results).map(([name, { data }]) => [name, data as TypedTensor['data']]),
    );
  }

  /** Gives the graph's memory back. It runs no more. */
  release(): Promise<void> {
    return this.#session.release();
  }
}
