/**
 * Lets loops sleep until something they may care about has changed, without missing a change and without polling. Who
 * no longer waits leaves nothing behind, so it can live as long as the process.
 */
export class Wake {
  #changes = 0;
  readonly #sleepers = new Set<() => void>();

  /** Counts the changes: read it before looking at the state, and hand it to {@link after}. */
  get changes(): number {
    return this.#changes;
  }

  /** Wakes everybody who waits. */
  wake(): void {
    this.#changes += 1;
    for (const sleeper of [...this.#sleepers]) sleeper();
  }

  /** Resolves once there was a change after the `seen`-th, which may be at once. Rejects with the signal's reason. */
  after(seen: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.#changes !== seen) return resolve();
      const leave = () => {
        this.#sleepers.delete(woken);
        signal.removeEventListener('abort', aborted);
      };
      const woken = () => {
        leave();
        resolve();
      };
      const aborted = () => {
        leave();
        reject(signal.reason);
      };
      this.#sleepers.add(woken);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  /** Waits until `found` gives something, looking again at each change. Rejects with the signal's reason. */
  async until<T>(found: () => T | null, signal: AbortSignal): Promise<T> {
    for (;;) {
      const seen = this.#changes;
      const value = found();
      if (value !== null) return value;
      await this.after(seen, signal);
    }
  }
}
