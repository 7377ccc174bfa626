import { describe, expect, it } from 'vitest';
import type { Decision, OfficerOverride } from '../../agent/contract/packet.ts';
import { officerViewOf } from '../../agent/officer/view.ts';
import { next } from '../../agent/session/machine.ts';
import type { OfficerAct } from '../../agent/session/officer.ts';
import type { Policy, SessionEvent, State } from '../../agent/session/state.ts';
import { viewOf } from '../../agent/session/view.ts';
import {
  AT,
  decision,
  face,
  finger,
  identification,
  input,
  lockStory,
  PACKET_ID,
  policy,
  STORY,
  VIEW_CONTEXT,
  VISIT_ID,
} from '../fixtures/visit.ts';

/** A kiosk with an officer's console. */
const attended: Policy = { ...policy, officerDecides: true };

const by = (step: OfficerOverride['step'], reason: OfficerOverride['reason']): OfficerOverride => ({
  ...{ step, position: null, reason, officer: 'A-1', secondOfficer: null, at: AT },
});
const act = (what: OfficerAct, visitId = VISIT_ID): SessionEvent => ({ type: 'officer', visitId, act: what });
const play = (state: State, ...events: SessionEvent[]): State =>
  events.reduce((now, event) => next(now, event, attended), state);

const upTo = (kind: State['kind']): State => {
  let state: State = { kind: 'idle' };
  for (const event of STORY) {
    if (state.kind === kind) return state;
    state = next(state, event, attended);
  }
  throw new Error(`the story has no ${kind}`);
};
const compared = (outcome: Decision['outcome']): State =>
  play(upTo('comparing'), { type: 'compared', decision: decision(outcome) });
const confirm = act({
  kind: 'confirm_identity',
  override: by('decision', 'identity_confirmed_in_person'),
});
const submit = input({ type: 'submit' });
const viewed = (state: State) => viewOf(state, { ...VIEW_CONTEXT, officerDecides: true }).view;

describe('a case that the machine cannot decide', () => {
  it.each(['inconclusive', 'no_match'] as const)('%s waits for the officer', outcome => {
    const open = compared(outcome);
    expect(play(open, submit)).toBe(open);
    expect(viewed(open)).toMatchObject({ officerNeeded: true, awaitsOfficer: true });
    // Without a console the authority decides, as before.
    expect(next(open, submit, policy).kind).toBe('submitting');
  });

  it.each(['match', 'no_record'] as const)('%s does not wait, and there is nothing to decide', outcome => {
    const state = compared(outcome);
    expect(play(state, confirm)).toBe(state);
    expect(play(state, submit).kind).toBe('submitting');
  });

  it('confirmed goes on with the override, and the receipt sends nobody to an officer', () => {
    const confirmed = play(compared('no_match'), confirm);
    expect(confirmed).toMatchObject({ kind: 'review', visit: { overrides: [{ officer: 'A-1' }] } });
    expect(viewed(confirmed)).toMatchObject({ officerNeeded: false, awaitsOfficer: false });
    expect(play(confirmed, confirm)).toBe(confirmed);
    const receipt = play(confirmed, submit, {
      type: 'submitted',
      packetId: PACKET_ID,
      handedIn: '2026-11-21',
    });
    expect(receipt).toMatchObject({ kind: 'receipt', officerNeeded: false });
  });

  it('forwarded goes on without one', () => {
    const forwarded = play(compared('inconclusive'), act({ kind: 'forward' }));
    expect(forwarded).toMatchObject({ visit: { overrides: [] } });
    expect(viewed(forwarded)).toMatchObject({ officerNeeded: true, awaitsOfficer: false });
    expect(play(forwarded, submit).kind).toBe('submitting');
  });

  it.each([
    ['not_due', {}],
    ['not_searched', { identification: { state: 'not_searched' } }],
    ['face_only', { identification: { ...identification, modalities: ['face'] } }],
    ['finger_only', { identification: { ...identification, modalities: ['finger'] } }],
    ['searched', { identification }],
  ] as const)('says what became of a search for others: %s', (search, made) => {
    const event = { type: 'compared', decision: decision('inconclusive') } as const;
    const view = officerViewOf(play(upTo('comparing'), { ...event, ...made }), {
      ...{ kiosk: 'kiosk-01', office: 'hanoi-01', devices: [], refusal: null, setAside: 0, pins: false },
      ...{ screen: viewOf(upTo('comparing'), VIEW_CONTEXT), secondOfficerFor: [], waited: () => null },
      accountDecision: { accountDecision: '2026-11-25', provisional: false },
    });
    expect(view.openCase).toMatchObject({ search });
  });

  it('refused keeps nothing', () => {
    const refused = play(compared('no_match'), act({ kind: 'refuse_identity' }));
    expect(refused).toMatchObject({ kind: 'refused', reason: 'identity_not_confirmed' });
    expect(JSON.stringify(refused)).not.toContain('MUSTER');
  });

  it('of another visit than the officer saw is left alone', () => {
    const open = compared('inconclusive');
    expect(play(open, act({ kind: 'forward' }, PACKET_ID))).toBe(open);
  });

  it('taken again is a new case: what was decided about the old one is forgotten', () => {
    const again = play(compared('inconclusive'), confirm, act({ kind: 'recapture', position: null }));
    expect(again).toMatchObject({ kind: 'face', visit: { overrides: [] } });
    expect(again).not.toHaveProperty('visit.verdict');
    const open = play(
      again,
      { type: 'face_taken', face },
      { type: 'compared', decision: decision('no_match') },
    );
    expect(viewed(open)).toMatchObject({ awaitsOfficer: true });
  });
});

