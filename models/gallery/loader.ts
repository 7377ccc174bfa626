import type { Rows } from './block.ts';
import type { LocalGallery } from './gallery.ts';

/** Collects rows that come in small lots until they fill a block: each is then laid out once. */
export class Loader {
  readonly #gallery: LocalGallery;
  readonly #length: number;
  readonly #rows: number;
  /** What is being filled; it becomes the gallery's when it is full. */
  #lot: Rows | undefined;
  #count = 0;

  constructor(gallery: LocalGallery, length: number, rows: number) {
    this.#gallery = gallery;
    this.#length = length;
    this.#rows = rows;
  }

  /** @throws ModelError as `LocalGallery.put` */
  async add({ ids, bytes }: Rows): Promise<void> {
    for (let first = 0; first < ids.length; ) {
      this.#lot ??= {
        ids: new Uint32Array(this.#rows),
        bytes: new Int8Array(this.#rows * this.#length),
      };
      const taken = Math.min(ids.length - first, this.#rows - this.#count);
      const from = first * this.#length;
      this.#lot.ids.set(ids.subarray(first, first + taken), this.#count);
      this.#lot.bytes.set(bytes.subarray(from, from + taken * this.#length), this.#count * this.#length);
      this.#count += taken;
      first += taken;
      if (this.#count === this.#rows) await this.finish();
    }
  }

  /** Gives the gallery what is left. */
  async finish(): Promise<void> {
    const [lot, count] = [this.#lot, this.#count];
    this.#lot = undefined;
    this.#count = 0;
    if (!lot) return;
    const bytes = lot.bytes.subarray(0, count * this.#length);
    await this.#gallery.put({ ids: lot.ids.subarray(0, count), bytes });
  }
}
