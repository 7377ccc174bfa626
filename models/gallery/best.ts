/** A record that a search found: exact integers, so that the order of records is one and the same whatever holds them. */
export interface Hit {
  readonly id: number;
  /** Sum of products of the probe's levels and the row's bytes. */
  readonly sum: number;
}

/** The order of candidates: the more alike first, of equals the lower id. */
const before = (a: Hit, b: Hit): boolean => a.sum > b.sum || (a.sum === b.sum && a.id < b.id);

/** The best few hits of those it is shown. */
export class Best {
  readonly #count: number;
  readonly #hits: Hit[] = [];

  constructor(count: number) {
    this.#count = count;
  }

  /** Best first. */
  get hits(): readonly Hit[] {
    return this.#hits;
  }

  add(hit: Hit): void {
    const last = this.#hits.at(-1);
    const full = this.#hits.length >= this.#count;
    if (full && last && !before(hit, last)) return;
    let at = this.#hits.length;
    while (at > 0 && before(hit, this.#hits[at - 1]!)) at--;
    this.#hits.splice(at, 0, hit);
    if (full) this.#hits.pop();
  }
}
