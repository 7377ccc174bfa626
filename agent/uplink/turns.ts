/** Lets so many pieces of work run at a time, the others after them in the order they came. */
export class Turns {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(most: number) {
    this.#free = most;
  }

  /** @throws what the work throws; the signal's reason when it aborts before the work's turn */
  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#turn(signal);
    try {
      return await work();
    } finally {
      const [next] = this.#waiting;
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(go);
        signal.removeEventListener('abort', aborted);
      };
      const go = () => {
        leave();
        resolve();
      };
      const aborted = () => {
        leave();
        reject(signal.reason);
      };
      this.#waiting.add(go);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }
}
