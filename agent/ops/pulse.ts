/** A loop's word on when it will move next. Who breaks it stands still, and the watchdog is not fed. */
export class Pulse {
  readonly #nowMs: () => number;
  #dueMs = Number.POSITIVE_INFINITY;

  /** @param nowMs monotonic milliseconds */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** The loop will say something again within `ms`. */
  within(ms: number): void {
    this.#dueMs = this.#nowMs() + ms;
  }

  /** The loop waits for something that may never come, and that is as it should be. */
  rest(): void {
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  /** Until the loop has to say something again, milliseconds; infinite while it rests, negative when it is late. */
  get dueInMs(): number {
    return this.#dueMs - this.#nowMs();
  }

  /** How far the loop is behind its word, milliseconds; 0 while it keeps it. */
  get lateMs(): number {
    return Math.max(0, -this.dueInMs);
  }
}

/** All loops of an agent, by name. */
export type Pulses = Readonly<Record<string, Pulse>>;

/** The loops that stand still. */
export const standingStill = (pulses: Pulses): string[] =>
  Object.entries(pulses).flatMap(([name, { lateMs }]) => (lateMs > 0 ? [name] : []));
