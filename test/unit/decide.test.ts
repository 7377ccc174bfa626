import { describe, expect, it } from 'vitest';
import { Decision, type Pad } from '../../agent/contract/packet.ts';
import { ADVICE_HOLD_MS, type HeldAdvice, holdAdvice } from '../../agent/pipeline/advice.ts';
import { type Compared, decide } from '../../agent/records/decide.ts';
import { noPad } from '../fixtures/visit.ts';

const scored = (score: number, usable = true, llr: number | null = null): Compared => ({
  kind: 'scored',
  score,
  threshold: 4,
  fmr: 1e-4,
  usable,
  llr,
});
const match = scored(4);
const noMatch = scored(3.999);
const poor = scored(1, false);
const none: Compared = { kind: 'not_compared' };
const names = new Map<Compared, string>([
  [match, 'match'],
  [noMatch, 'no_match'],
  [poor, 'inconclusive'],
  [none, 'not_compared'],
]);

const models = [{ id: 'm', version: '1', sha256: 'ef'.repeat(32) }];
const decided = (lookup: Parameters<typeof decide>[0], face: Compared, finger: Compared, pad: Pad = noPad) =>
  decide(lookup, { face, finger, fingers: [] }, models, pad);

describe('the decision where liveness is enforced', () => {
  const asked: Pad = { ...noPad, mode: 'enforce', challenge: 'blink', passed: true };
  it.each<[string, Pad, string, string]>([
    ['is a match for who has shown it', asked, 'match', 'face_and_fingers_match'],
    ['is none for who has not', { ...asked, passed: false }, 'inconclusive', 'liveness_not_shown'],
    ['is none where nothing is known', { ...asked, passed: null }, 'inconclusive', 'liveness_not_shown'],
    [
      'is none for a stream that looks made',
      { ...asked, injection: ['looping_stream'] },
      'inconclusive',
      'camera_stream_suspect',
    ],
    [
      'is a match where it is only recorded',
      { ...asked, mode: 'record', passed: false },
      'match',
      'face_and_fingers_match',
    ],
  ])('%s', (_, pad, outcome, reason) => {
    expect(decided('found', match, match, pad)).toMatchObject({ outcome, reason });
  });

  it('never makes anything of a decision that is no match', () => {
    expect(decided('found', noMatch, noMatch, { ...asked, passed: false }).outcome).toBe('no_match');
    expect(decided('not_found', none, none, { ...asked, passed: false }).outcome).toBe('no_record');
  });
});

describe('fingers that match under other names', () => {
  it.each([
    [match, match],
    [match, noMatch],
    [noMatch, noMatch],
    [none, none],
  ])('are for an officer, whatever else matches', (face, finger) => {
    const swapped = {
      position: 'right_index',
      score: finger.kind === 'scored' ? finger.score : null,
      model: 'finger-match',
      matchesInstead: 'left_index',
    } as const;
    const fingers = [
      { position: 'right_thumb', score: 5, model: 'finger-match', matchesInstead: null } as const,
      swapped,
    ];
    const comparison = { face, finger, fingers };
    expect(decide('found', comparison, models, noPad)).toMatchObject({
      outcome: 'inconclusive',
      reason: 'fingers_rearranged',
      fingers,
    });
    expect(decide('several', comparison, models, noPad).reason).toBe('several_records');
  });
});

describe('the decision', () => {
  it.each([
    [match, match, 'match', 'face_and_fingers_match'],
    [match, none, 'match', 'one_modality_matches'],
    [none, match, 'match', 'one_modality_matches'],
    [noMatch, noMatch, 'no_match', 'nothing_matches'],
    [noMatch, none, 'no_match', 'nothing_matches'],
    [none, noMatch, 'no_match', 'nothing_matches'],
    [match, noMatch, 'inconclusive', 'face_and_fingers_disagree'],
    [noMatch, match, 'inconclusive', 'face_and_fingers_disagree'],
    [match, poor, 'inconclusive', 'sample_too_poor'],
    [poor, match, 'inconclusive', 'sample_too_poor'],
    [noMatch, poor, 'inconclusive', 'sample_too_poor'],
    [poor, noMatch, 'inconclusive', 'sample_too_poor'],
    [poor, poor, 'inconclusive', 'sample_too_poor'],
    [poor, none, 'inconclusive', 'sample_too_poor'],
    [none, poor, 'inconclusive', 'sample_too_poor'],
    [none, none, 'inconclusive', 'nothing_to_compare'],
  ] as const)('of a found record, case %#', (face, finger, outcome, reason) => {
    const decision = decided('found', face, finger);
    expect(decision).toMatchObject({ outcome, reason });
    expect([decision.face.outcome, decision.finger.outcome]).toEqual([names.get(face), names.get(finger)]);
    expect(Decision.parse(decision)).toEqual(decision);
  });

  it.each([
    ['not_found', 'no_record', 'not_in_database'],
    ['unavailable', 'inconclusive', 'database_not_reached'],
    ['several', 'inconclusive', 'several_records'],
    ['locked', 'inconclusive', 'account_locked'],
  ] as const)('without a record (%s) is %s', (lookup, outcome, reason) => {
    expect(decided(lookup, none, none)).toMatchObject({ outcome, reason });
  });

  it('a failed capture is never a no-match, alone or beside another modality that says nothing', () => {
    for (const face of [none, poor])
      for (const finger of [none, poor]) expect(decided('found', face, finger).outcome).toBe('inconclusive');
  });

  it('an unknown score is null, never 0', () => {
    expect(decided('found', none, match).face).toEqual({
      outcome: 'not_compared',
      score: null,
      threshold: null,
      fmr: null,
    });
  });

  it('a score at the threshold matches, and carries threshold and rate', () => {
    expect(decided('found', scored(4), none).face).toEqual({
      outcome: 'match',
      score: 4,
      threshold: 4,
      fmr: 1e-4,
    });
  });
});

