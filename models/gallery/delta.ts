import { ModelError } from '../error.ts';
import { Graph } from '../runtime.ts';
import type { Best } from './best.ts';
import type { Block, Probes } from './block.ts';
import { scoringGraph } from './graph.ts';

/** What a delta holds at most, and of which embeddings. */
export interface DeltaShape {
  readonly length: number;
  readonly count: number;
}

/** The graph that every delta is scored by; see {@link Delta}. */
export const loadDeltaGraph = (shape: DeltaShape, threads: number): Promise<Graph> =>
  Graph.load(scoringGraph({ ...shape, rows: 'given' }), 'gallery', threads, { keepsMemory: false });

/** Rows that came lately: an input of its graph, so that a row counts from the moment it is written. */
export class Delta implements Block {
  readonly ids: Uint32Array;
  readonly alive: Uint8Array;
  readonly #graph: Graph;
  readonly #shape: DeltaShape;
  /** Value by value, as the graph takes them. */
  readonly #values: Int8Array;
  readonly #rowOf = new Map<number, number>();
  #used = 0;

  /** @param graph of {@link loadDeltaGraph} for this shape; it stays the caller's */
  constructor(graph: Graph, shape: DeltaShape) {
    this.#graph = graph;
    this.#shape = shape;
    this.ids = new Uint32Array(shape.count);
    this.alive = new Uint8Array(shape.count);
    this.#values = new Int8Array(shape.length * shape.count);
  }

  get living(): number {
    return this.#rowOf.size;
  }

  /** Rows that can still be added; dead ones keep their place. */
  get free(): number {
    return this.#shape.count - this.#used;
  }

  /** Rows that were added, dead ones too. */
  get used(): number {
    return this.#used;
  }

  /** Adds a row of a record that is not alive here. The caller has seen that there is place. */
  add(id: number, row: Int8Array): void {
    const { length, count } = this.#shape;
    const at = this.#used++;
    for (let value = 0; value < length; value++) this.#values[value * count + at] = row[value]!;
    this.ids[at] = id;
    this.alive[at] = 1;
    this.#rowOf.set(id, at);
  }

  kill(id: number): boolean {
    const at = this.#rowOf.get(id);
    if (at === undefined) return false;
    this.alive[at] = 0;
    return this.#rowOf.delete(id);
  }

  async search(probes: Probes, _wanted: number, best: readonly Best[]): Promise<void> {
    const { length, count } = this.#shape;
    const feeds = {
      probes: { type: 'uint8', data: probes.levels, dims: [probes.count, length] },
      rows: { type: 'int8', data: this.#values, dims: [length, count] },
      alive: { type: 'bool', data: this.alive, dims: [count] },
      wanted: { type: 'int64', data: BigInt64Array.of(1n), dims: [1] },
    } as const;
    // Rows lie as they came, so the order of equals is not the graph's to decide: all its sums are looked at.
    const { sums } = await this.#graph.runTyped(feeds, ['sums']);
    if (!(sums instanceof Int32Array))
      throw new ModelError('MODEL_INVALID', 'the gallery graph gives no sums');
    for (let at = 0; at < this.#used; at++) {
      if (this.alive[at] === 0) continue;
      for (let probe = 0; probe < probes.count; probe++)
        best[probe]!.add({ id: this.ids[at]!, sum: sums[probe * count + at]! });
    }
  }

  async read(): Promise<Int8Array> {
    const { length, count } = this.#shape;
    const bytes = new Int8Array(this.#used * length);
    for (let value = 0; value < length; value++)
      for (let at = 0; at < this.#used; at++) bytes[at * length + value] = this.#values[value * count + at]!;
    return bytes;
  }

  async release(): Promise<void> {
    this.#values.fill(0);
  }
}
