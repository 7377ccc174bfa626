/** The first look of the two-stage profile and its exact scores: the loops of scan.wat over one block's memory. */
import { readFile } from 'node:fs/promises';

/** The module is scan.wat, assembled; a test holds the two together. */
interface Loops {
  count(tile: number, list: number, end: number, number: number): void;
  near(
    tile: number,
    length: number,
    row: number,
    end: number,
    list: number,
    state: number,
    entries: number,
    number: number,
  ): void;
  score(rows: number, length: number, query: number, state: number, entries: number): number;
}

/** What one probe needs in a block's memory, in bytes. */
export interface Lane {
  /** u32: the planes that its sign has, in a tile. */
  readonly list: number;
  /** An i16 a value. */
  readonly values: number;
  /** u32: limit, entries within it, entries, how many are wanted, planes, end of their list; then a count for each distance. */
  readonly state: number;
  /** Row and sum of products, an i32 each. */
  readonly entries: number;
}

/** Where things lie in a block's memory, in bytes. Threads share the memory; whoever scans it has it to itself. */
export interface Layout {
  readonly count: number;
  readonly length: number;
  readonly lanes: readonly Lane[];
  /** Of a number for each row of a tile: where `near` counts. */
  readonly number: number;
  /** Tiles of planes, {@link tileBytes} each. */
  readonly signs: number;
  readonly rows: number;
  /** What has been used up to here is overwritten when the block goes. */
  readonly entries: number;
  readonly end: number;
}

/** A block as the threads share it. */
export interface Scannable {
  readonly memory: WebAssembly.Memory;
  readonly layout: Layout;
}

/** Gives how many entries each of the first lanes found: rows within `near`'s limit, with their sums. */
export type Scan = (lanes: number) => number[];

/** Probes that one scan takes: so often each row is used while it is at hand. */
export const LANES = 16;
const ALIGNMENT = 64;
/** Rows whose signs stay in the first-level cache from probe to probe: two tiles. */
const ROWS_AT_ONCE = 256;

/** Rows of a tile: as many as a vector has bits. */
const TILE_ROWS = 128;
const PLANE_BYTES = TILE_ROWS / 8;
/** After the planes of a tile's values: how many each row has set, twelve bits, and planes of zeros. */
const NUMBER_PLANES = 16;
/** `count` takes so many planes at once; zeros fill a list up. */
const LIST_STEP = 16;
/** u32 of a probe's state before the counts. */
export const STATE_HEAD = 6;

const tileBytes = (length: number): number => (length + NUMBER_PLANES) * PLANE_BYTES;

export const loadLoops = async (): Promise<WebAssembly.Module> =>
  WebAssembly.compile(await readFile(new URL('./scan.wasm', import.meta.url)));

export function layOut(count: number, length: number): Layout {
  let end = 0;
  const place = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    return at;
  };
  const heads = Array.from({ length: LANES }, () => ({
    list: place((length + LIST_STEP) * 4),
    values: place(length * 2),
    state: place((STATE_HEAD + length + 1) * 4),
  }));
  const number = place(NUMBER_PLANES * PLANE_BYTES);
  const signs = place(Math.ceil(count / TILE_ROWS) * tileBytes(length));
  const rows = place(count * length);
  const entries = end;
  // Room for every row, should all be as near: hardly any of it is ever touched, and what is not takes no memory.
  const lanes = heads.map(head => ({ ...head, entries: place(count * 8) }));
  return { count, length, lanes, number, signs, rows, entries, end };
}

const loopsOf = (module: WebAssembly.Module, { memory }: Scannable): Loops =>
  new WebAssembly.Instance(module, { block: { memory } }).exports as unknown as Loops;

/**
 * Writes the list of planes whose sign a probe has.
 * @returns how many these are, and where the list ends
 */
export function writeList(
  { memory, layout: { length } }: Scannable,
  list: number,
  has: (value: number) => boolean,
): { readonly planes: number; readonly end: number } {
  const places = new Uint32Array(memory.buffer, list, length + LIST_STEP);
  let planes = 0;
  for (let value = 0; value < length; value++) if (has(value)) places[planes++] = value * PLANE_BYTES;
  const end = Math.ceil(planes / LIST_STEP) * LIST_STEP;
  // The last plane of a tile is zeros.
  places.fill(tileBytes(length) - PLANE_BYTES, planes, end);
  return { planes, end: list + end * 4 };
}

/** Writes the signs of a block's rows: a bit says whether a value lies above zero. */
export function writeSigns(module: WebAssembly.Module, block: Scannable, bytes: Int8Array): void {
  const { memory, layout } = block;
  const { count, length, signs, lanes } = layout;
  const { count: addUp } = loopsOf(module, block);
  const all = writeList(block, lanes[0]!.list, () => true);
  for (let first = 0; first < count; first += TILE_ROWS) {
    const tile = signs + (first / TILE_ROWS) * tileBytes(length);
    const planes = new Uint8Array(memory.buffer, tile, length * PLANE_BYTES);
    const end = Math.min(count, first + TILE_ROWS);
    for (let row = first; row < end; row++) {
      const [byte, bit] = [(row - first) >> 3, row & 7];
      const from = row * length;
      // The highest bit of -value: nobody can foretell it, and a branch would be taken wrongly half the time.
      for (let value = 0; value < length; value++)
        planes[value * PLANE_BYTES + byte]! |= (-bytes[from + value]! >>> 31) << bit;
    }
    addUp(tile, lanes[0]!.list, all.end, tile + length * PLANE_BYTES);
  }
}

export function scanOf(module: WebAssembly.Module, block: Scannable): Scan {
  const { near, score } = loopsOf(module, block);
  const { count, length, rows, signs, number, lanes: all } = block.layout;
  return laneCount => {
    const lanes = all.slice(0, laneCount);
    for (let row = 0; row < count; row += ROWS_AT_ONCE) {
      const tile = signs + (row / TILE_ROWS) * tileBytes(length);
      const end = Math.min(count, row + ROWS_AT_ONCE);
      for (const { list, state, entries } of lanes)
        near(tile, length, row, end, list, state, entries, number);
    }
    return lanes.map(({ values, state, entries }) => score(rows, length, values, state, entries));
  };
}