describe('the likelihood ratio of face and fingers together', () => {
  const withLlr = (llr: number | null) => scored(5, true, llr);
  it.each([
    [withLlr(2), withLlr(3), 5],
    [withLlr(2), withLlr(-3), -1],
    [withLlr(0), none, 0],
    [none, withLlr(3.5), 3.5],
    [withLlr(2), withLlr(null), null],
    [withLlr(null), none, null],
    [none, none, null],
  ])('is the sum of what is known, and unknown is null, case %#', (face, finger, llr) => {
    expect(decided('found', face, finger).llr).toBe(llr);
  });

  it.each([
    ['reaches the rate', 3.5, 0.5, 'match', 'face_and_fingers_together'],
    ['falls short', 3.5, 0.49, 'inconclusive', 'sample_too_poor'],
    ['reaches it against the poor one', 7, -0.1, 'inconclusive', 'sample_too_poor'],
    ['is unknown', 7, null, 'inconclusive', 'sample_too_poor'],
  ] as const)(
    'decides where one matches and the other was too poor to, if it %s',
    (_, good, bad, outcome, reason) => {
      const [matching, weak] = [scored(5, true, good), scored(1, false, bad)];
      expect(decided('found', matching, weak)).toMatchObject({ outcome, reason });
      expect(decided('found', weak, matching)).toMatchObject({ outcome, reason });
    },
  );

  it('leaves out what a poor sample says against, and what fingers under wrong names say', () => {
    expect(decided('found', scored(5, true, 3), scored(1, false, -2)).llr).toBe(3);
    expect(decided('found', scored(5, true, 3), scored(1, false, 2)).llr).toBe(5);
    expect(decided('found', none, scored(1, false, -2)).llr).toBeNull();
    const fingers = [
      { position: 'right_thumb', score: 0, model: 'finger-match', matchesInstead: 'left_thumb' } as const,
    ];
    const comparison = { face: scored(5, true, 3), finger: scored(1, true, -3), fingers };
    expect(decide('found', comparison, models, noPad).llr).toBeNull();
  });

  it('overrules neither a good sample that does not match nor two poor ones, nor liveness', () => {
    expect(decided('found', scored(5, true, 9), scored(1, true, 1)).reason).toBe('face_and_fingers_disagree');
    expect(decided('found', scored(1, false, 3), scored(1, false, 3)).reason).toBe('sample_too_poor');
    const asked: Pad = { ...noPad, mode: 'enforce', challenge: 'blink', passed: false };
    expect(decided('found', scored(5, true, 4), scored(1, false, 1), asked).reason).toBe(
      'liveness_not_shown',
    );
  });
});

describe('advice', () => {
  const hold = (held: HeldAdvice<string> | null, word: string | null, nowMs: number) =>
    holdAdvice(held, word, nowMs);

  it('stays until it could be read', () => {
    const first = hold(null, 'come_closer', 1_000);
    expect(hold(first, 'move_back', 1_000 + ADVICE_HOLD_MS - 1)).toBe(first);
    expect(hold(first, null, 1_000 + ADVICE_HOLD_MS - 1)).toBe(first);
    expect(hold(first, 'move_back', 1_000 + ADVICE_HOLD_MS)).toEqual({ word: 'move_back', sinceMs: 1_700 });
    expect(hold(first, null, 1_000 + ADVICE_HOLD_MS)).toEqual({ word: null, sinceMs: 1_700 });
  });

  it('the same word again does not start the time anew', () => {
    const first = hold(null, 'hold_still', 0);
    expect(hold(first, 'hold_still', 600)).toBe(first);
    expect(hold(first, 'too_dark', 700).word).toBe('too_dark');
  });
});
