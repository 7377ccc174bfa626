import type { Audit } from './audit.ts';

/** Refusals of one kind within so long are one entry, milliseconds: a hostile network must not fill the disk. */
const PERIOD_MS = 60_000;

/**
 * Records messages that changed nothing: the first of a kind at once, those after it as a count once a minute. What cannot
 * be written is counted again later.
 */
export class RefusalJournal implements AsyncDisposable {
  readonly #audit: Pick<Audit, 'record'>;
  readonly #timer: NodeJS.Timeout;
  /** Refusals not written yet, by topic and code; a kind that is here was written within this period. */
  readonly #counts = new Map<string, { topic: string; code: string; count: number }>();

  constructor(audit: Pick<Audit, 'record'>) {
    this.#audit = audit;
    this.#timer = setInterval(() => void this.#flush(), PERIOD_MS);
    this.#timer.unref();
  }

  /** @param topic its last levels, as in the contract's TOPICS */
  async note(topic: string, code: string): Promise<void> {
    const key = `${topic} ${code}`;
    const known = this.#counts.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const entry = { topic, code, count: 0 };
    this.#counts.set(key, entry);
    await this.#write(entry, 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#flush();
  }

  async #flush(): Promise<void> {
    for (const [key, entry] of [...this.#counts]) {
      const { count } = entry;
      this.#counts.delete(key);
      if (count > 0) await this.#write(entry, count);
    }
  }

  async #write({ topic, code }: { topic: string; code: string }, count: number): Promise<void> {
    try {
      await this.#audit.record({ event: 'message_refused', topic, code, count });
    } catch {
      const key = `${topic} ${code}`;
      const entry = this.#counts.get(key) ?? { topic, code, count: 0 };
      entry.count += count;
      this.#counts.set(key, entry);
    }
  }
}
