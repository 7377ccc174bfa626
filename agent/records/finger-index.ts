/** The gallery of fingers, filled from what is kept, and kept as that is. */
import type { FingerGallery, FingerGalleryOptions, FingerRecord } from '../../models/index.ts';
import { isMinutiaeRecord, ModelError } from '../../models/index.ts';
import type { RecordCache } from './cache/cache.ts';
import type { Effect, Fingers } from './cache/types.ts';

/** How a gallery is started; the models' door says what for. */
export type StartFingerGallery = (options: Pick<FingerGalleryOptions, 'fill'>) => Promise<FingerGallery>;

/** Records read at a time while the gallery is filled: about 1.5 MB, opened in some 10 ms. */
const FILL_RECORDS = 32;

export class FingerIndex implements AsyncDisposable {
  readonly #cache: Pick<RecordCache, 'fingers'>;
  readonly #start: StartFingerGallery;
  /** Told when the records cannot be read: the gallery itself would only try again. */
  readonly #onFailure: (error: unknown) => void;
  #gallery: FingerGallery | null = null;

  constructor(
    cache: Pick<RecordCache, 'fingers'>,
    start: StartFingerGallery,
    onFailure: (error: unknown) => void,
  ) {
    this.#cache = cache;
    this.#start = start;
    this.#onFailure = onFailure;
  }

  /** What can be searched; null while it is being filled. */
  get gallery(): FingerGallery | null {
    return this.#gallery?.health.filled ? this.#gallery : null;
  }

  /** Starts the gallery. Filling goes on by itself. */
  async open(): Promise<void> {
    this.#gallery ??= await this.#start({ fill: signal => this.#fill(signal) });
  }

  /** Brings a change that is durable into the gallery; the next search sees it. */
  async change({ fingers, removed }: Effect): Promise<void> {
    if (!this.#gallery && fingers.length > 0) return this.open();
    const searched = fingers.map(searchable);
    const put = searched.filter(withPrints);
    const gone = [...removed, ...searched.filter(record => !withPrints(record)).map(({ id }) => id)];
    try {
      if (gone.length > 0) await this.#gallery?.remove(Uint32Array.from(gone));
      if (put.length > 0) await this.#gallery?.put(put);
    } catch (error) {
      // Its process died or hung; the next one is filled from what is kept, this change included.
      if (!(error instanceof ModelError)) throw error;
    }
  }

  async *#fill(signal: AbortSignal) {
    for (let after: number | null = 0; after !== null; ) {
      signal.throwIfAborted();
      const { records, last }: Fingers = await this.#cache
        .fingers(after, FILL_RECORDS)
        .catch((error: unknown) => {
          this.#onFailure(error);
          throw error;
        });
      const lot = records.map(searchable).filter(withPrints);
      if (lot.length > 0) yield lot;
      after = last;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gallery?.[Symbol.asyncDispose]();
  }
}

/** Prints that are minutiae alone are not searched: the gallery knows prints again by descriptors, which they lack. */
const searchable = ({ id, templates }: FingerRecord): FingerRecord => ({
  id,
  templates: templates.filter(template => !isMinutiaeRecord(template)),
});
const withPrints = ({ templates }: FingerRecord): boolean => templates.length > 0;