describe('a request about an account', () => {
  const asked = (outcome: Decision['outcome']) => play({ kind: 'idle' }, ...lockStory(outcome));

  it.each(['inconclusive', 'no_match'] as const)('%s waits for the officer too', outcome => {
    const open = asked(outcome);
    expect(viewed(open)).toMatchObject({ step: 'review', awaitsOfficer: true });
    expect(play(open, submit)).toBe(open);
    expect(play(open, confirm, submit)).toMatchObject({ kind: 'submitting', visit: { purpose: 'lock' } });
    expect(play(open, act({ kind: 'refuse_identity' }))).toMatchObject({ reason: 'identity_not_confirmed' });
  });

  it('is passed on for its holder or not at all: nobody leaves it to the authority', () => {
    const open = asked('inconclusive');
    expect(play(open, act({ kind: 'forward' }))).toBe(open);
  });

  it('of somebody the database does not know has no holder to be confirmed', () => {
    expect(asked('no_record')).toMatchObject({ kind: 'refused', reason: 'identity_not_confirmed' });
  });
});

describe('fingers', () => {
  const except = act({
    kind: 'except_finger',
    position: 'right_thumb',
    exception: 'injured',
    override: { ...by('finger', 'finger_unusable'), position: 'right_thumb' },
  });

  it('an officer’s exception stands beside its reason, and goes when the finger is taken after all', () => {
    const excepted = play(upTo('fingers'), except);
    expect(excepted).toMatchObject({
      position: 'right_index',
      visit: {
        exceptions: [{ position: 'right_thumb', reason: 'injured' }],
        overrides: [{ step: 'finger' }],
      },
    });
    expect(play(excepted, except)).toBe(excepted);
    const again = play(excepted, act({ kind: 'recapture', position: 'right_thumb' }));
    expect(again).toMatchObject({
      position: 'right_thumb',
      remaining: ['right_index'],
      visit: { exceptions: [], overrides: [] },
    });
  });

  it('one finger is taken again, the others stay, and the portrait follows', () => {
    const again = play(compared('inconclusive'), act({ kind: 'recapture', position: 'right_thumb' }));
    expect(again).toMatchObject({ kind: 'fingers', position: 'right_thumb', remaining: [] });
    expect(again).toHaveProperty('visit.fingers.length', 1);
    const after = play(again, { type: 'finger_taken', finger: finger('right_thumb') });
    expect(after).toMatchObject({ kind: 'face' });
    expect(after).toHaveProperty('visit.fingers.length', 2);
  });

  it('a finger that was not asked for yet cannot be taken again', () => {
    const state = upTo('fingers');
    expect(play(state, act({ kind: 'recapture', position: 'left_little' }))).toBe(state);
  });
});

describe('help', () => {
  it('that was given is no call any more, and a warning is over with it', () => {
    const called = play(upTo('consent'), input({ type: 'call_officer' }), { type: 'time_out' });
    expect(called).toMatchObject({ visit: { officerCalled: true, warned: true } });
    const answered = play(called, act({ kind: 'answer_call' }));
    expect(answered).toMatchObject({ kind: 'consent', visit: { officerCalled: false, warned: false } });
    expect(play(answered, act({ kind: 'answer_call' }))).toBe(answered);
  });

  it('an officer can end a visit, and nothing of it is kept', () => {
    const ended = play(compared('inconclusive'), act({ kind: 'end_visit' }));
    const comfort = { textPercent: 100, highContrast: false, readAloud: false };
    expect(ended).toEqual({ kind: 'ended', reason: 'cancelled', language: 'en', comfort });
    expect(play(ended, act({ kind: 'end_visit' }))).toBe(ended);
  });
});
