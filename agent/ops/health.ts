/** How the agent fares, measured once a minute. */
import type { Health } from '../contract/uplink.ts';
import { LoopWatch } from './loop-watch.ts';
import { Pulse } from './pulse.ts';

export type Measured = Omit<Health, 'type' | 'schemaVersion' | 'boot' | 'at'>;

export interface HealthSources {
  outbox(): Promise<{
    readonly packets: number;
    readonly bytes: number;
    readonly full: Health['outboxFull'];
  }>;
  audit(): Promise<Health['audit']>;
  modelRestarts(): number;
  keys(): Health['keys'];
  records(): Promise<Health['records']>;
}

/** Period of the health topic, in milliseconds. */
const PERIOD_MS = 60_000;
/** Longest until it is measured again, in milliseconds: who does not answer by then, such as the outbox's thread, hangs. */
const LATE_MS = 3 * PERIOD_MS;

export class HealthMonitor implements Disposable {
  /** Late when a measurement does not come back. */
  readonly pulse = new Pulse();
  readonly #sources: HealthSources;
  readonly #loop = new LoopWatch();
  readonly #timer: NodeJS.Timeout;

  constructor(sources: HealthSources, publish: (measured: Measured) => Promise<void>) {
    this.#sources = sources;
    this.pulse.within(LATE_MS);
    this.#timer = setInterval(() => {
      this.measure()
        .then(publish)
        // An outbox that cannot be read says so itself, to whoever uses it; the next minute measures again.
        .catch(() => undefined)
        .finally(() => {
          this.#loop.reset();
          this.pulse.within(LATE_MS);
        });
    }, PERIOD_MS);
    this.#timer.unref();
  }

  async measure(): Promise<Measured> {
    const { packets, bytes, full } = await this.#sources.outbox();
    return {
      uptimeSeconds: Math.round(process.uptime()),
      outboxPackets: packets,
      outboxBytes: bytes,
      outboxFull: full,
      audit: await this.#sources.audit(),
      eventLoopDelayP99Ms: this.#loop.pauses.p99Ms,
      residentBytes: process.memoryUsage.rss(),
      modelRestarts: this.#sources.modelRestarts(),
      keys: this.#sources.keys(),
      records: await this.#sources.records(),
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#loop[Symbol.dispose]();
  }
}
