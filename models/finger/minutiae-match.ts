import { type Cylinders, likeness } from './cylinders.ts';
import type { MinutiaeConstants } from './minutiae-constants.ts';
import type { Minutia } from './types.ts';

/**
 * Scores two prints by their minutiae alone: 0 (nothing in common) upwards. Symmetric, and the same wherever a print lies and however
 * it is turned. The likeliest pairs by their cylinders support each other where they agree with one rigid motion, as in the relaxation
 * of the Cylinder-Codes' authors; what is left is weighed as the matching graph does with its descriptors.
 */
export function compareMinutiae(a: Cylinders, b: Cylinders, constants: MinutiaeConstants): number {
  if (Math.min(a.minutiae.length, b.minutiae.length) < constants.minMinutiae) return 0;
  const evidence = evidenceOf(a, b, constants);
  if (!evidence) return 0;
  const { strength, support, share, overlap } = evidence;
  const gain =
    constants.base +
    Math.log1p(strength) +
    constants.supportWeight * Math.log1p(support) +
    constants.shareWeight * share;
  return Math.max(0, gain - constants.overlapWeight * Math.log1p(overlap));
}

/** A minutia of each print that may be the same one. */
interface Pair {
  readonly i: number;
  readonly j: number;
  readonly p: Minutia;
  readonly q: Minutia;
  /** Of the motion that takes p to q. */
  readonly cos: number;
  readonly sin: number;
  /** Weight it begins with: how far they prefer each other to all others, times how alike they are. */
  readonly start: number;
}

interface Evidence {
  /** Sum of the pairs' weights, each times what it began with. */
  readonly strength: number;
  /** Mean support of a pair. */
  readonly support: number;
  /** Share of the minutiae in the overlap that are paired, 0..1. */
  readonly share: number;
  /** Minutiae of one print in the overlap, mean of the two. */
  readonly overlap: number;
}

/** @returns undefined when no pairs support each other */
function evidenceOf(a: Cylinders, b: Cylinders, constants: MinutiaeConstants): Evidence | undefined {
  const pairs = likeliestPairs(a, b, constants);
  const compatible = compatibilities(pairs, constants);
  const weights = relaxed(pairs, compatible, constants);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return undefined;
  const mean = (value: (pair: Pair, at: number) => number): number =>
    pairs.reduce((sum, pair, at) => sum + weights[at]! * value(pair, at), 0) / total;
  const motion = rigidFit(mean, constants);
  return {
    strength: total * mean(({ start }) => start),
    support: mean((_, at) => supportOf(at, compatible, weights)),
    ...overlapOf(a.minutiae, b.minutiae, motion, constants),
  };
}

/** The pairs that stand out along their row and their column: the geometric mean of both softmaxes. */
function likeliestPairs(a: Cylinders, b: Cylinders, { sharpness, pairs }: MinutiaeConstants): Pair[] {
  const [rows, columns] = [a.minutiae.length, b.minutiae.length];
  const alike = new Float64Array(rows * columns);
  const power = new Float64Array(rows * columns);
  const [rowSums, columnSums] = [new Float64Array(rows), new Float64Array(columns)];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const at = i * columns + j;
      alike[at] = likeness(a, i, b, j);
      power[at] = Math.exp(sharpness * alike[at]!);
      rowSums[i]! += power[at]!;
      columnSums[j]! += power[at]!;
    }
  }
  for (let at = 0; at < power.length; at++)
    power[at]! /= Math.sqrt(rowSums[Math.floor(at / columns)]! * columnSums[at % columns]!);
  const best = [...power.keys()].sort((x, y) => power[y]! - power[x]!).slice(0, pairs);
  return best.map(at => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    const [p, q] = [a.minutiae[i]!, b.minutiae[j]!];
    const turnRad = q.directionRad - p.directionRad;
    const start = power[at]! * alike[at]!;
    return { i, j, p, q, cos: Math.cos(turnRad), sin: Math.sin(turnRad), start };
  });
}

/** Marks two pairs that share a minutia: at most one of them is true. */
const RIVALS = -1;

/** How well every two pairs agree with one rigid motion, 0..1, or {@link RIVALS}; row by row. */
function compatibilities(pairs: readonly Pair[], constants: MinutiaeConstants): Float64Array {
  const compatible = new Float64Array(pairs.length ** 2);
  pairs.forEach((one, x) => {
    for (let y = 0; y < x; y++) {
      const other = pairs[y]!;
      const value = one.i === other.i || one.j === other.j ? RIVALS : agreement(one, other, constants);
      compatible[x * pairs.length + y] = value;
      compatible[y * pairs.length + x] = value;
    }
  });
  return compatible;
}

