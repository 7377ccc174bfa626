/** What single events do in single states. */
import { describe, expect, it } from 'vitest';
import { activitiesOf } from '../../agent/session/activities.ts';
import { next } from '../../agent/session/machine.ts';
import { performReading } from '../../agent/session/perform.ts';
import { type SessionEvent, type State, visitOf } from '../../agent/session/state.ts';
import { viewOf } from '../../agent/session/view.ts';
import {
  CONSENT_SHA256,
  card,
  decision,
  finger,
  found,
  holdsBiometric,
  input,
  liveFinger,
  lockStory,
  PACKET_ID,
  passport,
  policy,
  STORY,
  statesOf,
  VIEW_CONTEXT,
} from '../fixtures/visit.ts';

const at = (kind: State['kind']) => statesOf(STORY).find(state => state.kind === kind)!;

/** The state after each event, from `state` on. */
const statesFrom = (state: State, events: readonly SessionEvent[]) => {
  let now = state;
  return events.map(event => {
    now = next(now, event, policy);
    return now;
  });
};

describe('single steps', () => {
  it('a consent to another text is no consent', () => {
    const consent = at('consent');
    const wrong = input({ type: 'consent', accepted: true, textSha256: 'cd'.repeat(32) });
    expect(next(consent, wrong, policy)).toBe(consent);
    const refusedState = next(
      consent,
      input({ type: 'consent', accepted: false, textSha256: CONSENT_SHA256 }),
      policy,
    );
    expect(refusedState).toMatchObject({ kind: 'refused', reason: 'consent_refused' });
  });

  it('fingers still to come may be taken with the one that is asked for, and none twice', () => {
    const fingers = at('fingers');
    const beside = next(fingers, { type: 'finger_taken', finger: finger('right_index') }, policy);
    expect(beside).toMatchObject({ kind: 'fingers', position: 'right_thumb', remaining: [] });
    expect(next(beside, { type: 'finger_taken', finger: finger('right_index') }, policy)).toBe(beside);
    const done = next(beside, { type: 'finger_taken', finger: finger('right_thumb') }, policy);
    expect(done).toMatchObject({
      kind: 'face',
      visit: { fingers: [{ position: 'right_index' }, { position: 'right_thumb' }] },
    });
    // Back at the last one of them, the others stay.
    expect(next(done, input({ type: 'back' }), policy)).toMatchObject({
      kind: 'fingers',
      position: 'right_index',
      remaining: [],
      visit: { fingers: [{ position: 'right_thumb' }] },
    });
  });

  it('only the finger that is asked for can be excepted, and none taken that was not asked for', () => {
    const fingers = at('fingers');
    expect(next(fingers, { type: 'finger_taken', finger: finger('left_little') }, policy)).toBe(fingers);
    expect(next(fingers, { type: 'finger_unreadable', position: 'left_thumb' }, policy)).toBe(fingers);
    const other = input({ type: 'finger_exception', position: 'right_index', reason: 'missing' });
    expect(next(fingers, other, policy)).toBe(fingers);
    const own = input({ type: 'finger_exception', position: 'right_thumb', reason: 'injured' });
    expect(next(fingers, own, policy)).toMatchObject({
      kind: 'fingers',
      position: 'right_index',
      visit: { fingers: [], exceptions: [{ position: 'right_thumb', reason: 'injured' }] },
    });
  });

  it('documents come in order, attempts are counted, and the last one refuses', () => {
    const documents = at('documents');
    const wrong = next(documents, { type: 'document_read', document: card }, policy);
    expect(wrong).toMatchObject({ kind: 'documents', attempt: 1, problem: { reason: 'wrong_document' } });
    let state: State = documents;
    for (let i = 0; i < 3; i += 1)
      state = next(
        state,
        { type: 'document_problem', problem: { reason: 'check_digit', fields: ['x'] } },
        policy,
      );
    expect(state).toMatchObject({ kind: 'refused', reason: 'document_invalid', problem: { fields: ['x'] } });
  });

  it('the code of an appointment goes with the documents: the last one counts, and it is forgotten with them', () => {
    const code = (text: string): SessionEvent => ({ type: 'appointment_read', code: text });
    const events: SessionEvent[] = [
      code('HN-1'),
      code('HN-1'),
      { type: 'document_read', document: passport },
      code('HN-2'),
    ];
    const [once, again, card1, twice] = statesFrom(at('documents'), events);
    expect(again).toBe(once);
    expect(card1).toMatchObject({ visit: { appointment: 'HN-1' } });
    expect(viewOf(once!, VIEW_CONTEXT).view).toMatchObject({ step: 'documents', appointmentRead: true });
    expect(JSON.stringify(viewOf(twice!, VIEW_CONTEXT))).not.toContain('HN-');
    const consent = next(twice!, { type: 'document_read', document: card }, policy);
    expect(consent).toMatchObject({ kind: 'consent', visit: { appointment: 'HN-2' } });
    for (const leaving of [input({ type: 'back' }), input({ type: 'cancel' }), input({ type: 'restart' })])
      expect(JSON.stringify(next(consent, leaving, policy))).not.toContain('HN-');
    expect(next(consent, code('HN-3'), policy)).toBe(consent);
  });

  it('the code goes into the packet, not into the receipt', () => {
    const story = STORY.flatMap((event): SessionEvent[] =>
      event.type === 'document_read' ? [{ type: 'appointment_read', code: 'HN-1' }, event] : [event],
    );
    const of = (kind: State['kind']) => statesOf(story).find(state => state.kind === kind);
    expect(of('submitting')).toMatchObject({ visit: { appointment: 'HN-1' } });
    expect(of('receipt')).toMatchObject({ visit: { appointment: null } });
  });

  it('is read on until the step is left: the wrong document twice, then a code', async () => {
    const read = (document: typeof card) => ({ kind: 'document', document }) as const;
    const outcomes = [read(card), read(card), { kind: 'appointment', code: 'HN-1' } as const];
    const left = new AbortController();
    const events: SessionEvent[] = [];
    const report = (event: SessionEvent) => {
      events.push(event);
      if (events.length === outcomes.length) left.abort();
    };
    await performReading({ readDocument: async () => outcomes[events.length]! }, report, left.signal);
    expect(events.map(({ type }) => type)).toEqual(['document_read', 'document_read', 'appointment_read']);
  });

  it('the law refuses before consent is asked for', () => {
    const expired = { ...card, document: { ...card.document, number: 'EXPIRED' } };
    const withPassport = next(at('documents'), { type: 'document_read', document: passport }, policy);
    const refusedState = next(withPassport, { type: 'document_read', document: expired }, policy);
    expect(refusedState).toMatchObject({ kind: 'refused', reason: 'residence_card_expired' });
    expect(JSON.stringify(refusedState)).not.toContain('MUSTER');
  });

  it('comparing waits for the lookup, whichever comes first', () => {
    const story = STORY.filter(({ type }) => type !== 'record_looked_up');
    const comparing = statesOf(story).find(({ kind }) => kind === 'comparing')!;
    expect(activitiesOf(comparing).map(({ kind }) => kind)).toEqual(['look_up']);
    expect(next(comparing, { type: 'compared', decision: decision('match') }, policy)).toBe(comparing);
    const answered = next(comparing, { type: 'record_looked_up', lookup: { state: 'unavailable' } }, policy);
    expect(activitiesOf(answered).map(({ kind }) => kind)).toEqual(['compare']);
    expect(next(answered, { type: 'record_looked_up', lookup: found }, policy)).toBe(answered);
  });

  it.each([
    ['match', false],
    ['no_record', false],
    ['no_match', true],
    ['inconclusive', true],
  ] as const)('a decision %s calls for an officer: %s', (outcome, needed) => {
    const review = next(at('comparing'), { type: 'compared', decision: decision(outcome) }, policy);
    const submitting = next(review, input({ type: 'submit' }), policy);
    const receipt = next(
      submitting,
      { type: 'submitted', packetId: PACKET_ID, handedIn: '2026-11-21' },
      policy,
    );
    expect(receipt).toMatchObject({ kind: 'receipt', officerNeeded: needed });
  });

  it('a failure ends the visit, except where the packet is safe already', () => {
    expect(next(at('fingers'), { type: 'failed' }, policy)).toMatchObject({
      kind: 'ended',
      reason: 'failed',
    });
    const receipt = at('receipt');
    expect(next(receipt, { type: 'failed' }, policy)).toBe(receipt);
  });

  it('warns once before a time-out, and a touch takes the warning back', () => {
    const warned = next(at('fingers'), { type: 'time_out' }, policy);
    expect(visitOf(warned)?.warned).toBe(true);
    expect(visitOf(next(warned, input({ type: 'still_here' }), policy))?.warned).toBe(false);
    const taken = next(warned, { type: 'finger_taken', finger: finger('right_thumb') }, policy);
    expect(visitOf(taken)?.warned).toBe(false);
    expect(next(warned, { type: 'time_out' }, policy)).toMatchObject({ kind: 'ended', reason: 'time_out' });
    expect(visitOf(next(warned, liveFinger, policy))?.warned).toBe(true);
  });

  it('going back forgets what was taken in the step that is left, and in the one gone back to', () => {
    const second = statesOf(STORY)
      .filter(({ kind }) => kind === 'fingers')
      .at(-1)!;
    const first = next(second, input({ type: 'back' }), policy);
    expect(first).toMatchObject({ kind: 'fingers', position: 'right_thumb', visit: { fingers: [] } });
    const integrate = next(first, input({ type: 'back' }), policy);
    expect(integrate.kind).toBe('integrate');
    expect(holdsBiometric({ ...integrate, visit: { ...visitOf(integrate), lookup: null } })).toBe(false);
    const consent = next(at('contact'), input({ type: 'back' }), policy);
    expect(JSON.stringify(consent)).not.toContain('givenAt');
    const documents = next(consent, input({ type: 'back' }), policy);
    expect(JSON.stringify(documents)).not.toContain('MUSTER');
  });

  it('starting over keeps language and looks, and nothing else', () => {
    const comfort = { textPercent: 200, highContrast: true, readAloud: false } as const;
    const large = next(at('review'), input({ type: 'comfort', ...comfort }), policy);
    const again = next(large, input({ type: 'restart' }), policy);
    expect(again).toMatchObject({ kind: 'purpose', visit: { language: 'en', comfort } });
    expect(JSON.stringify(again)).not.toContain('MUSTER');
    expect(holdsBiometric(again)).toBe(false);
  });

  it('a child comes with a representative, whose number needs no SIM check', () => {
    const child = { ...passport, document: { ...passport.document, number: 'CHILD' } };
    const story: SessionEvent[] = [
      ...STORY.slice(0, 4),
      { type: 'document_read', document: child },
      { type: 'document_read', document: card },
      input({ type: 'relation', relation: 'parent' }),
      { type: 'document_read', document: child },
      { type: 'document_read', document: passport },
      input({ type: 'consent', accepted: true, textSha256: CONSENT_SHA256 }),
      input({ type: 'contact', mobile: '+84912345678', email: null }),
    ];
    expect(
      statesOf(story)
        .map(({ kind }) => kind)
        .slice(-6),
    ).toEqual(['relation', 'representative', 'representative', 'consent', 'contact', 'integrate']);
    const alone = [...story.slice(0, 6), input({ type: 'relation', relation: null })];
    expect(statesOf(alone).at(-1)).toMatchObject({ kind: 'refused', reason: 'representative_needed' });
  });

  it('a lock asks for no form, and is passed on for the holder alone', () => {
    const until = (outcome: 'match' | 'no_match') => statesOf(lockStory(outcome)).at(-1)!;
    expect(until('match')).toMatchObject({
      kind: 'review',
      visit: { purpose: 'lock', form: { contact: null } },
    });
    expect(until('no_match')).toMatchObject({ kind: 'refused', reason: 'identity_not_confirmed' });
    expect(holdsBiometric(until('no_match'))).toBe(false);
  });

  it('help can be had before a visit and after it', () => {
    const wish = { textPercent: 200, highContrast: true, readAloud: false } as const;
    const larger = input({ type: 'comfort', ...wish });
    const call = input({ type: 'call_officer' });
    const idle: State = { kind: 'idle' };
    expect(next(idle, larger, policy)).toMatchObject({ kind: 'language', visit: { comfort: wish } });
    expect(next(idle, call, policy)).toMatchObject({ kind: 'language', visit: { officerCalled: true } });
    const ended = next(next(at('review'), larger, policy), input({ type: 'cancel' }), policy);
    expect(ended).toMatchObject({ kind: 'ended', comfort: wish });
    expect(viewOf(ended, VIEW_CONTEXT)).toMatchObject({ visitId: null, comfort: wish });
    const smaller = next(ended, input({ type: 'comfort', ...wish, textPercent: 100 }), policy);
    expect(smaller).toMatchObject({ kind: 'ended', comfort: { ...wish, textPercent: 100 } });
    expect(next(smaller, call, policy)).toMatchObject({ kind: 'language', visit: { officerCalled: true } });
    // Whoever comes later finds nothing of it.
    expect(next(smaller, { type: 'time_out' }, policy)).toEqual(idle);
    for (const other of [input({ type: 'back' }), input({ type: 'restart' }), input({ type: 'submit' })])
      for (const state of [idle, ended]) expect(next(state, other, policy)).toBe(state);
  });

  it('a corrected number is not the one that was confirmed', () => {
    const review = at('review');
    expect(review).toMatchObject({
      visit: { form: { simConfirmedBy: 'applicant', integrate: ['tax_code'] } },
    });
    const corrected = next(review, input({ type: 'contact', mobile: '+84987654321', email: null }), policy);
    expect(corrected).toMatchObject({
      kind: 'review',
      visit: { form: { contact: { mobile: '+84987654321' }, simConfirmedBy: null } },
    });
  });

  it('a slip can be printed again only when it failed', () => {
    const receipt = at('receipt');
    const printing = next(receipt, input({ type: 'print' }), policy);
    expect(activitiesOf(printing).map(({ kind }) => kind)).toEqual(['print_slip']);
    const failed = next(printing, { type: 'slip', printed: false }, policy);
    expect(next(failed, input({ type: 'print' }), policy)).toMatchObject({ slip: 'printing' });
    const printed = next(printing, { type: 'slip', printed: true }, policy);
    expect(next(printed, input({ type: 'print' }), policy)).toBe(printed);
  });
});
