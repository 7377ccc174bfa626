import { ModelError } from '../error.ts';
import type { Graph } from '../runtime.ts';
import { type LoadOptions, loadByCard, loadCard, modelTagOf, numberOf, WEIGHTS } from './load.ts';
import { matchInput, scoreAll } from './match.ts';
import { DESCRIPTOR_LENGTH, DESCRIPTOR_SCALE, decodeTemplate, type FingerTemplate } from './template.ts';

/** Minutiae of a print that take part in the pre-selection: the strongest, as templates have them first. */
const ROWS = 32;
/** Of the probe fewer do as well: on the development data the mate is among the first as often, for a quarter less work. */
const PROBE_ROWS = 24;
const ROW_VALUES = ROWS * DESCRIPTOR_LENGTH;
/** Prints a run of the graph, 1 MB of descriptors: what stays in the second-level cache until the next step reads it. */
const BLOCK = 128;

interface Graphs {
  readonly preselection: Graph;
  readonly matcher: Graph;
  readonly modelTag: number;
  readonly minMinutiae: number;
}

/**
 * Prints resident in memory, each in a slot: 2 KB of descriptors for the pre-selection, and the template, 3 KB as a rule and
 * 4.5 KB at most. A print never moves, so that a search that runs meanwhile misses none.
 */
export class Prints {
  readonly #graphs: Graphs;
  /** By slot; undefined where it is free. */
  readonly #templates: (Uint8Array | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #blocks: Int8Array[] = [];
  /** A block as the graph takes it. */
  readonly #floats = new Float32Array(BLOCK * ROW_VALUES);

  private constructor(graphs: Graphs) {
    this.#graphs = graphs;
  }

  /** @throws ModelError MODEL_MISSING, MODEL_HASH, MODEL_INVALID */
  static async load({ weights = WEIGHTS, threads = 1 }: LoadOptions = {}): Promise<Prints> {
    const [extraction, matching, searching] = await Promise.all([
      loadCard('finger-extract', weights),
      loadByCard('finger-match', weights, threads),
      loadByCard('finger-search', weights, threads),
    ]);
    return new Prints({
      preselection: searching.graph,
      matcher: matching.graph,
      modelTag: modelTagOf(extraction),
      minMinutiae: numberOf(matching.card, 'minMinutiae'),
    });
  }

  get size(): number {
    return this.#templates.length - this.#free.length;
  }

  /** @throws ModelError MODEL_INPUT when the template is truncated, damaged or of other weights */
  check(template: Uint8Array): void {
    decodeTemplate(template, this.#graphs.modelTag);
  }

  /** @returns its slot. Errors as {@link check} */
  add(template: Uint8Array): number {
    const decoded = decodeTemplate(template, this.#graphs.modelTag);
    const slot = this.#free.pop() ?? this.#templates.length;
    if (slot === this.#blocks.length * BLOCK) this.#blocks.push(new Int8Array(BLOCK * ROW_VALUES));
    if (this.#comparable(decoded)) this.#rows(slot).set(decoded.descriptors.subarray(0, ROW_VALUES));
    this.#templates[slot] = template.slice();
    return slot;
  }

  remove(slot: number): void {
    this.#templates[slot]?.fill(0);
    this.#templates[slot] = undefined;
    this.#rows(slot).fill(0);
    this.#free.push(slot);
  }

  /**
   * The slots of the prints whose descriptors are most alike to each probe's, in no order; none for a probe of fewer minutiae
   * than the matcher takes. Errors as {@link check}
   */
  async preselect(probes: readonly Uint8Array[], wanted: number): Promise<number[][]> {
    const rows = probes.map(probe => this.#probeRows(probe));
    const count = this.#templates.length;
    const likeness = probes.map(() => new Float32Array(count));
    for (let first = 0; first < count; first += BLOCK) {
      const size = Math.min(BLOCK, count - first);
      const block = this.#blocks[first / BLOCK]!;
      for (let at = 0; at < size * ROW_VALUES; at++) this.#floats[at] = block[at]! / DESCRIPTOR_SCALE;
      const data = this.#floats.subarray(0, size * ROW_VALUES);
      for (const [probe, pd] of rows.entries()) {
        if (!pd) continue;
        const { s } = await this.#graphs.preselection.run({
          pd: { data: pd, dims: [PROBE_ROWS, DESCRIPTOR_LENGTH] },
          gd: { data, dims: [size, ROWS, DESCRIPTOR_LENGTH] },
        });
        if (s?.data.length !== size)
          throw new ModelError('MODEL_INVALID', 'the search graph gives no such s');
        likeness[probe]!.set(s.data, first);
      }
    }
    return likeness.map((values, probe) =>
      rows[probe] ? bestOf(values, wanted).filter(slot => this.#templates[slot]) : [],
    );
  }

  /** Scores of the matching graph, 0 for a slot that has become free. Errors as {@link check} */
  score(probe: Uint8Array, slots: readonly number[]): Promise<number[]> {
    const { matcher, modelTag, minMinutiae } = this.#graphs;
    const input = (template: Uint8Array) => matchInput(decodeTemplate(template, modelTag));
    const references = slots.map(slot => {
      const template = this.#templates[slot];
      return template
        ? input(template)
        : { count: 0, positions: new Float32Array(), descriptors: new Int8Array() };
    });
    return scoreAll(matcher, input(probe), references, minMinutiae);
  }

  #comparable({ minutiae }: FingerTemplate): boolean {
    return minutiae.length >= this.#graphs.minMinutiae;
  }

  #probeRows(probe: Uint8Array): Float32Array | undefined {
    const decoded = decodeTemplate(probe, this.#graphs.modelTag);
    if (!this.#comparable(decoded)) return undefined;
    const rows = new Float32Array(PROBE_ROWS * DESCRIPTOR_LENGTH);
    const values = decoded.descriptors.subarray(0, rows.length);
    for (let at = 0; at < values.length; at++) rows[at] = values[at]! / DESCRIPTOR_SCALE;
    return rows;
  }

  #rows(slot: number): Int8Array {
    const at = (slot % BLOCK) * ROW_VALUES;
    return this.#blocks[Math.floor(slot / BLOCK)]!.subarray(at, at + ROW_VALUES);
  }
}

/** Indexes of the largest values, at most so many, in no order. */
function bestOf(values: Float32Array, count: number): number[] {
  if (values.length <= count) return [...values.keys()];
  const least = Float32Array.from(values).sort()[values.length - count]!;
  const above: number[] = [];
  const equal: number[] = [];
  values.forEach((value, at) => {
    if (value > least) above.push(at);
    else if (value === least) equal.push(at);
  });
  return [...above, ...equal.slice(0, count - above.length)];
}
