import { ModelError } from '../error.ts';
import type { Graph } from '../runtime.ts';

/** How a network of one picture and one vector wants its picture. */
export interface NetworkSpec {
  /** Side of the square picture in pixels. */
  readonly side: number;
  readonly planes: 'rgb' | 'bgr';
  /** A plane, in the order of `planes`, holds (value - mean) / deviation, value 0..255. */
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
  /** Names in the graph; absent where it has one each. */
  readonly input?: string;
  readonly output?: string;
}

/**
 * One picture through the graph.
 * @param what the network in words, for errors
 * @returns the output of `length` values
 * @throws ModelError MODEL_INVALID when the graph takes another shape or gives another length
 */
export async function runNetwork(
  graph: Graph,
  what: string,
  spec: NetworkSpec & { readonly length: number },
  data: Float32Array,
): Promise<Float32Array> {
  const input = spec.input ?? graph.inputNames[0] ?? '';
  const output = spec.output ?? graph.outputNames[0] ?? '';
  const outputs = await graph
    .run({ [input]: { data, dims: [1, 3, spec.side, spec.side] } })
    .catch((cause: unknown) => {
      throw new ModelError('MODEL_INVALID', `the ${what} graph does not take ${input} of side ${spec.side}`, {
        cause,
      });
    });
  const values = outputs[output]?.data;
  if (values?.length !== spec.length) {
    throw new ModelError(
      'MODEL_INVALID',
      `the ${what} graph gives ${values?.length ?? 'no'} values as ${output}, not ${spec.length}`,
    );
  }
  return values;
}

/** Whether a graph is what its specification says, tried on a flat picture. @throws ModelError MODEL_INVALID */
export async function checkNetwork(
  graph: Graph,
  what: string,
  spec: NetworkSpec & { readonly length: number },
): Promise<void> {
  await runNetwork(graph, what, spec, new Float32Array(3 * spec.side ** 2));
}
