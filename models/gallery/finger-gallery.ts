import type { FmrPoint } from '../card.ts';
import { ModelError } from '../error.ts';
import { evidenceOf, isBeyond } from '../finger/evidence.ts';
import { fuseFingers } from '../finger/fuse.ts';
import { type LoadOptions, loadCard, WEIGHTS } from '../finger/load.ts';
import { Prints } from '../finger/prints.ts';
import { anyOf } from '../rates.ts';
import type { FingerCandidate, FingerRecord, FingerSearch } from './types.ts';

/** Prints that the matching graph scores for each probe: those most alike by their descriptors. */
const PRESELECTED = 50;
/** Records of which every print is scored with every probe, beside those that were asked for. */
const RECHECKED = 20;
/** Most candidates of one search. */
const MAX_WANTED = 1000;

/**
 * Opens an empty gallery of fingers in this process, which every search blocks: for a process of its own.
 * @throws ModelError MODEL_MISSING, MODEL_HASH, MODEL_INVALID
 */
export async function openLocalFingerGallery(options: LoadOptions = {}): Promise<LocalFingerGallery> {
  const { fmrTable } = await loadCard('finger-match', options.weights ?? WEIGHTS);
  if (!fmrTable) throw new ModelError('MODEL_INVALID', 'the card of finger-match has no table of rates');
  return new LocalFingerGallery(await Prints.load(options), fmrTable);
}

/** Fingers of many records: any finger of a probe is looked for among all fingers of all records. */
export class LocalFingerGallery {
  readonly #prints: Prints;
  readonly #table: readonly FmrPoint[];
  /** Slots of each record's prints. */
  readonly #slots = new Map<number, readonly number[]>();
  /** By slot. */
  readonly #owners: number[] = [];

  constructor(prints: Prints, table: readonly FmrPoint[]) {
    this.#prints = prints;
    this.#table = table;
  }

  /** Records. */
  get size(): number {
    return this.#slots.size;
  }

  /**
   * Adds records, or replaces all prints of those that are there; the next search finds them.
   * @throws ModelError MODEL_INPUT for a template that is truncated, damaged or of other weights: then nothing has changed
   */
  put(records: readonly FingerRecord[]): void {
    for (const { templates } of records) for (const template of templates) this.#prints.check(template);
    for (const { id, templates } of records) {
      this.#removeOne(id);
      const slots = templates.map(template => this.#prints.add(template));
      for (const slot of slots) this.#owners[slot] = id;
      this.#slots.set(id, slots);
    }
  }

  /** Removes records; how many of them there were. */
  remove(ids: Uint32Array): number {
    return [...ids].filter(id => this.#removeOne(id)).length;
  }

  /**
   * The likeliest records, best first, of equals the lower id; those with no score above 0 are left out.
   * @param probes a template for each finger of one person, whichever fingers they are
   * @param wanted candidates, 1..1000
   * @param among records to compare in any case, such as those that a face found; they are judged as the others are
   * @throws ModelError MODEL_INPUT as {@link put}, or for another number of candidates
   */
  async search(
    probes: readonly Uint8Array[],
    wanted: number,
    among: Uint32Array = new Uint32Array(),
  ): Promise<FingerSearch> {
    if (!(Number.isInteger(wanted) && wanted >= 1 && wanted <= MAX_WANTED))
      throw new ModelError('MODEL_INPUT', `a search gives 1 to ${MAX_WANTED} candidates`);
    const records = new Set([...(await this.#likeliest(probes, Math.max(wanted, RECHECKED))), ...among]);
    const compared = await this.#compare(probes, [...records]);
    const candidates = compared.filter(({ evidence }) => evidence > 0);
    candidates.sort((a, b) => b.evidence - a.evidence || a.id - b.id);
    return { size: this.size, prints: this.#prints.size, candidates: candidates.slice(0, wanted) };
  }

  /** Records whose prints score best among those pre-selected for each probe. */
  async #likeliest(probes: readonly Uint8Array[], count: number): Promise<number[]> {
    const evidence = new Map<number, number>();
    const preselected = await this.#prints.preselect(probes, PRESELECTED);
    for (const [at, slots] of preselected.entries()) {
      const scores = await this.#prints.score(probes[at]!, slots);
      const best = new Map<number, number>();
      slots.forEach((slot, index) => {
        const owner = this.#owners[slot]!;
        best.set(owner, Math.max(best.get(owner) ?? 0, scores[index]!));
      });
      for (const [id, score] of best)
        evidence.set(id, (evidence.get(id) ?? 0) + evidenceOf(this.#table, score));
    }
    return [...evidence]
      .sort(([a, one], [b, other]) => other - one || a - b)
      .slice(0, count)
      .map(([id]) => id);
  }

  /** Every probe with every print of these records. */
  async #compare(probes: readonly Uint8Array[], ids: readonly number[]): Promise<FingerCandidate[]> {
    const slots = ids.map(id => this.#slots.get(id) ?? []);
    const scores: number[][] = [];
    for (const probe of probes) scores.push(await this.#prints.score(probe, slots.flat()));
    let from = 0;
    return ids.flatMap((id, at) => {
      const to = from + slots[at]!.length;
      const own = scores.map(some => some.slice(from, to));
      from = to;
      return this.#judged(id, own) ?? [];
    });
  }

  /** @param scores of each probe with each print of the record */
  #judged(id: number, scores: readonly (readonly number[])[]): FingerCandidate | undefined {
    const fused = fuseFingers(scores, this.#table);
    if (!fused) return undefined;
    const best = scores.map(some => Math.max(...some));
    // The best of several prints is as good by chance more often than one.
    const chances = Math.log10(scores[0]!.length);
    const evidence = best.reduce(
      (sum, score) => sum + Math.max(0, evidenceOf(this.#table, score) - chances),
      0,
    );
    return {
      id,
      evidence,
      score: fused.score,
      fingers: fused.fingers,
      fpir: anyOf(fused.fmr, this.size),
      fpirIsBound: best.some(score => isBeyond(this.#table, score)),
    };
  }

  #removeOne(id: number): boolean {
    for (const slot of this.#slots.get(id) ?? []) this.#prints.remove(slot);
    return this.#slots.delete(id);
  }
}
