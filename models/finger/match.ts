import { ModelError } from '../error.ts';
import type { Graph } from '../runtime.ts';
import { DESCRIPTOR_LENGTH, DESCRIPTOR_SCALE, type FingerTemplate, MAX_MINUTIAE } from './template.ts';

/** References a run of the graph: enough to spread its cost, few enough to stay in the second-level cache. */
const BATCH = 32;

/** A template as the graph takes it: rows of x, y, cos, sin; unit descriptors; 1 for each row that is filled. */
export interface MatchInput {
  readonly count: number;
  readonly positions: Float32Array;
  readonly descriptors: Float32Array;
  readonly filled: Float32Array;
}

/** Unfilled rows keep a unit direction: the graph divides by its length. Plain loops: it is made for each of 50 candidates. */
export function matchInput({ minutiae, descriptors: stored }: FingerTemplate): MatchInput {
  const positions = new Float32Array(MAX_MINUTIAE * 4);
  const descriptors = new Float32Array(MAX_MINUTIAE * DESCRIPTOR_LENGTH);
  const filled = new Float32Array(MAX_MINUTIAE);
  for (let row = 0; row < MAX_MINUTIAE; row++) {
    const minutia = minutiae[row];
    const at = row * 4;
    positions[at + 2] = 1;
    if (!minutia) continue;
    positions[at] = minutia.x;
    positions[at + 1] = minutia.y;
    positions[at + 2] = Math.cos(minutia.directionRad);
    positions[at + 3] = Math.sin(minutia.directionRad);
    filled[row] = 1;
  }
  for (let at = 0; at < stored.length; at++) descriptors[at] = stored[at]! / DESCRIPTOR_SCALE;
  return { count: minutiae.length, positions, descriptors, filled };
}

/**
 * Scores a probe against references.
 *
 * Inputs `pm` [64,4], `pd` [64,64], `pv` [64] and the same with a leading batch as `gm`, `gd`, `gv`; output `score`
 * [batch], 0 or more: how much the pairs of minutiae support each other, how alike they are and how large a share of the
 * overlap they make, less what an overlap of that size pairs by chance.
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
  const size = references.length;
  const gm = new Float32Array(size * MAX_MINUTIAE * 4);
  const gd = new Float32Array(size * MAX_MINUTIAE * DESCRIPTOR_LENGTH);
  const gv = new Float32Array(size * MAX_MINUTIAE);
  references.forEach((reference, index) => {
    gm.set(reference.positions, index * reference.positions.length);
    gd.set(reference.descriptors, index * reference.descriptors.length);
    gv.set(reference.filled, index * reference.filled.length);
  });
  const { score } = await graph.run({
    pm: { data: probe.positions, dims: [MAX_MINUTIAE, 4] },
    pd: { data: probe.descriptors, dims: [MAX_MINUTIAE, DESCRIPTOR_LENGTH] },
    pv: { data: probe.filled, dims: [MAX_MINUTIAE] },
    gm: { data: gm, dims: [size, MAX_MINUTIAE, 4] },
    gd: { data: gd, dims: [size, MAX_MINUTIAE, DESCRIPTOR_LENGTH] },
    gv: { data: gv, dims: [size, MAX_MINUTIAE] },
  });
  if (score?.data.length !== size)
    throw new ModelError('MODEL_INVALID', 'the matching graph gives no such score');
  return score.data;
}

function checked(score: number): number {
  if (!Number.isFinite(score)) throw new ModelError('MODEL_INVALID', 'the matching graph gave no number');
  return score;
}
