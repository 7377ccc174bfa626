import { ModelError } from '../error.ts';
import type { Best } from './best.ts';
import { type Block, type Probes, Register, type Rows } from './block.ts';
import { PROBE_ZERO } from './quantise.ts';
import { type Scan, scanOver } from './scan.ts';

/** Rows of a block that are scored exactly, of those whose signs are nearest to the probe's. */
const RESCORED = 1000;
/** With fewer values signs say too little: a mate is among the nearest too seldom. The scan takes 128 at a time. */
const MIN_LENGTH = 512;
const LENGTH_STEP = 128;

const WASM_PAGE = 65_536;
const ALIGNMENT = 16;

/** @throws ModelError MODEL_INPUT for embeddings that the two-stage profile is not for */
export function checkTwoStage(length: number): void {
  if (length < MIN_LENGTH || length % LENGTH_STEP !== 0)
    throw new ModelError(
      'MODEL_INPUT',
      `the two-stage profile is for embeddings of ${MIN_LENGTH} values or more, in steps of ${LENGTH_STEP}`,
    );
}

/**
 * Rows in plain memory beside one bit a value, its sign. A search reads the bits of all rows and the bytes of the few
 * nearest: an eighth of the memory, and the same scores for what it finds. It may miss; `bench/records.ts` says how often.
 */
export class TwoStageBlock extends Register implements Block {
  readonly #length: number;
  readonly #memory: WebAssembly.Memory;
  readonly #scan: Scan;
  readonly #places: Places;

  private constructor(
    ids: Uint32Array,
    length: number,
    parts: { readonly memory: WebAssembly.Memory; readonly scan: Scan; readonly places: Places },
  ) {
    super(ids);
    this.#length = length;
    this.#memory = parts.memory;
    this.#scan = parts.scan;
    this.#places = parts.places;
  }

  /** @param rows by ascending id, each once */
  static async build(
    { ids, bytes }: Rows,
    length: number,
    module: WebAssembly.Module,
  ): Promise<TwoStageBlock> {
    checkTwoStage(length);
    const places = placesOf(ids.length, length);
    const pages = Math.ceil(places.end / WASM_PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
    new Int8Array(memory.buffer, places.rows, bytes.length).set(bytes);
    writeSigns(bytes, 0, new Uint8Array(memory.buffer, places.signs, bytes.length / 8));
    return new TwoStageBlock(ids, length, { memory, scan: await scanOver(module, memory), places });
  }

  async search(probes: Probes, wanted: number, best: readonly Best[]): Promise<void> {
    for (let probe = 0; probe < probes.count; probe++) {
      const levels = probes.levels.subarray(probe * this.#length, (probe + 1) * this.#length);
      this.#searchOne(levels, Math.max(RESCORED, wanted), best[probe]!);
    }
  }

  #searchOne(levels: Uint8Array, rescored: number, best: Best): void {
    const { buffer } = this.#memory;
    const { signs, rows, probeSigns, probe, distances, histogram, chosen, products } = this.#places;
    const [length, count] = [this.#length, this.ids.length];
    writeSigns(levels, PROBE_ZERO, new Uint8Array(buffer, probeSigns, length / 8));
    const values = new Int16Array(buffer, probe, length);
    for (let at = 0; at < length; at++) values[at] = levels[at]! - PROBE_ZERO;
    this.#scan.distances(signs, count, length / 8, probeSigns, distances);
    // Dead rows are among the nearest as often as others: they get places of their own.
    const taken = Math.ceil((rescored * count) / Math.max(1, this.living));
    const found = this.#scan.nearest(distances, count, histogram, length, taken, chosen);
    this.#scan.products(rows, length, chosen, found, probe, products);
    const [at, sums] = [new Uint32Array(buffer, chosen, found), new Int32Array(buffer, products, found)];
    for (let index = 0; index < found; index++) {
      const row = at[index]!;
      if (this.alive[row] === 1) best.add({ id: this.ids[row]!, sum: sums[index]! });
    }
  }

  async read(): Promise<Int8Array> {
    return new Int8Array(this.#memory.buffer, this.#places.rows, this.ids.length * this.#length);
  }

  async release(): Promise<void> {
    new Uint8Array(this.#memory.buffer).fill(0);
  }
}

type Places = ReturnType<typeof placesOf>;

/** What lies where in a block's memory, in bytes. */
function placesOf(count: number, length: number) {
  let end = 0;
  const place = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    return at;
  };
  return {
    probeSigns: place(length / 8),
    probe: place(length * 2),
    histogram: place((length + 1) * 4),
    distances: place(count * 2),
    chosen: place(count * 4),
    products: place(count * 4),
    signs: place((count * length) / 8),
    rows: place(count * length),
    end,
  };
}

/** One bit a value, the lowest first: whether it lies above zero. */
function writeSigns(values: Int8Array | Uint8Array, zero: number, signs: Uint8Array): void {
  for (let byte = 0; byte < signs.length; byte++) {
    let bits = 0;
    for (let bit = 0; bit < 8; bit++) if (values[byte * 8 + bit]! > zero) bits |= 1 << bit;
    signs[byte] = bits;
  }
}
