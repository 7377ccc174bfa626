import { ModelError } from '../../error.ts';
import { decodeOnnx, encodeOnnx, makeNode, type Node, type OnnxModel, type Weight } from './onnx.ts';

/**
 * Weights smaller than this contribute nothing a 32-bit sum keeps, yet the subnormal ones among them (below 1.2e-38)
 * send the processor down its slow path: the embedding has 176,911 below 1e-20.
 */
const NEGLIGIBLE_WEIGHT = 1e-12;

const isWeight = (one: Weight | Uint8Array): one is Weight => !(one instanceof Uint8Array);

/** Sets negligible weights to zero. */
const clearNegligible = (model: OnnxModel): OnnxModel => ({
  ...model,
  initializers: model.initializers.map(one =>
    isWeight(one)
      ? { ...one, values: one.values.map(value => (Math.abs(value) < NEGLIGIBLE_WEIGHT ? 0 : value)) }
      : one,
  ),
});

/** A 1x1 convolution with one group a channel: multiplies each channel by its own factor. */
const scaleChannels = (input: string, factors: Weight, output: string): Node =>
  makeNode('Conv', [input, factors.name], output, { group: factors.values.length, kernel_shape: [1, 1] });

/**
 * PRelu(x) = relu(x) - slope * relu(-x), written with Relu, depthwise 1x1 Conv and Add. ONNX Runtime keeps its blocked
 * channel layout through these and leaves it at every PRelu, which costs more than the convolutions between them.
 */
function rewritePRelu(model: OnnxModel): OnnxModel {
  const weights = new Map(model.initializers.filter(isWeight).map(one => [one.name, one]));
  const added: Weight[] = [];
  const nodes = model.nodes.flatMap((node, index) => {
    if (node.opType !== 'PRelu') return [node];
    const [input, slopeName] = node.inputs;
    const slope = weights.get(slopeName ?? '');
    const [output] = node.outputs;
    if (!input || !slope || !output)
      throw new ModelError('MODEL_INVALID', 'model file has a PRelu without a constant slope');
    const channels = slope.values.length;
    const name = (part: string) => `prelu${index}_${part}`;
    const dims = [channels, 1, 1, 1];
    const minusOne: Weight = { name: name('minus_one'), dims, values: new Float32Array(channels).fill(-1) };
    const minusSlope: Weight = { name: name('minus_slope'), dims, values: slope.values.map(value => -value) };
    added.push(minusOne, minusSlope);
    return [
      makeNode('Relu', [input], name('positive')),
      scaleChannels(input, minusOne, name('negated')),
      makeNode('Relu', [name('negated')], name('negative')),
      scaleChannels(name('negative'), minusSlope, name('sloped')),
      makeNode('Add', [name('sloped'), name('positive')], output),
    ];
  });
  const used = new Set(nodes.flatMap(node => node.inputs));
  const kept = model.initializers.filter(one => !isWeight(one) || used.has(one.name));
  return { ...model, nodes, initializers: [...kept, ...added] };
}

/** The published file to the one that is loaded. Deterministic: the same bytes in give the same bytes out. */
export const prepare = (published: Uint8Array): Uint8Array =>
  encodeOnnx(rewritePRelu(clearNegligible(decodeOnnx(published))));
