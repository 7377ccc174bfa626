import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activitiesOf } from '../../agent/session/activities.ts';
import { next } from '../../agent/session/machine.ts';
import { type SessionEvent, type State, visitOf } from '../../agent/session/state.ts';
import { viewOf } from '../../agent/session/view.ts';
import {
  CONSENT_SHA256,
  card,
  decision,
  face,
  finger,
  found,
  holdsBiometric,
  input,
  liveFace,
  liveFinger,
  PACKET_ID,
  passport,
  policy,
  STORY,
  statesOf,
  VIEW_CONTEXT,
  VISIT_ID,
} from '../fixtures/visit.ts';

/** Every event that can reach the machine, fitting and unfitting ones. */
const EVENTS: readonly SessionEvent[] = [
  ...STORY,
  input({ type: 'language', language: 'vi' }),
  input({ type: 'language', language: 'ko' }),
  input({ type: 'consent', accepted: false, textSha256: CONSENT_SHA256 }),
  input({ type: 'consent', accepted: true, textSha256: '00'.repeat(32) }),
  input({ type: 'finger_exception', position: 'right_thumb', reason: 'missing' }),
  input({ type: 'finger_exception', position: 'left_little', reason: 'missing' }),
  input({ type: 'purpose', purpose: 'unlock' }),
  input({ type: 'ready', represented: true }),
  input({ type: 'ground', ground: 'holder_request' }),
  input({ type: 'relation', relation: 'parent' }),
  input({ type: 'relation', relation: null }),
  input({ type: 'sim', confirmed: false }),
  input({ type: 'integrate', data: [] }),
  input({ type: 'comfort', textPercent: 200, highContrast: true, readAloud: true }),
  input({ type: 'back' }),
  input({ type: 'restart' }),
  input({ type: 'still_here' }),
  input({ type: 'cancel' }),
  input({ type: 'call_officer' }),
  input({ type: 'officer_done' }),
  { type: 'refuse', visitId: VISIT_ID, reason: 'outbox_full' },
  { type: 'document_read', document: { ...card, document: { ...card.document, number: 'EXPIRED' } } },
  { type: 'document_read', document: { ...passport, document: { ...passport.document, number: 'CHILD' } } },
  { type: 'appointment_read', code: 'HN-2026/1182' },
  { type: 'finger_unreadable', position: 'right_index' },
  { type: 'record_looked_up', lookup: { state: 'unavailable' } },
  { type: 'compared', decision: decision('no_match') },
  { type: 'delivery', packetId: 'another', delivery: 'accepted' },
  { type: 'delivery', packetId: PACKET_ID, delivery: 'rejected' },
  { type: 'slip', printed: false },
  { type: 'failed' },
  { type: 'time_out' },
];

/** Random walks that get far: mostly the story's own events, some of everything in between. */
const walk = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom(...EVENTS) },
    ),
    {
      minLength: 1,
      maxLength: 60,
    },
  )
  .map(picks => {
    let story = 0;
    return picks.map(pick => pick ?? STORY[story++ % STORY.length]!);
  });

const statesAlong = (events: readonly SessionEvent[]) => statesOf(events);

/** Every reachable kind of state, by breadth: each state the walk of all events from each new shape leads to. */
function allReachable(): State[] {
  const shape = (state: State) =>
    JSON.stringify([
      state.kind,
      visitOf(state)?.language,
      visitOf(state)?.warned,
      visitOf(state)?.officerCalled,
      visitOf(state)?.comfort.textPercent,
      visitOf(state)?.purpose,
      visitOf(state)?.represented,
      visitOf(state)?.ground,
      'slip' in state && state.slip,
      'visit' in state && 'representative' in state.visit && state.visit.representative !== null,
      'travelDocument' in state && state.travelDocument?.document.number,
      'attempt' in state && state.attempt,
      'position' in state && state.position,
      'visit' in state && 'lookup' in state.visit && (state.visit.lookup as { state: string }).state,
      'delivery' in state && state.delivery,
    ]);
  const seen = new Map<string, State>();
  const open: State[] = [{ kind: 'idle' }];
  for (let state = open.pop(); state; state = open.pop()) {
    if (seen.has(shape(state))) continue;
    seen.set(shape(state), state);
    for (const event of EVENTS) open.push(next(state, event, policy));
  }
  return [...seen.values()];
}

const REACHABLE = allReachable();
const KINDS = [
  'idle',
  'language',
  'purpose',
  'bring',
  'ground',
  'documents',
  'relation',
  'representative',
  'consent',
  'contact',
  'sim',
  'integrate',
  'fingers',
  'face',
  'comparing',
  'review',
  'submitting',
  'receipt',
  'refused',
  'ended',
];
const keepsNothing = [
  'idle',
  'language',
  'purpose',
  'bring',
  'ground',
  'documents',
  'relation',
  'receipt',
  'refused',
  'ended',
];

