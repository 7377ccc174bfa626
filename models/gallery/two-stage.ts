import { ModelError } from '../error.ts';
import type { Best } from './best.ts';
import { type Block, type Probes, Register, type Rows } from './block.ts';
import { PROBE_ZERO } from './quantise.ts';
import { LANES, layOut, type Scannable, STATE_HEAD, writeList } from './scan.ts';
import type { Scanner, Scanners } from './scanners.ts';

/** Rows of a block that are scored exactly, of those whose signs are nearest to the probe's. */
const RESCORED = 500;
/** With fewer values signs say too little: a mate is among the nearest too seldom. Its multiples keep rows on cache lines. */
const LENGTH_STEP = 512;

const WASM_PAGE = 65_536;

/** @throws ModelError MODEL_INPUT for embeddings that the two-stage profile is not for */
export function checkTwoStage(length: number): void {
  if (length === 0 || length % LENGTH_STEP !== 0)
    throw new ModelError(
      'MODEL_INPUT',
      `the two-stage profile is for embeddings of ${LENGTH_STEP} values or a multiple of them`,
    );
}

/**
 * Rows in plain memory beside one bit a value, its sign. A search reads the bits of all rows and the bytes of the few
 * nearest: an eighth of the memory, and the same scores for what it finds. It may miss; `bench/records.ts` says how often.
 */
export class TwoStageBlock extends Register implements Block {
  readonly #shared: Scannable;
  readonly #scanner: Scanner;

  private constructor(ids: Uint32Array, shared: Scannable, scanner: Scanner) {
    super(ids);
    this.#shared = shared;
    this.#scanner = scanner;
  }

  /** @param rows by ascending id, each once */
  static async build({ ids, bytes }: Rows, length: number, scanners: Scanners): Promise<TwoStageBlock> {
    checkTwoStage(length);
    const layout = layOut(ids.length, length);
    const pages = Math.ceil(layout.end / WASM_PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const shared = { memory, layout };
    new Int8Array(memory.buffer, layout.rows, bytes.length).set(bytes);
    scanners.writeSigns(shared, bytes);
    return new TwoStageBlock(ids, shared, scanners.take(shared));
  }

  async search(probes: Probes, wanted: number, best: readonly Best[]): Promise<void> {
    // Dead rows are among the nearest as often as others: they get places of their own.
    const alive = this.living / this.ids.length;
    const rescored = Math.ceil(Math.max(RESCORED, wanted) / alive);
    for (let first = 0; first < probes.count; first += LANES) {
      const lanes = Math.min(LANES, probes.count - first);
      for (let lane = 0; lane < lanes; lane++) this.#ask(lane, probes, first + lane, rescored);
      const found = await this.#scanner.scan(lanes);
      found.forEach((count, lane) => {
        this.#show(lane, count, best[first + lane]!);
      });
    }
  }

  #ask(lane: number, probes: Probes, probe: number, rescored: number): void {
    const { memory, layout } = this.#shared;
    const { length } = layout;
    const { list, values, state } = layout.lanes[lane]!;
    const levels = probes.levels.subarray(probe * length, (probe + 1) * length);
    const { planes, end } = writeList(this.#shared, list, value => levels[value]! > PROBE_ZERO);
    const numbers = new Int16Array(memory.buffer, values, length);
    for (let at = 0; at < length; at++) numbers[at] = levels[at]! - PROBE_ZERO;
    const head = new Uint32Array(memory.buffer, state, STATE_HEAD + length + 1).fill(0);
    head.set([length, 0, 0, rescored, planes, end]);
  }

  #show(lane: number, count: number, best: Best): void {
    const { memory, layout } = this.#shared;
    const found = new Int32Array(memory.buffer, layout.lanes[lane]!.entries, count * 2);
    for (let at = 0; at < found.length; at += 2) {
      const row = found[at]!;
      if (this.alive[row] === 1) best.add({ id: this.ids[row]!, sum: found[at + 1]! });
    }
  }

  async read(): Promise<Int8Array> {
    const { memory, layout } = this.#shared;
    return new Int8Array(memory.buffer, layout.rows, layout.count * layout.length);
  }

  async release(): Promise<void> {
    const { memory, layout } = this.#shared;
    this.#scanner.release();
    new Uint8Array(memory.buffer, 0, layout.entries).fill(0);
  }
}
