/** Figures for Prometheus: counts, times and states; never who, only how many. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { DeviceState } from '../contract/uplink.ts';
import type { Pulses } from './pulse.ts';

/** What is looked at when somebody asks. */
export interface MetricSources {
  outbox(): Promise<{ readonly packets: number; readonly bytes: number }>;
  readonly uplink: { readonly online: boolean; readonly dropped: ReadonlyMap<string, number> };
  readonly devices: { readonly states: readonly DeviceState[] };
  modelRestarts(): number;
  readonly pulses: Pulses;
  readonly version: string;
}

/** Upper bounds, seconds: from a touch to somebody who is helped with ten fingers. */
const STEP_SECONDS = [0.25, 0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320];
/** Upper bounds, seconds: from a comparison to a call that is given up. */
const CALL_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 15];

export class Metrics {
  readonly #registry = new Registry();
  readonly #started = this.#counter('vantay_visits_started_total', 'Visits begun', []);
  readonly #ended = this.#counter('vantay_visits_ended_total', 'Visits ended, by how', ['reason']);
  readonly #compared = this.#counter('vantay_visits_compared_total', 'Comparisons, by outcome', ['outcome']);
  readonly #failures = this.#counter('vantay_device_failures_total', 'Faults of devices', ['role', 'code']);
  readonly #steps = this.#histogram(
    'vantay_visit_step_seconds',
    'How long a step was shown',
    'step',
    STEP_SECONDS,
  );
  readonly #calls = this.#histogram(
    'vantay_model_call_seconds',
    'Calls of the models, waiting included; those that were given up too',
    'call',
    CALL_SECONDS,
  );

  constructor(sources: MetricSources) {
    collectDefaultMetrics({ register: this.#registry });
    this.#gauge('vantay_build_info', 'Always 1', ['version'], async gauge =>
      gauge.set({ version: sources.version }, 1),
    );
    this.#gauge('vantay_outbox_packets', 'Packets that wait', [], async gauge =>
      gauge.set((await sources.outbox()).packets),
    );
    this.#gauge('vantay_outbox_bytes', 'Size of the packets that wait', [], async gauge =>
      gauge.set((await sources.outbox()).bytes),
    );
    this.#gauge('vantay_uplink_connected', '1 while there is a connection to the broker', [], async gauge =>
      gauge.set(Number(sources.uplink.online)),
    );
    this.#gauge('vantay_messages_refused', 'Messages refused since the start', ['code'], async gauge => {
      for (const [code, count] of sources.uplink.dropped) gauge.set({ code }, count);
    });
    this.#gauge('vantay_device_ready', '1 while the device works', ['role'], async gauge => {
      for (const { role, state } of sources.devices.states) gauge.set({ role }, Number(state === 'ready'));
    });
    this.#gauge('vantay_model_restarts', 'Restarts of the model process since the start', [], async gauge =>
      gauge.set(sources.modelRestarts()),
    );
    this.#gauge('vantay_loop_late_seconds', 'How far a loop is behind its word', ['loop'], async gauge => {
      for (const [loop, { lateMs }] of Object.entries(sources.pulses)) gauge.set({ loop }, lateMs / 1000);
    });
  }

  visitStarted(): void {
    this.#started.inc();
  }

  visitEnded(reason: string): void {
    this.#ended.inc({ reason });
  }

  visitCompared(outcome: string): void {
    this.#compared.inc({ outcome });
  }

  step(step: string, ms: number): void {
    this.#steps.observe({ step }, ms / 1000);
  }

  modelCall(call: string, ms: number): void {
    this.#calls.observe({ call }, ms / 1000);
  }

  deviceFailed(role: string, code: string): void {
    this.#failures.inc({ role, code });
  }

  /** In Prometheus' text format, version 0.0.4. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  #counter<Label extends string>(name: string, help: string, labelNames: readonly Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram<Label extends string>(
    name: string,
    help: string,
    label: Label,
    buckets: number[],
  ): Histogram<Label> {
    return new Histogram({ name, help, labelNames: [label], buckets, registers: [this.#registry] });
  }

  #gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: readonly Label[],
    look: (gauge: Gauge<Label>) => Promise<void>,
  ): void {
    const collect = function (this: Gauge<Label>) {
      return look(this);
    };
    new Gauge({ name, help, labelNames, registers: [this.#registry], collect });
  }
}
