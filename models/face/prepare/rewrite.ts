import { ModelError } from '../../error.ts';
import {
  decodeOnnx,
  encodeOnnx,
  makeNode,
  type Node,
  type OnnxModel,
  type Weight,
  withPorts,
} from './onnx.ts';

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
 * PRelu written with Relu, depthwise 1x1 Conv and Add: slope * x + relu((1 - slope) * x) where no slope is above 1, else
 * relu(x) - slope * relu(-x), which takes one more step. ONNX Runtime keeps its blocked channel layout through these and
 * leaves it at every PRelu, which costs more than the convolutions between them.
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
    const name = (part: string) => `prelu${index}_${part}`;
    const factors = (part: string, of: (slope: number) => number): Weight => {
      const weight = { name: name(part), dims: [slope.values.length, 1, 1, 1], values: slope.values.map(of) };
      added.push(weight);
      return weight;
    };
    if (slope.values.every(value => value <= 1)) {
      return [
        scaleChannels(
          input,
          factors('one_minus_slope', value => 1 - value),
          name('bent'),
        ),
        makeNode('Relu', [name('bent')], name('positive')),
        scaleChannels(
          input,
          factors('slope', value => value),
          name('straight'),
        ),
        makeNode('Add', [name('straight'), name('positive')], output),
      ];
    }
    return [
      makeNode('Relu', [input], name('positive')),
      scaleChannels(
        input,
        factors('minus_one', () => -1),
        name('negated'),
      ),
      makeNode('Relu', [name('negated')], name('negative')),
      scaleChannels(
        name('negative'),
        factors('minus_slope', value => -value),
        name('sloped'),
      ),
      makeNode('Add', [name('sloped'), name('positive')], output),
    ];
  });
  return { ...model, nodes, initializers: [...model.initializers, ...added] };
}

/** Value of the detector's graph that holds the boxes as offsets from its anchors, before it works them out for one size. */
const BOX_OFFSETS = '462';

/** Lets the detector take pictures of any size: its own last step works the boxes out for 320 x 240 alone. */
const freeSize = (model: OnnxModel): OnnxModel =>
  withPorts(
    model,
    [{ name: 'input', dims: [1, 3, 'height', 'width'] }],
    [
      { name: 'scores', dims: [1, 'anchors', 2] },
      { name: BOX_OFFSETS, dims: [1, 'anchors', 4] },
    ],
  );

const dropUnused = (model: OnnxModel): OnnxModel => {
  const used = new Set(model.nodes.flatMap(node => node.inputs));
  return { ...model, initializers: model.initializers.filter(one => !isWeight(one) || used.has(one.name)) };
};

/**
 * The published file to the one that is loaded. Deterministic: the same bytes in give the same bytes out.
 * @param task of the model's card
 */
export function prepare(published: Uint8Array, task: string): Uint8Array {
  const model = rewritePRelu(clearNegligible(decodeOnnx(published)));
  return encodeOnnx(dropUnused(task === 'face-detection' ? freeSize(model) : model));
}
