import type { Best } from './best.ts';

/** Levels of several probes, one after the other; see `quantiseProbe`. */
export interface Probes {
  readonly levels: Uint8Array;
  readonly count: number;
}

/** Rows of bytes with the record each belongs to: `ids[n]` has `bytes[n * length ..]`. */
export interface Rows {
  readonly ids: Uint32Array;
  readonly bytes: Int8Array;
}

/** A part of a gallery. A record lies alive in at most one block; dead rows stay until their block is rebuilt. */
export interface Block {
  /** Of every row, dead ones too. */
  readonly ids: Uint32Array;
  /** 1 for each row that counts. */
  readonly alive: Uint8Array;
  /** Rows that are alive. */
  readonly living: number;
  /** Marks the record's row dead; whether it was alive here. */
  kill(id: number): boolean;
  /** Shows every probe's best rows of this block to `best`, which has one for each probe. */
  search(probes: Probes, wanted: number, best: readonly Best[]): Promise<void>;
  /** All rows in their order, dead ones too. */
  read(): Promise<Int8Array>;
  release(): Promise<void>;
}

/** The rows of a finished block, by record: ids ascend. */
export class Register {
  readonly ids: Uint32Array;
  readonly alive: Uint8Array;
  #living: number;

  /** @param ids ascending, each once */
  constructor(ids: Uint32Array) {
    this.ids = ids;
    this.alive = new Uint8Array(ids.length).fill(1);
    this.#living = ids.length;
  }

  get living(): number {
    return this.#living;
  }

  kill(id: number): boolean {
    const at = this.#rowOf(id);
    if (at < 0 || this.alive[at] === 0) return false;
    this.alive[at] = 0;
    this.#living--;
    return true;
  }

  #rowOf(id: number): number {
    let [low, high] = [0, this.ids.length - 1];
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = this.ids[middle]!;
      if (found === id) return middle;
      if (found < id) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
