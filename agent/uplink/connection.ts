import { Pulse } from '../ops/pulse.ts';
import { withDeadline } from './deadline.ts';
import { UplinkError } from './errors.ts';
import type { BrokerSession, Dial, DialRequest, UplinkClock, UplinkLog } from './ports.ts';
import { Wake } from './wake.ts';

/** How long to wait before connecting again. */
export interface BackOff {
  readonly firstMs: number;
  readonly maximumMs: number;
}

/** Longest one message may wait for its acknowledgement, milliseconds. */
const PUBLISH_TIMEOUT_MS = 20_000;
/** From this age on a session counts as lasting, milliseconds. */
const LASTING_MS = 10_000;
/** Sessions in a row that did not last, from which on the name is taken to be contested. */
const SHORT_ROW = 3;
/** Longest a turn may take from one connection's end to the next: what each part of it may take, and some. */
const TURN_MS = 120_000;
/** Longest a clean goodbye may take, milliseconds. */
const GOODBYE_TIMEOUT_MS = 2_000;

/**
 * Keeps one connection to the broker alive: connects, says who it is, waits for the end, waits a while with jitter, and
 * connects again with a fresh client. It alone knows whether the kiosk is online.
 */
export class Connection implements AsyncDisposable {
  /** Late when it neither has a connection nor tries for one. */
  readonly pulse: Pulse;
  readonly #options: ConnectionOptions;
  readonly #stop = new AbortController();
  readonly #changed = new Wake();
  #session: BrokerSession | null = null;
  #running: Promise<void> | null = null;
  /** Whether the last session did what it is for, however short it was: a bad line is no reason for long pauses. */
  #fruitful = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.pulse = new Pulse(() => options.clock.monotonicMs());
  }

  /** The live session; null while there is none. */
  get session(): BrokerSession | null {
    return this.#session;
  }

  start(): void {
    this.#running ??= this.#run(this.#stop.signal);
  }

  /** Resolves with the session as soon as there is one. Rejects only with the signal's reason. */
  ready(signal: AbortSignal): Promise<BrokerSession> {
    return this.#changed.until(() => this.#session, signal);
  }

  /** Resolves once this session is no longer the live one. Rejects only with the signal's reason. */
  async lost(session: BrokerSession, signal: AbortSignal): Promise<null> {
    await this.#changed.until(() => (this.#session === session ? null : true), signal);
    return null;
  }

  /**
   * Publishes once, now.
   * @throws UplinkError UPLINK_OFFLINE, UPLINK_DISCONNECTED, UPLINK_REFUSED, UPLINK_TIMEOUT; the signal's reason
   */
  async publish(
    topic: string,
    payload: string | Uint8Array,
    options: { retain: boolean; signal: AbortSignal },
  ): Promise<void> {
    const session = this.#session;
    if (session === null) throw new UplinkError('UPLINK_OFFLINE', 'not connected');
    await this.#publishOn(session, topic, payload, options);
  }

  /** To be called when the live session brought the answer to what was sent. */
  answered(): void {
    this.#fruitful = true;
  }

  /** Says that the kiosk goes down on purpose, if it can, and closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new UplinkError('UPLINK_OFFLINE', 'the uplink is closed'));
    await this.#running?.catch(() => {});
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log, backOff } = this.#options;
    let failures = 0;
    let short = 0;
    while (!signal.aborted) {
      this.pulse.within(TURN_MS);
      const error = await this.#connectOnce(signal);
      if (signal.aborted) return;
      // Only a session that lasted, or brought a packet's receipt, ends a row of failures: two clients that take each
      // other's place, or a broker that lets everybody in and then closes, would otherwise be asked again and again
      // without a pause.
      const served = this.#fruitful || error.livedMs >= LASTING_MS;
      failures = served ? 0 : failures + 1;
      short = error.livedMs > 0 && !served ? short + 1 : 0;
      // MQTT 5 says who was taken over; before it, a broker only closes what it has just let in, again and again.
      const code =
        error.code === 'UPLINK_DISCONNECTED' && short >= SHORT_ROW ? 'UPLINK_UNSTABLE' : error.code;
      const pauseMs = jittered(backOff, failures, code === 'UPLINK_TAKEN_OVER' || code === 'UPLINK_UNSTABLE');
      log.warn({ code, pauseMs: Math.round(pauseMs) }, 'not connected to the broker');
      this.#options.onEnd?.(code);
      await clock.sleep(pauseMs, signal).catch(() => {});
    }
  }

  async #connectOnce(signal: AbortSignal): Promise<{ code: string; livedMs: number }> {
    const { dial, log, clock } = this.#options;
    let session: BrokerSession | null = null;
    let sinceMs = Number.POSITIVE_INFINITY;
    this.#fruitful = false;
    const ended = (code: string) => ({ code, livedMs: Math.max(0, clock.monotonicMs() - sinceMs) });
    try {
      session = await dial({ ...this.#options.request(), signal });
      const living = session;
      await this.#options.birth((topic, payload) =>
        this.#publishOn(living, topic, payload, { retain: true, signal }),
      );
      sinceMs = clock.monotonicMs();
      log.info(
        { protocol: session.protocol, maximumPacketBytes: session.maximumPacketBytes },
        'connected to the broker',
      );
      this.#set(session);
      this.pulse.rest();
      const reason = await Promise.race([session.closed, aborted(signal)]);
      return ended(reason?.code ?? 'UPLINK_OFFLINE');
    } catch (error) {
      if (error instanceof UplinkError) return ended(error.code);
      if (signal.aborted) return ended('UPLINK_OFFLINE');
      throw error;
    } finally {
      this.pulse.within(TURN_MS);
      this.#set(null);
      if (session !== null) await this.#part(session, signal.aborted);
    }
  }

  /** Ends a session within a deadline of its own, since the signal of everything else may have ended already. */
  async #part(session: BrokerSession, onPurpose: boolean): Promise<void> {
    const { clock, farewell } = this.#options;
    const never = new AbortController().signal;
    await withDeadline(clock, GOODBYE_TIMEOUT_MS, never, async signal => {
      if (onPurpose) {
        await farewell((topic, payload) =>
          this.#publishOn(session, topic, payload, { retain: true, signal }),
        );
      }
      await session.end();
    }).catch(() => {});
  }

  #publishOn(
    session: BrokerSession,
    topic: string,
    payload: string | Uint8Array,
    options: { retain: boolean; signal: AbortSignal },
  ): Promise<void> {
    return withDeadline(this.#options.clock, PUBLISH_TIMEOUT_MS, options.signal, signal =>
      session.publish(topic, payload, { retain: options.retain, signal }),
    );
  }

  #set(session: BrokerSession | null): void {
    if (this.#session === session) return;
    this.#session = session;
    this.#changed.wake();
    this.#options.onChange();
  }
}

