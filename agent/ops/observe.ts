/** Those who watch the agent and never steer it: health once a minute, and metrics where they are wanted. */
import type { Models } from '../../models/index.ts';
import type { Config } from '../contract/config.ts';
import type { Health } from '../contract/uplink.ts';
import type { Session, StateChange } from '../session/run.ts';
import { visitOf } from '../session/state.ts';
import { VERSION } from '../version.ts';
import type { DeviceBoard } from './device-board.ts';
import { HealthMonitor, type HealthSources } from './health.ts';
import type { Log } from './log.ts';
import { type MetricSources, Metrics } from './metrics.ts';
import { MetricsServer } from './metrics-server.ts';
import type { Pulses } from './pulse.ts';
import type { TimedModels } from './timed-models.ts';

export interface Watched {
  readonly outbox: { status(): ReturnType<HealthSources['outbox']>; auditHead(): Promise<Health['audit']> };
  readonly uplink: MetricSources['uplink'] & {
    publishHealth: ConstructorParameters<typeof HealthMonitor>[1];
  };
  readonly models: Pick<Models, 'health'> & Pick<TimedModels, 'onCall'>;
  readonly keys: { readonly health: Health['keys'] };
  readonly records: HealthSources['records'];
  readonly session: Session;
  readonly devices: DeviceBoard;
  readonly pulses: Pulses;
}

export interface Observers extends AsyncDisposable {
  /** All loops: those that are watched, and that which watches them. */
  readonly pulses: Pulses;
}

/** @throws VantayError PORT_IN_USE */
export async function observe(config: Config, log: Log, watched: Watched): Promise<Observers> {
  await using starting = new AsyncDisposableStack();
  const { outbox, uplink, models, keys, records } = watched;
  const modelRestarts = () => models.health.restarts;
  const audit = () => outbox.auditHead();
  const sources = { outbox: () => outbox.status(), audit, modelRestarts, keys: () => keys.health, records };
  const health = starting.use(new HealthMonitor(sources, measured => uplink.publishHealth(measured)));
  const pulses: Pulses = { ...watched.pulses, health: health.pulse };
  if (config.metrics) {
    const { devices } = watched;
    const metrics = new Metrics({
      ...{ outbox: sources.outbox, uplink, devices, modelRestarts, pulses, version: VERSION },
    });
    count(metrics, watched);
    const server = starting.use(await MetricsServer.start(config.metrics.port, metrics, log));
    log.info({ metrics: server.address }, 'metrics');
  }
  const running = starting.move();
  return { pulses, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

function count(metrics: Metrics, { session, devices, models }: Watched): void {
  let shownSinceMs = performance.now();
  session.onChange(({ state, previous }: StateChange) => {
    if (state.kind === previous.kind) return;
    const nowMs = performance.now();
    if (visitOf(previous)) metrics.step(previous.kind, nowMs - shownSinceMs);
    shownSinceMs = nowMs;
    if (visitOf(state) && visitOf(state)?.id !== visitOf(previous)?.id) metrics.visitStarted();
    if (state.kind === 'review' && previous.kind === 'comparing')
      metrics.visitCompared(state.visit.decision.outcome);
    if (state.kind === 'refused') metrics.visitEnded(state.reason);
    if (state.kind === 'ended' && previous.kind !== 'refused') metrics.visitEnded(state.reason);
  });
  const failed = new Map<string, string | null>();
  devices.onChange(() => {
    for (const { role, error } of devices.states) {
      if (error !== null && failed.get(role) !== error) metrics.deviceFailed(role, error);
      failed.set(role, error);
    }
  });
  models.onCall((call, ms) => metrics.modelCall(call, ms));
}