function agreement(one: Pair, other: Pair, constants: MinutiaeConstants): number {
  const { spreadPx, spreadGrowth, rotationSpread } = constants;
  const sameTurn = one.cos * other.cos + one.sin * other.sin;
  const [ux, uy] = [one.p.x - other.p.x, one.p.y - other.p.y];
  const [vx, vy] = [one.q.x - other.q.x, one.q.y - other.q.y];
  // The mean of the two rotations, where they have one.
  const length = Math.sqrt(2 + 2 * sameTurn) || 1;
  const [cos, sin] = [(one.cos + other.cos) / length, (one.sin + other.sin) / length];
  const error = (cos * ux - sin * uy - vx) ** 2 + (sin * ux + cos * uy - vy) ** 2;
  const spread = spreadPx + spreadGrowth * Math.sqrt((ux * ux + uy * uy + vx * vx + vy * vy) / 2);
  return Math.exp((sameTurn - 1) / rotationSpread - error / (2 * spread * spread));
}

/** Weights of the pairs after mutual support; one to one at the end. */
function relaxed(
  pairs: readonly Pair[],
  compatible: Float64Array,
  constants: MinutiaeConstants,
): Float64Array {
  const { rounds, halfSupport, rivalShare, minWeight } = constants;
  let weights = Float64Array.from(pairs, ({ start }) => start);
  for (let round = 0; round < rounds; round++) {
    const before = weights;
    weights = before.map((_, at) => {
      const support = supportOf(at, compatible, before);
      const kept = isStrongest(at, compatible, before) ? 1 : rivalShare;
      return (kept * Math.sqrt(pairs[at]!.start) * support) / (support + halfSupport);
    });
  }
  const kept = weights.map(weight => (weight > minWeight ? weight : 0));
  return kept.map((weight, at) => (isStrongest(at, compatible, kept) ? weight : 0));
}

function supportOf(at: number, compatible: Float64Array, weights: Float64Array): number {
  let support = 0;
  for (let other = 0; other < weights.length; other++)
    support += Math.max(0, compatible[at * weights.length + other]!) * weights[other]!;
  return support;
}

function isStrongest(at: number, compatible: Float64Array, weights: Float64Array): boolean {
  for (let other = 0; other < weights.length; other++)
    if (compatible[at * weights.length + other] === RIVALS && weights[other]! > weights[at]! + 1e-9)
      return false;
  return true;
}

/** Takes a place of the first print to the second: turned by cos and sin, then moved. */
interface Motion {
  readonly cos: number;
  readonly sin: number;
  readonly x: number;
  readonly y: number;
}

/** The motion that brings the pairs together with the least squares. @param mean over the pairs by their weights */
function rigidFit(
  mean: (value: (pair: Pair) => number) => number,
  { directionWeightPx2: directions }: MinutiaeConstants,
): Motion {
  const [px, py, qx, qy] = [
    mean(({ p }) => p.x),
    mean(({ p }) => p.y),
    mean(({ q }) => q.x),
    mean(({ q }) => q.y),
  ];
  const along = mean(({ p, q, cos }) => (p.x - px) * (q.x - qx) + (p.y - py) * (q.y - qy) + directions * cos);
  const across = mean(
    ({ p, q, sin }) => (p.x - px) * (q.y - qy) - (p.y - py) * (q.x - qx) + directions * sin,
  );
  const length = Math.hypot(along, across) || 1;
  const [cos, sin] = [along / length, across / length];
  return { cos, sin, x: qx - (cos * px - sin * py), y: qy - (sin * px + cos * py) };
}

/** After alignment: which share of the minutiae in the overlap lies on one of the other print, and how many lie there. */
function overlapOf(
  a: readonly Minutia[],
  b: readonly Minutia[],
  { cos, sin, x, y }: Motion,
  constants: MinutiaeConstants,
): Pick<Evidence, 'share' | 'overlap'> {
  const moved = a.map(({ x: px, y: py, directionRad }) => ({
    x: cos * px - sin * py + x,
    y: sin * px + cos * py + y,
    directionRad: directionRad + Math.atan2(sin, cos),
  }));
  const both = [lying(moved, b, constants), lying(b, moved, constants)];
  const overlap = both.reduce((sum, { inside }) => sum + inside, 0);
  const paired = both.reduce((sum, side) => sum + side.paired, 0);
  return { share: overlap > 0 ? paired / overlap : 0, overlap: overlap / 2 };
}

type Place = Pick<Minutia, 'x' | 'y' | 'directionRad'>;

/** How many minutiae lie near any of the others, and how many of these lie on one with their direction. */
function lying(own: readonly Place[], others: readonly Place[], constants: MinutiaeConstants) {
  const { looseSpreadPx, overlapPx, overlapSoftnessPx } = constants;
  let [inside, paired] = [0, 0];
  for (const { x, y, directionRad } of own) {
    let [least, best] = [Number.POSITIVE_INFINITY, 0];
    for (const other of others) {
      const square = (other.x - x) ** 2 + (other.y - y) ** 2;
      least = Math.min(least, square);
      if (square > 16 * looseSpreadPx * looseSpreadPx) continue;
      const near = Math.exp(-square / (2 * looseSpreadPx * looseSpreadPx));
      best = Math.max(best, near * Math.cos(other.directionRad - directionRad));
    }
    const within = 1 / (1 + Math.exp((Math.sqrt(least) - overlapPx) / overlapSoftnessPx));
    inside += within;
    paired += best * within;
  }
  return { inside, paired };
}