export interface ConnectionOptions {
  readonly dial: Dial;
  /** What to connect with; asked anew each time, since a last will names its time. */
  request(): Omit<DialRequest, 'signal'>;
  /** Publishes what must stand retained before anything else is sent. */
  birth(publish: RetainedPublish): Promise<void>;
  /** Publishes that the kiosk goes down on purpose. */
  farewell(publish: RetainedPublish): Promise<void>;
  /** Called after each change between online and offline. */
  onChange(): void;
  /** Called with the code of why there is no connection, each time one ended or failed. */
  onEnd?(code: string): void;
  readonly clock: UplinkClock;
  readonly log: UplinkLog;
  readonly backOff: BackOff;
}

type RetainedPublish = (topic: string, payload: string) => Promise<void>;

/** Doubles with each failure up to the maximum; half of it is chance, so that kiosks do not all come back at once. */
export function jittered(backOff: BackOff, failures: number, longest: boolean): number {
  const fullMs = longest
    ? backOff.maximumMs
    : Math.min(backOff.maximumMs, backOff.firstMs * 2 ** Math.min(failures, 16));
  return fullMs * (0.5 + Math.random() / 2);
}

const aborted = (signal: AbortSignal): Promise<null> =>
  new Promise(resolve => {
    if (signal.aborted) resolve(null);
    else signal.addEventListener('abort', () => resolve(null), { once: true });
  });
