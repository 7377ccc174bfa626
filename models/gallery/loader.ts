import type { Rows } from './block.ts';
import type { LocalGallery } from './gallery.ts';

/** Collects rows that come in small lots until they fill a block: each is then laid out once. */
export class Loader {
  readonly #gallery: LocalGallery;
  readonly #ids: Uint32Array;
  readonly #bytes: Int8Array;
  readonly #length: number;
  #count = 0;

  constructor(gallery: LocalGallery, length: number, rows: number) {
    this.#gallery = gallery;
    this.#length = length;
    this.#ids = new Uint32Array(rows);
    this.#bytes = new Int8Array(rows * length);
  }

  /** @throws ModelError as `LocalGallery.put` */
  async add({ ids, bytes }: Rows): Promise<void> {
    for (let first = 0; first < ids.length; ) {
      const taken = Math.min(ids.length - first, this.#ids.length - this.#count);
      this.#ids.set(ids.subarray(first, first + taken), this.#count);
      const from = first * this.#length;
      this.#bytes.set(bytes.subarray(from, from + taken * this.#length), this.#count * this.#length);
      this.#count += taken;
      first += taken;
      if (this.#count === this.#ids.length) await this.finish();
    }
  }

  /** Gives the gallery what is left. */
  async finish(): Promise<void> {
    const count = this.#count;
    this.#count = 0;
    if (count === 0) return;
    await this.#gallery.put({
      ids: this.#ids.slice(0, count),
      bytes: this.#bytes.slice(0, count * this.#length),
    });
  }
}
