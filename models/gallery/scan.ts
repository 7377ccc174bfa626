/** The first look of the two-stage profile and its exact scores: the loops of scan.wat over one block's memory. */
import { readFile } from 'node:fs/promises';

/** The module is scan.wat, assembled; a test holds the two together. */
interface Loops {
  near(
    signs: number,
    count: number,
    stride: number,
    row: number,
    probe: number,
    state: number,
    entries: number,
  ): void;
  score(rows: number, length: number, query: number, state: number, entries: number): number;
}

/** What one probe needs in a block's memory, in bytes. */
export interface Lane {
  /** A bit a value. */
  readonly signs: number;
  /** An i16 a value. */
  readonly values: number;
  /** u32: limit, entries within it, entries, how many are wanted; then a count for each distance. */
  readonly state: number;
  /** Row and sum of products, an i32 each. */
  readonly entries: number;
}

/** Where things lie in a block's memory, in bytes. Threads share the memory; whoever scans it has it to itself. */
export interface Layout {
  readonly count: number;
  readonly length: number;
  readonly lanes: readonly Lane[];
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
/** Rows whose signs stay in the first-level cache from probe to probe. */
const TILE_ROWS = 256;

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
    signs: place(length / 8),
    values: place(length * 2),
    state: place((4 + length + 1) * 4),
  }));
  const signs = place((count * length) / 8);
  const rows = place(count * length);
  const entries = end;
  // Room for every row, should all be as near: hardly any of it is ever touched, and what is not takes no memory.
  const lanes = heads.map(head => ({ ...head, entries: place(count * 8) }));
  return { count, length, lanes, signs, rows, entries, end };
}

export function scanOf(module: WebAssembly.Module, { memory, layout }: Scannable): Scan {
  const { near, score } = new WebAssembly.Instance(module, { block: { memory } }).exports as unknown as Loops;
  const { count, length, rows, signs } = layout;
  const stride = length / 8;
  return laneCount => {
    const lanes = layout.lanes.slice(0, laneCount);
    for (let row = 0; row < count; row += TILE_ROWS)
      for (const lane of lanes)
        near(
          signs + row * stride,
          Math.min(TILE_ROWS, count - row),
          stride,
          row,
          lane.signs,
          lane.state,
          lane.entries,
        );
    return lanes.map(({ values, state, entries }) => score(rows, length, values, state, entries));
  };
}
