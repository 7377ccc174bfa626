import { ModelError } from '../error.ts';
import type { Graph } from '../runtime.ts';
import { type LoadOptions, loadByCard, loadCard, modelTagOf, numberOf, WEIGHTS } from './load.ts';
import { type MatchInput, matchInput, scoreAll } from './match.ts';
import { DESCRIPTOR_LENGTH, DESCRIPTOR_SCALE, decodeTemplate, type FingerTemplate } from './template.ts';

/** A print of the gallery that the probe may be another print of. */
export interface SearchCandidate {
  /** As given to `add`. */
  readonly id: string;
  /** As of `FingerModels.match`: it has the FMR of the matching card. Among N prints, N comparisons may be false matches. */
  readonly score: number;
}

/**
 * Prints resident in memory for 1:N search: a cheap comparison by descriptors alone picks the likeliest few of all prints,
 * the matching graph scores those. Takes 8.2 KB for the pre-selection and at most 5.2 KB for the matching graph a print.
 */
export interface FingerGallery {
  readonly size: number;
  /**
   * Adds a print; one with the same id is replaced. Prints of fewer minutiae than the matcher takes are kept and never found.
   * @throws ModelError MODEL_INPUT when the template is truncated, damaged or of other weights
   */
  add(id: string, template: Uint8Array): void;
  /** Whether there was such a print. */
  remove(id: string): boolean;
  /**
   * The likeliest prints, best first, each with a score above 0.
   * @param candidates prints that the matching graph scores, 50 unless given
   * @throws ModelError MODEL_INPUT as `add`; RangeError for a number of candidates below 1
   */
  search(probe: Uint8Array, candidates?: number): Promise<SearchCandidate[]>;
}

/** Minutiae of a print that take part in the pre-selection: the strongest, as templates have them first. */
const ROWS = 32;
/** Of the probe fewer do as well: on the development data the mate is among the first as often, for a quarter less work. */
const PROBE_ROWS = 24;
const ROW_FLOATS = ROWS * DESCRIPTOR_LENGTH;
/** Prints a run of the graph, 1 MB of descriptors: what stays in the second-level cache until the next step reads it. */
const BLOCK = 128;
const CANDIDATES = 50;

/**
 * Loads the search and the matching graph and opens an empty gallery.
 * @throws ModelError MODEL_MISSING, MODEL_HASH, MODEL_INVALID
 */
export async function openFingerGallery({
  weights = WEIGHTS,
  threads = 1,
}: LoadOptions = {}): Promise<FingerGallery> {
  const [extraction, matching, searching] = await Promise.all([
    loadCard('finger-extract', weights),
    loadByCard('finger-match', weights, threads),
    loadByCard('finger-search', weights, threads),
  ]);
  return new Gallery(searching.graph, matching.graph, {
    modelTag: modelTagOf(extraction),
    minMinutiae: numberOf(matching.card, 'minMinutiae'),
  });
}

interface Print {
  readonly id: string;
  readonly input: MatchInput;
  /** Where its descriptors lie: block = slot / BLOCK. */
  readonly slot: number;
}

class Gallery implements FingerGallery {
  readonly #preselection: Graph;
  readonly #matcher: Graph;
  readonly #limits: { readonly modelTag: number; readonly minMinutiae: number };
  readonly #byId = new Map<string, Print>();
  /** Prints by slot. A print never moves, so that a search that runs meanwhile misses none. */
  readonly #prints: (Print | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #blocks: Float32Array[] = [];

  constructor(
    preselection: Graph,
    matcher: Graph,
    limits: { readonly modelTag: number; readonly minMinutiae: number },
  ) {
    this.#preselection = preselection;
    this.#matcher = matcher;
    this.#limits = limits;
  }

  get size(): number {
    return this.#byId.size;
  }

  add(id: string, template: Uint8Array): void {
    const decoded = decodeTemplate(template, this.#limits.modelTag);
    const slot = this.#byId.get(id)?.slot ?? this.#free.pop() ?? this.#prints.length;
    if (slot === this.#blocks.length * BLOCK) this.#blocks.push(new Float32Array(BLOCK * ROW_FLOATS));
    const searchable = decoded.minutiae.length >= this.#limits.minMinutiae;
    writeRows(decoded, searchable, this.#rows(slot));
    const print: Print = { id, input: matchInput(decoded), slot };
    this.#prints[slot] = print;
    this.#byId.set(id, print);
  }

  remove(id: string): boolean {
    const print = this.#byId.get(id);
    if (!print) return false;
    this.#byId.delete(id);
    this.#prints[print.slot] = undefined;
    this.#free.push(print.slot);
    this.#rows(print.slot).fill(0);
    return true;
  }

  async search(probe: Uint8Array, candidates = CANDIDATES): Promise<SearchCandidate[]> {
    if (!(candidates >= 1)) throw new RangeError('a search takes at least one candidate');
    const { modelTag, minMinutiae } = this.#limits;
    const decoded = decodeTemplate(probe, modelTag);
    if (decoded.minutiae.length < minMinutiae || this.size === 0) return [];
    // A copy: prints may be added or removed while the graphs run.
    const prints = [...this.#prints];
    const likeness = await this.#preselect(decoded, prints.length);
    const chosen = bestOf(likeness, Math.floor(candidates)).flatMap(slot => prints[slot] ?? []);
    const references = chosen.map(({ input }) => input);
    const scores = await scoreAll(this.#matcher, matchInput(decoded), references, minMinutiae);
    return chosen
      .map(({ id }, at) => ({ id, score: scores[at]! }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score);
  }

  /** How alike each print's descriptors are to the probe's; no score and without an FMR. */
  async #preselect(probe: FingerTemplate, count: number): Promise<Float32Array> {
    const rows = new Float32Array(PROBE_ROWS * DESCRIPTOR_LENGTH);
    writeRows(probe, true, rows);
    const pd = { data: rows, dims: [PROBE_ROWS, DESCRIPTOR_LENGTH] };
    const likeness = new Float32Array(count);
    for (let first = 0; first < count; first += BLOCK) {
      const size = Math.min(BLOCK, count - first);
      const block = this.#blocks[first / BLOCK]!;
      const gd = { data: block.subarray(0, size * ROW_FLOATS), dims: [size, ROWS, DESCRIPTOR_LENGTH] };
      const { s } = await this.#preselection.run({ pd, gd });
      if (s?.data.length !== size) throw new ModelError('MODEL_INVALID', 'the search graph gives no such s');
      likeness.set(s.data, first);
    }
    return likeness;
  }

  #rows(slot: number): Float32Array {
    const at = (slot % BLOCK) * ROW_FLOATS;
    return this.#blocks[Math.floor(slot / BLOCK)]!.subarray(at, at + ROW_FLOATS);
  }
}

function writeRows(template: FingerTemplate, searchable: boolean, rows: Float32Array): void {
  rows.fill(0);
  const values = searchable ? Math.min(template.descriptors.length, rows.length) : 0;
  for (let at = 0; at < values; at++) rows[at] = template.descriptors[at]! / DESCRIPTOR_SCALE;
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
