import { orAbort } from '../deadline.ts';
import { DeviceError, type DeviceIdentity, type DocumentReader, type Reading } from '../device.ts';
import type { Link } from '../link/link.ts';
import { ZoneText } from './wire.ts';

/** The lines of one document come in one burst: at 9600 baud a line takes 47 ms. */
const SAME_DOCUMENT_WITHIN_MS = 1_000;
/**
 * A document laid down this shortly before somebody asks is still the one that is meant; an older one may be another
 * applicant's.
 */
const KEEP_DOCUMENT_MS = 2_000;

/** What finds readings in the bytes of a link. */
interface Text {
  /** Parts of it that became no reading. */
  readonly dropped: number;
  push(bytes: Uint8Array): readonly Reading[];
  /** Nothing came for a while: what was begun is not gone on with. */
  reset(): void;
}

/** Documents, and codes where `text` knows any, out of the text that comes over a link. */
export class TextReader implements DocumentReader {
  readonly identity: DeviceIdentity;
  readonly #link: Link;
  readonly #text: Text;
  #latest: { readonly reading: Reading; readonly atMs: number } | undefined;
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #forgetting: NodeJS.Timeout | undefined;
  #dead: DeviceError | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(link: Link, what: Pick<DeviceIdentity, 'driver' | 'model'>, text: Text = new ZoneText()) {
    this.#link = link;
    this.#text = text;
    this.identity = { ...what, serial: '', location: link.location };
    void this.#listen();
  }

  /** Resolves with the reason when the reader's link dies. */
  get lost(): Promise<DeviceError> {
    return this.#link.lost;
  }

  /** Lines, or whole codes, dropped since the reader was opened. */
  get dropped(): number {
    return this.#text.dropped;
  }

  async read(signal: AbortSignal): Promise<Reading> {
    // A timer that is late must not let an old one through.
    if (this.#latest !== undefined && performance.now() - this.#latest.atMs > KEEP_DOCUMENT_MS)
      this.#latest = undefined;
    for (;;) {
      signal.throwIfAborted();
      if (this.#latest !== undefined) {
        const { reading } = this.#latest;
        this.#latest = undefined;
        return reading;
      }
      if (this.#dead !== undefined) throw this.#dead;
      await orAbort(this.#changed.promise, signal);
    }
  }

  async #listen(): Promise<void> {
    const untilClosed = new AbortController().signal;
    try {
      // Each reading in a call of its own: what waits for the next one would keep the last in its variables.
      for (;;) await this.#take(untilClosed);
    } catch (error) {
      const unknown = `${this.identity.location} failed`;
      this.#dead =
        error instanceof DeviceError ? error : new DeviceError('DEVICE_FAULT', unknown, { cause: error });
      this.#tell(undefined);
    }
  }

  async #take(signal: AbortSignal): Promise<void> {
    const bytes = await this.#link.read(signal);
    const atMs = performance.now();
    if (atMs - this.#lastAtMs > SAME_DOCUMENT_WITHIN_MS) this.#text.reset();
    this.#lastAtMs = atMs;
    for (const reading of this.#text.push(bytes)) this.#tell({ reading, atMs });
  }

  #tell(latest: { readonly reading: Reading; readonly atMs: number } | undefined): void {
    this.#latest = latest;
    // Nobody may come who would find it too old.
    clearTimeout(this.#forgetting);
    this.#forgetting = setTimeout(() => {
      this.#latest = undefined;
    }, KEEP_DOCUMENT_MS);
    this.#forgetting.unref();
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers<void>();
    resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#forgetting);
    await this.#link.close();
  }
}
