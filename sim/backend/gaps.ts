/** Requests for missing chunks before a packet is left to its sender, who will try again as a whole. */
const MAX_REQUESTS = 3;

/**
 * Notices packets that stopped half-way: when nothing more came for a while, `ask` is called, a few times at most.
 * `key` is one packet on one topic.
 */
export class Gaps {
  readonly #afterMs: number;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Chunks that a fault has lost on purpose, so that each is lost once. */
  readonly #lost = new Map<string, Set<number>>();

  /** @param afterMs silence within a packet, milliseconds */
  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  /** A chunk came: starts, or starts again, the wait for the rest. */
  watch(key: string, ask: () => void, asked = 0): void {
    clearTimeout(this.#timers.get(key));
    const timer = setTimeout(() => {
      this.#timers.delete(key);
      if (asked >= MAX_REQUESTS) return;
      this.watch(key, ask, asked + 1);
      ask();
    }, this.#afterMs);
    timer.unref();
    this.#timers.set(key, timer);
  }

  /** The packet is whole, or refused. */
  done(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#lost.delete(key);
  }

  /** Whether a chunk is to be lost now: the first time only. */
  lose(key: string, index: number): boolean {
    const lost = this.#lost.get(key) ?? new Set<number>();
    if (lost.has(index)) return false;
    this.#lost.set(key, lost.add(index));
    return true;
  }

  lostOf(key: string): number[] {
    return [...(this.#lost.get(key) ?? [])];
  }

  clear(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#lost.clear();
  }
}
