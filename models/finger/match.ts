import { ModelError } from '../error.ts';
import type { Graph } from '../runtime.ts';
import { DESCRIPTOR_LENGTH, type FingerTemplate, MAX_MINUTIAE } from './template.ts';

/** References a run of the graph: enough to spread its cost, few enough to stay in the second-level cache. */
const BATCH = 32;

/** A template as the graph takes it. */
export interface MatchInput {
  readonly count: number;
  /** 64 rows of x, y, cos, sin. */
  readonly positions: Float32Array;
  /** `count` rows of 64 values, as stored. */
  readonly descriptors: Int8Array;
}

export function matchInput({ minutiae, descriptors }: FingerTemplate): MatchInput {
  const positions = new Float32Array(MAX_MINUTIAE * 4);
  for (let row = 0; row < MAX_MINUTIAE; row++) {
    // The graph divides by a direction's length: it must be a unit vector also where there is no minutia.
    const { x, y, directionRad } = minutiae[row] ?? { x: 0, y: 0, directionRad: 0 };
    positions[row * 4] = x;
    positions[row * 4 + 1] = y;
    positions[row * 4 + 2] = Math.cos(directionRad);
    positions[row * 4 + 3] = Math.sin(directionRad);
  }
  return { count: minutiae.length, positions, descriptors };
}

/**
 * Scores a probe against references.
 *
 * Inputs `pm` [64,4], `pd` [64,64] of -127..127, `pv` [64], 1 where a row is filled, and the same with a leading batch as
 * `gm`, `gd`, `gv`; output `score` [batch], 0 or more: how much the pairs of minutiae support each other, how alike they
 * are and how large a share of the overlap they make, less what an overlap of that size pairs by chance.
 * @param minMinutiae prints with fewer share too little to be told apart: they score 0
 * @throws ModelError MODEL_INVALID when the graph gives something else
 */
export async function scoreAll(
  graph: Graph,
  probe: MatchInput,
  references: readonly MatchInput[],
  minMinutiae: number,
): Promise<number[]> {
  const scores = new Array<number>(references.length).fill(0);
  if (probe.count < minMinutiae) return scores;
  const comparable = [...references.keys()].filter(index => references[index]!.count >= minMinutiae);
  for (let first = 0; first < comparable.length; first += BATCH) {
    const batch = comparable.slice(first, first + BATCH);
    const found = await run(
      graph,
      probe,
      batch.map(index => references[index]!),
    );
    batch.forEach((index, row) => {
      scores[index] = checked(found[row]!);
    });
  }
  return scores;
}

async function run(
  graph: Graph,
  probe: MatchInput,
  references: readonly MatchInput[],
): Promise<Float32Array> {
  const [pm, pd, pv] = stacked([probe]);
  const [gm, gd, gv] = stacked(references);
  const size = references.length;
  const { score } = await graph.run({
    pm: { data: pm, dims: [MAX_MINUTIAE, 4] },
    pd: { data: pd, dims: [MAX_MINUTIAE, DESCRIPTOR_LENGTH] },
    pv: { data: pv, dims: [MAX_MINUTIAE] },
    gm: { data: gm, dims: [size, MAX_MINUTIAE, 4] },
    gd: { data: gd, dims: [size, MAX_MINUTIAE, DESCRIPTOR_LENGTH] },
    gv: { data: gv, dims: [size, MAX_MINUTIAE] },
  });
  if (score?.data.length !== size)
    throw new ModelError('MODEL_INVALID', 'the matching graph gives no such score');
  return score.data;
}

/** Positions, descriptors and filled rows of several templates, one after the other. */
function stacked(inputs: readonly MatchInput[]): [Float32Array, Float32Array, Float32Array] {
  const positions = new Float32Array(inputs.length * MAX_MINUTIAE * 4);
  const descriptors = new Float32Array(inputs.length * MAX_MINUTIAE * DESCRIPTOR_LENGTH);
  const filled = new Float32Array(inputs.length * MAX_MINUTIAE);
  inputs.forEach((input, index) => {
    const row = index * MAX_MINUTIAE;
    positions.set(input.positions, row * 4);
    descriptors.set(input.descriptors, row * DESCRIPTOR_LENGTH);
    filled.fill(1, row, row + input.count);
  });
  return [positions, descriptors, filled];
}

function checked(score: number): number {
  if (!Number.isFinite(score)) throw new ModelError('MODEL_INVALID', 'the matching graph gave no number');
  return score;
}
