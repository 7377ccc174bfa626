/** The gallery of faces, filled from what is kept, and kept as that is. */
import type { FaceGallery, GalleryOptions } from '../../models/index.ts';
import { ModelError } from '../../models/index.ts';
import type { RecordCache } from './cache/cache.ts';
import type { Effect, Faces } from './cache/types.ts';

/** How a gallery is started; the models' door says what for. */
export type StartGallery = (options: Pick<GalleryOptions, 'length' | 'fill'>) => Promise<FaceGallery>;

/** Faces read at a time while the gallery is filled: about 2 MB, opened in some 30 ms. */
const FILL_ROWS = 4096;

export class FaceIndex implements AsyncDisposable {
  readonly #cache: Pick<RecordCache, 'faces'>;
  readonly #start: StartGallery;
  /** Told when the records cannot be read: the gallery itself would only try again. */
  readonly #onFailure: (error: unknown) => void;
  /** Null until the first face says how long an embedding is. */
  #gallery: FaceGallery | null = null;

  constructor(cache: Pick<RecordCache, 'faces'>, start: StartGallery, onFailure: (error: unknown) => void) {
    this.#cache = cache;
    this.#start = start;
    this.#onFailure = onFailure;
  }

  /** What can be searched; null while it is being filled, or while there is no face. */
  get gallery(): FaceGallery | null {
    return this.#gallery?.health.filled ? this.#gallery : null;
  }

  /** Starts the gallery when there is a face. Filling goes on by itself. */
  async open(): Promise<void> {
    for (let after = 0; this.#gallery === null; ) {
      const { ids, bytes, last } = await this.#cache.faces(after, FILL_ROWS);
      if (ids.length > 0) await this.#begin(bytes.length / ids.length);
      else if (last !== null) {
        after = last;
        continue;
      }
      break;
    }
  }

  /** Brings a change that is durable into the gallery; the next search sees it. */
  async change({ put, removed }: Effect): Promise<void> {
    if (!this.#gallery && put.ids.length > 0) await this.#begin(put.bytes.length / put.ids.length);
    else await this.#alter(put, removed);
  }

  async #alter(put: Effect['put'], removed: Uint32Array): Promise<void> {
    try {
      if (removed.length > 0) await this.#gallery?.remove(removed);
      if (put.ids.length > 0) await this.#gallery?.put(put);
    } catch (error) {
      // Its process died or hung; the next one is filled from what is kept, this change included.
      if (!(error instanceof ModelError)) throw error;
    }
  }

  async #begin(length: number): Promise<void> {
    this.#gallery = await this.#start({ length, fill: signal => this.#fill(signal) });
  }

  async *#fill(signal: AbortSignal) {
    for (let next: Promise<Faces> | null = this.#lot(0); next; ) {
      signal.throwIfAborted();
      const { ids, bytes, last }: Faces = await next;
      // Opened while the gallery lays these out.
      next = last === null ? null : this.#lot(last);
      if (ids.length > 0) yield { ids, bytes };
    }
  }

  #lot(after: number): Promise<Faces> {
    const lot = this.#cache.faces(after, FILL_ROWS);
    // Here, as nobody may come to ask for it.
    lot.catch(this.#onFailure);
    return lot;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gallery?.[Symbol.asyncDispose]();
  }
}