describe('the machine of a visit', () => {
  it('goes from the first touch to the receipt', () => {
    expect(statesOf(STORY).map(({ kind }) => kind)).toEqual([
      'idle',
      'language',
      'purpose',
      'bring',
      'documents',
      'documents',
      'documents',
      'consent',
      'contact',
      'contact',
      'sim',
      'integrate',
      'fingers',
      'fingers',
      'fingers',
      'face',
      'face',
      'comparing',
      'review',
      'submitting',
      'receipt',
      'receipt',
      'receipt',
      'receipt',
      'ended',
      'idle',
    ]);
  });

  it('reaches every state there is', () => {
    expect([...new Set(REACHABLE.map(({ kind }) => kind))].sort()).toEqual([...KINDS].sort());
  });

  it('a cancel ends clean from every state with a visit', () => {
    for (const state of REACHABLE) {
      const after = next(state, input({ type: 'cancel' }), policy);
      if (!visitOf(state)) {
        expect(after).toBe(state);
        continue;
      }
      expect(after.kind).toBe('ended');
      expect(Object.keys(after).sort()).toEqual(['comfort', 'kind', 'language', 'reason']);
      expect(activitiesOf(after)).toEqual([]);
    }
  });

  it('every state is left by time alone: two time-outs at most to the end, one more to idle', () => {
    for (const state of REACHABLE) {
      let after = state;
      for (let i = 0; i < 3; i += 1) after = next(after, { type: 'time_out' }, policy);
      expect(after.kind, state.kind).toBe('idle');
    }
  });

  it('an officer can be called from every state with a visit, and the visit goes on', () => {
    for (const state of REACHABLE.filter(visitOf)) {
      const after = next(state, input({ type: 'call_officer' }), policy);
      expect(visitOf(after)?.officerCalled).toBe(true);
      expect(after.kind).toBe(state.kind);
      expect(visitOf(next(after, input({ type: 'officer_done' }), policy))?.officerCalled).toBe(false);
    }
  });

  it('keeps no sample before the fingers and after the end', () => {
    fc.assert(
      fc.property(walk, events => {
        for (const state of statesAlong(events)) {
          if (keepsNothing.includes(state.kind)) expect(holdsBiometric(state), state.kind).toBe(false);
        }
      }),
    );
    expect(holdsBiometric(statesOf(STORY).find(({ kind }) => kind === 'review'))).toBe(true);
  });

  it('keeps no identity after the end: neither name nor document number', () => {
    for (const state of REACHABLE.filter(({ kind }) =>
      ['receipt', 'refused', 'ended', 'idle'].includes(kind),
    )) {
      expect(JSON.stringify(state)).not.toContain('MUSTER');
      expect(JSON.stringify(state)).not.toContain('C01X00T47');
    }
  });

  it('late results of an abandoned step change nothing, by identity', () => {
    const results: SessionEvent[] = [
      { type: 'document_read', document: passport },
      { type: 'document_problem', problem: { reason: 'unreadable', fields: [] } },
      { type: 'record_looked_up', lookup: found },
      liveFinger,
      { type: 'finger_taken', finger: finger('right_thumb') },
      { type: 'finger_unreadable', position: 'right_thumb' },
      liveFace,
      { type: 'face_taken', face },
      { type: 'compared', decision: decision('match') },
      { type: 'submitted', packetId: PACKET_ID, handedIn: '2026-11-21' },
      { type: 'slip', printed: true },
      { type: 'delivery', packetId: PACKET_ID, delivery: 'accepted' },
      { type: 'failed' },
    ];
    for (const state of REACHABLE.filter(({ kind }) => ['idle', 'ended'].includes(kind))) {
      for (const event of results) expect(next(state, event, policy), event.type).toBe(state);
    }
    const language = statesOf(STORY)[1]!;
    for (const event of results.filter(({ type }) => type !== 'failed'))
      expect(next(language, event, policy)).toBe(language);
  });

  it('never changes a state in place', () => {
    fc.assert(
      fc.property(walk, events => {
        let state: State = { kind: 'idle' };
        for (const event of events) {
          const before = JSON.stringify(state);
          const after = next(state, event, policy);
          expect(JSON.stringify(state)).toBe(before);
          state = after;
        }
      }),
    );
  });

  it('one visit keeps one id, and a new one begins only from idle or the last page', () => {
    fc.assert(
      fc.property(walk, events => {
        let state: State = { kind: 'idle' };
        for (const event of events) {
          const after = next(state, event, policy);
          if (visitOf(after) && !visitOf(state)) expect(['idle', 'ended']).toContain(state.kind);
          if (visitOf(after) && visitOf(state)) expect(visitOf(after)?.id).toBe(visitOf(state)?.id);
          state = after;
        }
      }),
    );
  });

  it('goes back step by step from any state to the beginning, or not at all', () => {
    for (const state of REACHABLE.filter(visitOf)) {
      let after = state;
      for (let steps = 0; steps < 40 && viewOf(after, VIEW_CONTEXT).canGoBack; steps += 1) {
        const before = after;
        after = next(after, input({ type: 'back' }), policy);
        expect(after, state.kind).not.toBe(before);
      }
      if (viewOf(state, VIEW_CONTEXT).canGoBack) expect(after.kind, state.kind).toBe('idle');
      else expect(next(state, input({ type: 'back' }), policy)).toBe(state);
    }
  });
});
