import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../agent/ops/clock.ts';
import type { Activity } from '../../agent/session/activities.ts';
import { Session, type SessionOptions } from '../../agent/session/run.ts';
import type { SessionEvent, State } from '../../agent/session/state.ts';
import { AT, face, finger, found, liveFace, policy, STORY, VISIT_ID } from '../fixtures/visit.ts';

/** Time is that of vitest's timers, so that nothing here waits. */
const clock: Clock = {
  now: () => new Date(AT),
  monotonicMs: () => performance.now(),
  sleep: () => Promise.reject(new Error('not used here')),
};

interface Work {
  readonly activity: Activity;
  readonly report: (event: SessionEvent) => void;
  readonly signal: AbortSignal;
  finish(): void;
  fail(error: Error): void;
}

function started(options: Partial<SessionOptions> = {}) {
  const works: Work[] = [];
  const failures: string[] = [];
  const session = new Session({
    policy,
    clock,
    patience: { stepSeconds: 90, warnSeconds: 20 },
    perform: (activity, report, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        works.push({ activity, report, signal, finish: resolve, fail: reject });
      }),
    newVisitId: () => VISIT_ID,
    mayWait: () => false,
    refusalToStart: () => null,
    onFailure: activity => failures.push(activity),
    ...options,
  });
  const changes: State['kind'][] = [];
  session.onChange(({ state }) => changes.push(state.kind));
  const running = () => works.filter(({ signal }) => !signal.aborted).map(({ activity }) => activity.kind);
  /** Plays the story up to and including the first state of a kind. */
  const play = async (until: State['kind']) => {
    for (const event of STORY) {
      if (session.state.kind === until) break;
      session.dispatch(event);
    }
    await vi.advanceTimersByTimeAsync(0);
  };
  return { session, works, failures, changes, running, play };
}

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] }));
afterEach(() => vi.useRealTimers());

describe('activities', () => {
  it('start with their state and are aborted when it is left', async () => {
    const { session, works, running, play } = started();
    await play('documents');
    expect(running()).toEqual(['read_document']);
    session.dispatch({ type: 'input', input: { type: 'cancel' }, visitId: VISIT_ID, at: AT });
    expect(works[0]?.signal.aborted).toBe(true);
    expect(session.state.kind).toBe('ended');
    await session[Symbol.asyncDispose]();
  });

  it('go on while the state keeps them: the lookup runs beside the fingers', async () => {
    const story = STORY.filter(({ type }) => type !== 'record_looked_up');
    const { session, works, running } = started();
    for (const event of story) {
      if (session.state.kind === 'face') break;
      session.dispatch(event);
      await vi.advanceTimersByTimeAsync(0);
    }
    expect(running()).toEqual(['look_up', 'take_face']);
    const lookup = works.find(({ activity }) => activity.kind === 'look_up');
    lookup?.report({ type: 'record_looked_up', lookup: found });
    expect(session.state).toMatchObject({ kind: 'face', visit: { lookup: found } });
    expect(works.filter(({ activity }) => activity.kind === 'look_up')).toHaveLength(1);
    await session[Symbol.asyncDispose]();
  });

  it('that were left report into the void', async () => {
    const { session, works, play } = started();
    await play('fingers');
    const work = works.find(({ activity }) => activity.kind === 'take_finger');
    session.input({ type: 'finger_exception', position: 'right_thumb', reason: 'missing' });
    const state = session.state;
    work?.report({ type: 'finger_taken', finger: finger('right_thumb') });
    work?.report({ type: 'failed' });
    expect(session.state).toBe(state);
    await session[Symbol.asyncDispose]();
  });

  it('that fail end the visit and are told of; one that was aborted is no failure', async () => {
    const { session, works, failures, play } = started();
    await play('fingers');
    works.find(({ activity }) => activity.kind === 'take_finger')?.fail(new Error('a bug'));
    await vi.advanceTimersByTimeAsync(0);
    expect(session.state).toMatchObject({ kind: 'ended', reason: 'failed' });
    expect(failures).toEqual(['take_finger']);
    await session[Symbol.asyncDispose]();
  });

  it('a disposed session takes nothing more and leaves no work and no timer behind', async () => {
    const { session, works, play } = started();
    await play('face');
    const taking = works.find(({ activity }) => activity.kind === 'take_face');
    await session[Symbol.asyncDispose]();
    expect(works.every(({ signal }) => signal.aborted)).toBe(true);
    expect(session.state).toEqual({ kind: 'idle' });
    expect(session.input({ type: 'start' })).toBe(false);
    taking?.report({ type: 'face_taken', face });
    expect(session.state).toEqual({ kind: 'idle' });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('time', () => {
  it('warns after the step and ends after the warning', async () => {
    const { session, play } = started();
    await play('contact');
    expect(session.secondsLeft).toBe(90);
    await vi.advanceTimersByTimeAsync(89_000);
    expect(session.state).toMatchObject({ kind: 'contact', visit: { warned: false } });
    await vi.advanceTimersByTimeAsync(2_000);
    expect(session.state).toMatchObject({ kind: 'contact', visit: { warned: true } });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(session.secondsLeft).toBe(9);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(session.state).toMatchObject({ kind: 'ended', reason: 'time_out' });
    await vi.advanceTimersByTimeAsync(9_000);
    expect(session.state).toEqual({ kind: 'idle' });
    expect(session.secondsLeft).toBeNull();
    await session[Symbol.asyncDispose]();
  });

  it('a touch starts the step anew', async () => {
    const { session, play } = started();
    await play('contact');
    await vi.advanceTimersByTimeAsync(100_000);
    expect(session.input({ type: 'still_here' })).toBe(true);
    expect(session.state).toMatchObject({ kind: 'contact', visit: { warned: false } });
    expect(session.secondsLeft).toBe(90);
    await session[Symbol.asyncDispose]();
  });

  it('somebody in front of the camera who does nothing times out all the same', async () => {
    const { session, play } = started();
    await play('face');
    for (let second = 0; second < 120; second += 1) {
      session.dispatch(liveFace);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(session.state.kind).not.toBe('face');
    await session[Symbol.asyncDispose]();
  });

  it('does not end a visit that waits for a device or an officer, but not for ever', async () => {
    const { session, play } = started({ mayWait: () => true });
    await play('fingers');
    await vi.advanceTimersByTimeAsync(600_000);
    expect(session.state).toMatchObject({ kind: 'fingers', visit: { warned: false } });
    await vi.advanceTimersByTimeAsync(600_000);
    expect(session.state.kind).not.toBe('fingers');
    await session[Symbol.asyncDispose]();
  });

  it('gives work that hangs up', async () => {
    const { session, play } = started({ mayWait: () => true });
    await play('submitting');
    await vi.advanceTimersByTimeAsync(121_000);
    expect(session.state).toMatchObject({ kind: 'ended', reason: 'failed' });
    await session[Symbol.asyncDispose]();
  });
});

describe('beginning', () => {
  it('is refused while the outbox is full, with the reason', async () => {
    const { session } = started({ refusalToStart: () => 'outbox_full' });
    expect(session.input({ type: 'start' })).toBe(true);
    expect(session.state).toMatchObject({ kind: 'refused', reason: 'outbox_full' });
    await session[Symbol.asyncDispose]();
  });

  it('an input that does not fit is not taken and starts nothing', async () => {
    const { session, works, changes } = started();
    expect(session.input({ type: 'submit' })).toBe(false);
    expect(session.input({ type: 'cancel' })).toBe(false);
    expect(works).toEqual([]);
    expect(changes).toEqual([]);
    await session[Symbol.asyncDispose]();
  });
});
