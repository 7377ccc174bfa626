/** Runs the machine: keeps exactly the activities of the current state going, and lets time pass. */
import type { RefusalReason, ScreenInput } from '../contract/screen.ts';
import type { Clock } from '../ops/clock.ts';
import { type Activity, activitiesOf } from './activities.ts';
import { next } from './machine.ts';
import { IDLE, type Policy, type SessionEvent, type State, visitOf } from './state.ts';

export interface SessionOptions {
  readonly policy: Policy;
  readonly clock: Clock;
  readonly patience: { readonly stepSeconds: number; readonly warnSeconds: number };
  /** Does an activity, reporting what it finds. Ends early when the signal aborts; a throw ends the visit as failed. */
  perform(activity: Activity, report: (event: SessionEvent) => void, signal: AbortSignal): Promise<void>;
  newVisitId(): string;
  /** True while the applicant waits for a device or an officer: the visit must not time out on them. */
  mayWait(): boolean;
  /** A refusal to begin with, such as a full outbox; null when visits are welcome. */
  refusalToStart(): RefusalReason | null;
  /** Told of failures that are bugs or faults; never of anything personal. */
  onFailure(activity: Activity['kind'], error: unknown): void;
}

export interface StateChange {
  readonly state: State;
  readonly previous: State;
}

/** Longest time that comparing or sealing may take before the visit is given up, in seconds. */
const WORK_SECONDS = 120;
/** The last page stays this long before the machine is ready for the next applicant, in seconds. */
const FAREWELL_SECONDS = 8;
/** An applicant who waits for an officer or a device may wait this long, in seconds. */
const WAITING_SECONDS = 900;

export class Session implements AsyncDisposable {
  readonly #options: SessionOptions;
  readonly #running = new Map<string, { abort: AbortController; done: Promise<void> }>();
  readonly #listeners = new Set<(change: StateChange) => void>();
  readonly #disposed = new AbortController();
  #state: State = IDLE;
  #timer: NodeJS.Timeout | undefined;
  #deadlineAtMs: number | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get state(): State {
    return this.#state;
  }

  /** Seconds until the step times out; null while nothing is timed. */
  get secondsLeft(): number | null {
    if (this.#deadlineAtMs === null) return null;
    return Math.max(0, Math.ceil((this.#deadlineAtMs - this.#options.clock.monotonicMs()) / 1000));
  }

  /** Calls `listener` after every change of state. Returns how to stop. */
  onChange(listener: (change: StateChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One touch. False when it did not fit the step: then nothing changed. */
  input(input: ScreenInput): boolean {
    const { clock, newVisitId, refusalToStart, policy } = this.#options;
    const current = visitOf(this.#state);
    const visitId = current && input.type !== 'restart' ? current.id : newVisitId();
    const event = { type: 'input', input, visitId, at: clock.now().toISOString() } as const;
    const begins = !current && visitOf(next(this.#state, event, policy)) !== null;
    const reason = begins ? refusalToStart() : null;
    return this.dispatch(reason ? { type: 'refuse', visitId, reason } : event);
  }

  /** Whether an event would change anything now. */
  fits(event: SessionEvent): boolean {
    return next(this.#state, event, this.#options.policy) !== this.#state;
  }

  /** False when the event did not fit the state. */
  dispatch(event: SessionEvent): boolean {
    if (this.#disposed.signal.aborted) return false;
    const previous = this.#state;
    const state = next(previous, event, this.#options.policy);
    if (state === previous) return false;
    this.#state = state;
    this.#followState(previous);
    for (const listener of this.#listeners) listener({ state, previous });
    return true;
  }

  #followState(previous: State): void {
    const wanted = activitiesOf(this.#state);
    const keys = new Set(wanted.map(activity => activity.key));
    for (const [key, { abort }] of this.#running) {
      if (!keys.has(key)) {
        abort.abort(new Error('the step was left'));
        this.#running.delete(key);
      }
    }
    for (const activity of wanted) if (!this.#running.has(activity.key)) this.#begin(activity);
    if (!isLiveUpdate(previous, this.#state)) this.#restartTimer();
  }

  #begin(activity: Activity): void {
    const abort = new AbortController();
    const entry = { abort, done: Promise.resolve() };
    this.#running.set(activity.key, entry);
    const report = (event: SessionEvent) => {
      if (!abort.signal.aborted) this.dispatch(event);
    };
    // Started in a later turn, so that an activity that reports at once never re-enters the dispatch that began it; a step
    // that is left within the turn is never started.
    entry.done = Promise.resolve()
      .then(() => (abort.signal.aborted ? undefined : this.#options.perform(activity, report, abort.signal)))
      .catch((error: unknown) => {
        if (abort.signal.aborted) return;
        this.#options.onFailure(activity.kind, error);
        report({ type: 'failed' });
      });
  }

  #restartTimer(): void {
    clearTimeout(this.#timer);
    const seconds = this.#secondsFor(this.#state);
    this.#deadlineAtMs = seconds === null ? null : this.#options.clock.monotonicMs() + seconds * 1000;
    if (seconds === null) return;
    this.#timer = setTimeout(() => this.#timeOut(), seconds * 1000);
    this.#timer.unref();
  }

  #timeOut(): void {
    const { state } = this;
    const attended =
      visitOf(state) && !['comparing', 'submitting', 'receipt', 'refused'].includes(state.kind);
    if (attended && !visitOf(state)?.warned && this.#options.mayWait() && !this.#waitedLong()) {
      this.#restartTimer();
      return;
    }
    this.#waitingSinceMs = null;
    this.dispatch({ type: 'time_out' });
  }

  #waitingSinceMs: number | null = null;
  #waitedLong(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    this.#waitingSinceMs ??= nowMs;
    return nowMs - this.#waitingSinceMs > WAITING_SECONDS * 1000;
  }

  #secondsFor(state: State): number | null {
    const { stepSeconds, warnSeconds } = this.#options.patience;
    switch (state.kind) {
      case 'idle':
        return null;
      case 'ended':
        return FAREWELL_SECONDS;
      case 'comparing':
      case 'submitting':
        return WORK_SECONDS;
      case 'receipt':
      case 'refused':
        return stepSeconds;
      default:
        return state.visit.warned ? warnSeconds : stepSeconds;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort();
    clearTimeout(this.#timer);
    this.#state = IDLE;
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const { abort } of running) abort.abort(new Error('the agent stops'));
    await Promise.allSettled(running.map(({ done }) => done));
  }
}

/** A new outline or advice alone is no sign of life: it must not keep an abandoned visit going. A new image is one. */
function isLiveUpdate(a: State, b: State): boolean {
  if (a.kind === 'face' && b.kind === 'face') return a.visit === b.visit;
  if (a.kind === 'fingers' && b.kind === 'fingers') {
    return a.visit === b.visit && a.live.imageVersion === b.live.imageVersion;
  }
  return false;
}
