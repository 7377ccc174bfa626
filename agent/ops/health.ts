/** How the agent fares, measured once a minute. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Health } from '../contract/uplink.ts';

export type Measured = Omit<Health, 'type' | 'schemaVersion' | 'boot' | 'at'>;

export interface HealthSources {
  outbox(): Promise<{ readonly packets: number; readonly bytes: number }>;
  modelRestarts(): number;
}

/** Period of the health topic, in milliseconds. */
const PERIOD_MS = 60_000;
/** Resolution of the event-loop delay, in milliseconds. */
const RESOLUTION_MS = 5;
const NANOSECONDS_PER_MS = 1e6;

export class HealthMonitor implements Disposable {
  readonly #sources: HealthSources;
  readonly #delay: ReturnType<typeof monitorEventLoopDelay>;
  readonly #timer: NodeJS.Timeout;

  constructor(sources: HealthSources, publish: (measured: Measured) => Promise<void>) {
    this.#sources = sources;
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#delay.enable();
    this.#timer = setInterval(() => {
      this.measure()
        .then(publish)
        // An outbox that cannot be read says so itself, to whoever uses it; the next minute measures again.
        .catch(() => undefined)
        .finally(() => this.#delay.reset());
    }, PERIOD_MS);
    this.#timer.unref();
  }

  /** Pauses of the main process since the last minute began, milliseconds. */
  get eventLoopDelay(): { readonly p99Ms: number; readonly maxMs: number } {
    const ms = (nanoseconds: number) => Math.max(0, nanoseconds / NANOSECONDS_PER_MS - RESOLUTION_MS);
    return { p99Ms: ms(this.#delay.percentile(99)), maxMs: ms(this.#delay.max) };
  }

  async measure(): Promise<Measured> {
    const { packets, bytes } = await this.#sources.outbox();
    return {
      uptimeSeconds: Math.round(process.uptime()),
      outboxPackets: packets,
      outboxBytes: bytes,
      eventLoopDelayP99Ms: this.eventLoopDelay.p99Ms,
      residentBytes: process.memoryUsage.rss(),
      modelRestarts: this.#sources.modelRestarts(),
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#delay.disable();
  }
}
