import { orAbort } from './deadline.ts';

/** One holder at a time, in the order of asking. A device's dialogue cannot carry two commands at once. */
export class Lock {
  #tail: Promise<void> = Promise.resolve();

  /** @returns what releases the lock when disposed. @throws the abort reason when `signal` aborts while waiting. */
  async acquire(signal: AbortSignal): Promise<Disposable> {
    const turn = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = turn.then(() => promise);
    try {
      await orAbort(turn, signal);
    } catch (reason) {
      resolve();
      throw reason;
    }
    return { [Symbol.dispose]: resolve };
  }
}
