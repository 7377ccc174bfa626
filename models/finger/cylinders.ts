import type { Minutia } from './types.ts';

/**
 * What surrounds each minutia, as bits: Minutia Cylinder-Codes (Cappelli, Ferrara and Maltoni, "Minutia Cylinder-Code: A New
 * Representation and Matching Technique for Fingerprint Recognition", IEEE TPAMI 32(12), 2010) in the paper's form of bits. A
 * cylinder stands on its minutia and turns with it: its floor is a disc of cells, its layers are the directions of other minutiae
 * relative to its own. Nothing of the image is needed.
 */
export interface Cylinders {
  readonly minutiae: readonly Minutia[];
  /** `WORDS` a minutia: a bit a cell, set where minutiae are near in place and direction. */
  readonly bits: Uint32Array;
  /** `FLOOR_WORDS` a minutia: the cells of the floor that lie where the print may have had minutiae. */
  readonly valid: Uint32Array;
}

/** Table 1 of the paper, pixels at 500 ppi: radius, cells across (MCC16), layers, spreads, margin of the hull. */
const RADIUS_PX = 70;
const CELLS_ACROSS = 16;
const LAYERS = 6;
const SPREAD_PX = 28 / 3;
const SPREAD_RAD = (2 * Math.PI) / 9;
const HULL_MARGIN_PX = 50;
/** The same table: likelihood of a minutia from which a cell's bit is set, in the form of bits. */
const LEAST_LIKELIHOOD = 0.005;
/** The same table: share of the cells that two cylinders must have in common to be compared. */
const LEAST_COMMON = 0.6;

/** Beyond three deviations a minutia adds nothing. */
const REACH_PX = 3 * SPREAD_PX;
const LAYER_RAD = (2 * Math.PI) / LAYERS;
/** Centres of the cells within the radius, seen from the minutia in its own direction. */
const FLOOR = Array.from({ length: CELLS_ACROSS ** 2 }, (_, at) => ({
  x: (((at % CELLS_ACROSS) + 0.5) / CELLS_ACROSS) * 2 * RADIUS_PX - RADIUS_PX,
  y: ((Math.floor(at / CELLS_ACROSS) + 0.5) / CELLS_ACROSS) * 2 * RADIUS_PX - RADIUS_PX,
})).filter(({ x, y }) => Math.hypot(x, y) <= RADIUS_PX);
const FLOOR_WORDS = Math.ceil(FLOOR.length / 32);
const WORDS = FLOOR_WORDS * LAYERS;

const normal = (at: number, spread: number): number =>
  Math.exp(-(at * at) / (2 * spread * spread)) / (spread * Math.sqrt(2 * Math.PI));

/** Minutiae of any print; their order is kept. */
export function cylindersOf(minutiae: readonly Minutia[]): Cylinders {
  const bits = new Uint32Array(minutiae.length * WORDS);
  const valid = new Uint32Array(minutiae.length * FLOOR_WORDS);
  const hull = hullOf(minutiae);
  const likelihoods = new Float64Array(LAYERS);
  minutiae.forEach((centre, index) => {
    const around = neighboursOf(centre, minutiae);
    const [cos, sin] = [Math.cos(centre.directionRad), Math.sin(centre.directionRad)];
    FLOOR.forEach((cell, at) => {
      const [x, y] = [centre.x + cos * cell.x - sin * cell.y, centre.y + sin * cell.x + cos * cell.y];
      if (Math.hypot(cell.x, cell.y) > HULL_MARGIN_PX && !isNear(hull, x, y)) return;
      likelihoods.fill(0);
      for (const neighbour of around) {
        const square = (neighbour.x - x) ** 2 + (neighbour.y - y) ** 2;
        if (square > REACH_PX * REACH_PX) continue;
        const near = normal(Math.sqrt(square), SPREAD_PX);
        for (let layer = 0; layer < LAYERS; layer++) likelihoods[layer]! += near * neighbour.shares[layer]!;
      }
      const bit = 1 << (at & 31);
      valid[index * FLOOR_WORDS + (at >> 5)]! |= bit;
      for (let layer = 0; layer < LAYERS; layer++)
        if (likelihoods[layer]! >= LEAST_LIKELIHOOD)
          bits[index * WORDS + layer * FLOOR_WORDS + (at >> 5)]! |= bit;
    });
  });
  return { minutiae, bits, valid };
}

