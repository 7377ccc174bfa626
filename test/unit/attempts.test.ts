import { describe, expect, it } from 'vitest';
import type { Decision } from '../../agent/contract/packet.ts';
import { AttemptLimit } from '../../agent/records/attempts.ts';
import { card, decision, passport } from '../fixtures/visit.ts';

const claim = { travelDocument: passport };
const other = { travelDocument: card };
const PAUSE_MS = 30_000;
const DAY_MS = 24 * 3_600_000;
const none = { outcome: 'not_compared', score: null, threshold: null, fmr: null } as const;
const failure: Decision = { ...decision('no_match'), face: { ...none, outcome: 'no_match' } };

const failed = (times: number, atMs = 0): AttemptLimit => {
  const limit = new AttemptLimit();
  for (let time = 0; time < times; time += 1) limit.note(claim, failure, atMs);
  return limit;
};

describe('attempts with one claim', () => {
  it('are free up to five failures in a row, then half a minute apart', () => {
    expect(failed(4).barred(claim, 1)).toBe(false);
    const limit = failed(5);
    expect([limit.barred(claim, PAUSE_MS - 1), limit.barred(claim, PAUSE_MS)]).toEqual([true, false]);
    expect(limit.barred(other, 1)).toBe(false);
    limit.note(claim, failure, PAUSE_MS);
    expect(limit.barred(claim, 2 * PAUSE_MS - 1)).toBe(true);
  });

  it('end after fifty, for a day', () => {
    const limit = failed(50);
    expect([limit.barred(claim, DAY_MS - 1), limit.barred(claim, DAY_MS)]).toEqual([true, false]);
  });

  it('begin anew with a match; where nothing was compared, nothing is counted', () => {
    const limit = failed(5);
    limit.note(claim, decision('match'), 1);
    expect(limit.barred(claim, 2)).toBe(false);
    const nothing: Decision = { ...decision('inconclusive'), face: none, finger: none };
    for (let time = 0; time < 9; time += 1) limit.note(claim, nothing, 3);
    expect(limit.barred(claim, 4)).toBe(false);
  });
});
