import { orAbort } from '../deadline.ts';
import { DeviceError, type DeviceIdentity, type DocumentReader } from '../device.ts';
import type { Link } from '../link/link.ts';
import { LineReader, ZoneAssembler } from './wire.ts';

/** The lines of one document come in one burst: at 9600 baud a line takes 47 ms. */
const SAME_DOCUMENT_WITHIN_MS = 1_000;
/**
 * A document laid down this shortly before somebody asks is still the one that is meant; an older one may be another
 * applicant's.
 */
const KEEP_DOCUMENT_MS = 2_000;

/** Documents out of the lines of text that come over a link. */
export class ZoneReader implements DocumentReader {
  readonly identity: DeviceIdentity;
  readonly #link: Link;
  readonly #lines = new LineReader();
  readonly #zones = new ZoneAssembler();
  #latest: { readonly lines: readonly string[]; readonly atMs: number } | undefined;
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #forgetting: NodeJS.Timeout | undefined;
  #dead: DeviceError | undefined;
  #changed = Promise.withResolvers<void>();

  constructor(link: Link, what: Pick<DeviceIdentity, 'driver' | 'model'>) {
    this.#link = link;
    this.identity = { ...what, serial: '', location: link.location };
    void this.#listen();
  }

  /** Resolves with the reason when the reader's link dies. */
  get lost(): Promise<DeviceError> {
    return this.#link.lost;
  }

  /** Lines dropped since the reader was opened, because they can be no machine-readable zone. */
  get droppedLines(): number {
    return this.#lines.dropped + this.#zones.dropped;
  }

  async read(signal: AbortSignal): Promise<readonly string[]> {
    // A timer that is late must not let an old one through.
    if (this.#latest !== undefined && performance.now() - this.#latest.atMs > KEEP_DOCUMENT_MS)
      this.#latest = undefined;
    for (;;) {
      signal.throwIfAborted();
      if (this.#latest !== undefined) {
        const { lines } = this.#latest;
        this.#latest = undefined;
        return lines;
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
    if (atMs - this.#lastAtMs > SAME_DOCUMENT_WITHIN_MS) this.#zones.reset();
    this.#lastAtMs = atMs;
    for (const line of this.#lines.push(bytes)) {
      const lines = this.#zones.push(line);
      if (lines !== undefined) this.#tell({ lines, atMs });
    }
  }

  #tell(document: { readonly lines: readonly string[]; readonly atMs: number } | undefined): void {
    this.#latest = document;
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
