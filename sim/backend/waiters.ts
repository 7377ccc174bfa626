/** Lets callers wait until something they can ask about has become true. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  /** To be called whenever an answer may have changed. */
  wake(): void {
    for (const look of this.#waiting) look();
  }

  /** Resolves once `done` says so. @throws the signal's reason. */
  until(done: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (end: () => void): void => {
        this.#waiting.delete(look);
        signal.removeEventListener('abort', abort);
        end();
      };
      const look = (): void => {
        if (done()) finish(resolve);
      };
      const abort = (): void => finish(() => reject(signal.reason));
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', abort);
      this.#waiting.add(look);
      look();
    });
  }
}
