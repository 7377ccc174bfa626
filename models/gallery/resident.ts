import { ModelError } from '../error.ts';
import { Graph } from '../runtime.ts';
import type { Best } from './best.ts';
import { type Block, type Probes, Register, type Rows } from './block.ts';
import { ROWS_PATH, scoringGraph } from './graph.ts';
import { PROBE_ZERO } from './quantise.ts';

/** Probes of one run: as many as the runtime's kernel takes in one pass over the rows; with more their sums only take room. */
const PROBES_AT_ONCE = 6;
/** Values read back in one run: 32 lots of 131,072 sums are 16 MB. */
const READ_AT_ONCE = 32;

/**
 * Rows that the runtime holds as weights, laid out for its kernel and nowhere else: one byte a value. Every row is scored.
 */
export class ResidentBlock extends Register implements Block {
  readonly #graph: Graph;
  readonly #length: number;

  private constructor(ids: Uint32Array, graph: Graph, length: number) {
    super(ids);
    this.#graph = graph;
    this.#length = length;
  }

  /**
   * @param rows by ascending id, each once, at least one
   * @throws ModelError MODEL_INVALID when the runtime cannot hold them
   */
  static async build({ ids, bytes }: Rows, length: number, threads: number): Promise<ResidentBlock> {
    const shape = { length, count: ids.length, rows: 'resident' } as const;
    const data = new Uint8Array(transposed(bytes, ids.length, length).buffer);
    const graph = await Graph.load(scoringGraph(shape), 'gallery', threads, {
      externalData: [{ path: ROWS_PATH, data }],
      keepsMemory: false,
    });
    return new ResidentBlock(ids, graph, length);
  }

  async search({ levels, count }: Probes, wanted: number, best: readonly Best[]): Promise<void> {
    for (let first = 0; first < count; first += PROBES_AT_ONCE) {
      const some = best.slice(first, Math.min(count, first + PROBES_AT_ONCE));
      const from = first * this.#length;
      await this.#searchSome(levels.subarray(from, from + some.length * this.#length), wanted, some);
    }
  }

  async #searchSome(levels: Uint8Array, wanted: number, best: readonly Best[]): Promise<void> {
    const count = Math.min(wanted, this.ids.length);
    const feeds = {
      probes: { type: 'uint8', data: levels, dims: [best.length, this.#length] },
      alive: { type: 'bool', data: this.alive, dims: [this.ids.length] },
      wanted: { type: 'int64', data: BigInt64Array.of(BigInt(count)), dims: [1] },
    } as const;
    const { best: sums, at: rows } = await this.#graph.runTyped(feeds, ['best', 'at']);
    if (sums?.length !== best.length * count || rows?.length !== sums.length)
      throw new ModelError('MODEL_INVALID', 'the gallery graph gives no such candidates');
    for (let at = 0; at < sums.length; at++) {
      const sum = Number(sums[at]);
      if (Number.isFinite(sum)) best[Math.floor(at / count)]!.add({ id: this.ids[Number(rows[at])]!, sum });
    }
  }

  /** A probe that is 1 at one value and 0 elsewhere scores that value of every row: the graph gives back what it holds. */
  async read(): Promise<Int8Array> {
    const [length, count] = [this.#length, this.ids.length];
    const bytes = new Int8Array(length * count);
    const alive = { type: 'bool', data: this.alive, dims: [count] } as const;
    const wanted = { type: 'int64', data: BigInt64Array.of(1n), dims: [1] } as const;
    for (let first = 0; first < length; first += READ_AT_ONCE) {
      const values = Math.min(READ_AT_ONCE, length - first);
      const levels = new Uint8Array(values * length).fill(PROBE_ZERO);
      for (let value = 0; value < values; value++) levels[value * length + first + value]!++;
      const probes = { type: 'uint8', data: levels, dims: [values, length] } as const;
      const { sums } = await this.#graph.runTyped({ probes, alive, wanted }, ['sums']);
      if (!(sums instanceof Int32Array))
        throw new ModelError('MODEL_INVALID', 'the gallery graph gives no sums');
      for (let value = 0; value < values; value++)
        for (let row = 0; row < count; row++)
          bytes[row * length + first + value] = sums[value * count + row]!;
    }
    return bytes;
  }

  release(): Promise<void> {
    return this.#graph.release();
  }
}

/** Rows that are taken at once: their cache lines are all still there when the next value comes. */
const TILE = 512;

function transposed(bytes: Int8Array, count: number, length: number): Int8Array<ArrayBuffer> {
  const turned = new Int8Array(bytes.length);
  for (let first = 0; first < count; first += TILE) {
    const end = Math.min(count, first + TILE);
    for (let value = 0; value < length; value++)
      for (let row = first; row < end; row++) turned[value * count + row] = bytes[row * length + value]!;
  }
  return turned;
}
