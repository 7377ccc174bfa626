/** A bucket of permissions that fills with time: a hand touches a few times a second, a script does not stop at that. */
export class RateLimit {
  readonly #capacity: number;
  readonly #perSecond: number;
  readonly #nowMs: () => number;
  #left: number;
  #lastMs: number;

  constructor(capacity: number, perSecond: number, nowMs: () => number = () => performance.now()) {
    this.#capacity = capacity;
    this.#perSecond = perSecond;
    this.#nowMs = nowMs;
    this.#left = capacity;
    this.#lastMs = nowMs();
  }

  /** False when there was too much of late. */
  take(): boolean {
    if (!this.any) return false;
    this.#left -= 1;
    return true;
  }

  /** Whether one could be taken now. */
  get any(): boolean {
    const nowMs = this.#nowMs();
    this.#left = Math.min(this.#capacity, this.#left + ((nowMs - this.#lastMs) / 1000) * this.#perSecond);
    this.#lastMs = nowMs;
    return this.#left >= 1;
  }
}