interface Neighbour {
  readonly x: number;
  readonly y: number;
  /** Of its direction, relative to the minutia's, in each layer. */
  readonly shares: readonly number[];
}

const neighboursOf = (centre: Minutia, minutiae: readonly Minutia[]): Neighbour[] =>
  minutiae
    .filter(
      other => other !== centre && Math.hypot(other.x - centre.x, other.y - centre.y) <= RADIUS_PX + REACH_PX,
    )
    .map(({ x, y, directionRad }) => ({
      ...{ x, y },
      shares: Array.from({ length: LAYERS }, (_, layer) =>
        shareOf(centre.directionRad - directionRad - ((layer + 0.5) * LAYER_RAD - Math.PI)),
      ),
    }));

/** Strips that the share of a layer is summed over. */
const STRIPS = 4;

/** Share of a normal distribution round a direction that falls into a layer so far from it. */
function shareOf(turnRad: number): number {
  const nearest = turnRad - 2 * Math.PI * Math.round(turnRad / (2 * Math.PI));
  let sum = 0;
  for (let k = 0; k < STRIPS; k++)
    sum += normal(nearest + ((k + 0.5) / STRIPS - 0.5) * LAYER_RAD, SPREAD_RAD);
  return (sum / STRIPS) * LAYER_RAD;
}

/**
 * How alike the surroundings of two minutiae are, 0..1, by the bits in which they differ where both are known; 0 where too little of
 * them is in common.
 */
export function likeness(a: Cylinders, i: number, b: Cylinders, j: number): number {
  let [common, onlyA, onlyB, differ] = [0, 0, 0, 0];
  for (let word = 0; word < FLOOR_WORDS; word++) {
    const both = a.valid[i * FLOOR_WORDS + word]! & b.valid[j * FLOOR_WORDS + word]!;
    common += ones(both);
    for (let at = word; at < WORDS; at += FLOOR_WORDS) {
      const [x, y] = [a.bits[i * WORDS + at]! & both, b.bits[j * WORDS + at]! & both];
      onlyA += ones(x);
      onlyB += ones(y);
      differ += ones(x ^ y);
    }
  }
  if (common < LEAST_COMMON * FLOOR.length || onlyA + onlyB === 0) return 0;
  return 1 - Math.sqrt(differ) / (Math.sqrt(onlyA) + Math.sqrt(onlyB));
}

/** Bits set in a word of 32. */
function ones(word: number): number {
  const pairs = word - ((word >>> 1) & 0x5555_5555);
  const fours = (pairs & 0x3333_3333) + ((pairs >>> 2) & 0x3333_3333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The convex hull in one turning sense (Andrew's monotone chain). */
function hullOf(points: readonly Point[]): Point[] {
  const rising = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  if (rising.length < 3) return rising;
  return [...halfHull(rising), ...halfHull(rising.toReversed())];
}

function halfHull(points: readonly Point[]): Point[] {
  const chain: Point[] = [];
  for (const point of points) {
    while (chain.length > 1 && turnOf(chain.at(-2)!, chain.at(-1)!, point) <= 0) chain.pop();
    chain.push(point);
  }
  return chain.slice(0, -1);
}

const turnOf = (from: Point, via: Point, to: Point): number =>
  (via.x - from.x) * (to.y - from.y) - (via.y - from.y) * (to.x - from.x);

/** Whether a place lies within the hull, or not farther from it than its margin. */
function isNear(hull: readonly Point[], x: number, y: number): boolean {
  let inside = hull.length > 2;
  for (let k = 0; k < hull.length; k++) {
    const [from, to] = [hull[k]!, hull[(k + 1) % hull.length]!];
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const along = ((x - from.x) * dx + (y - from.y) * dy) / (dx * dx + dy * dy || 1);
    const nearest = Math.max(0, Math.min(1, along));
    const square = (x - from.x - nearest * dx) ** 2 + (y - from.y - nearest * dy) ** 2;
    if (square <= HULL_MARGIN_PX * HULL_MARGIN_PX) return true;
    inside &&= dx * (y - from.y) >= dy * (x - from.x);
  }
  return inside;
}
