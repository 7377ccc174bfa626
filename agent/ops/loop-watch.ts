/** How long the main process stood still: nothing on a kiosk may wait for more than 50 ms behind one piece of work. */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Pauses of the event loop over a span of time, milliseconds. */
export interface Pauses {
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Sampling period, in milliseconds; the timer's own period is taken off what it measures. */
const RESOLUTION_MS = 5;
const NANOSECONDS_PER_MS = 1e6;

/** Measures from its making until it is disposed of. */
export class LoopWatch implements Disposable {
  readonly #delay: ReturnType<typeof monitorEventLoopDelay>;

  constructor() {
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#delay.enable();
  }

  get pauses(): Pauses {
    const ms = (nanoseconds: number) => Math.max(0, nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS);
    return { p99Ms: ms(this.#delay.percentile(99)), maxMs: ms(this.#delay.max) };
  }

  /** Forgets what was measured so far. */
  reset(): void {
    this.#delay.reset();
  }

  [Symbol.dispose](): void {
    this.#delay.disable();
  }
}

/** The pauses of whole visits: neither the start of the agent nor the quiet between visits is counted. */
export class VisitPauses implements Disposable {
  #watch: LoopWatch | null = null;
  #worst: Pauses | null = null;

  /** Tells whether a visit goes on; called again with the same answer it does nothing. */
  during(visit: boolean): void {
    if (visit) this.#watch ??= new LoopWatch();
    else this.#end();
  }

  /** The worst of each figure over all visits, the one that goes on included; null before the first. */
  get worst(): Pauses | null {
    return worseOf(this.#worst, this.#watch?.pauses ?? null);
  }

  #end(): void {
    this.#worst = this.worst;
    this.#watch?.[Symbol.dispose]();
    this.#watch = null;
  }

  [Symbol.dispose](): void {
    this.#end();
  }
}

const worseOf = (a: Pauses | null, b: Pauses | null): Pauses | null =>
  a && b ? { p99Ms: Math.max(a.p99Ms, b.p99Ms), maxMs: Math.max(a.maxMs, b.maxMs) } : (a ?? b);
