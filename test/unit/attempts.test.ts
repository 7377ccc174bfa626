import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../agent/contract/packet.ts';
import { AttemptLimit } from '../../agent/records/attempts.ts';
import { keptAttempts } from '../../agent/records/kept-attempts.ts';
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

describe('attempts that are kept', () => {
  let folder: string;
  const file = () => join(folder, 'attempts.json');
  const keyFile = () => join(folder, 'records.key');
  const started = () => keptAttempts(file(), keyFile());
  const newKey = () => writeFile(keyFile(), randomBytes(32).toString('base64'), { mode: 0o600 });
  const isBarred = async (atMs: number) => (await started().load()).barred(claim, atMs);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vantay-attempts-'));
    await newKey();
    const memory = started();
    for (let time = 0; time < 5; time += 1) {
      const limit = await memory.load();
      limit.note(claim, failure, 0);
      await memory.keep(limit);
    }
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('count after a start, and the file names nobody', async () => {
    expect([await isBarred(PAUSE_MS - 1), await isBarred(PAUSE_MS)]).toEqual([true, false]);
    const { document, person } = passport;
    const text = await readFile(file(), 'utf8');
    for (const said of [document.number, person.birthDate, person.surname]) expect(text).not.toContain(said);
  });

  it('are forgotten after a match, and where the file is damaged', async () => {
    const memory = started();
    const limit = await memory.load();
    limit.note(claim, decision('match'), 1);
    await memory.keep(limit);
    expect(await isBarred(2)).toBe(false);
    limit.note(claim, failure, 3);
    await memory.keep(limit);
    await writeFile(file(), '{');
    expect(await isBarred(4)).toBe(false);
  });

  it('are of nobody under another key', async () => {
    expect(await isBarred(1)).toBe(true);
    await newKey();
    expect(await isBarred(1)).toBe(false);
  });

  it('go on in memory where nothing can be written', async () => {
    const memory = keptAttempts(join(folder, 'records.key', 'attempts.json'), keyFile());
    const limit = await memory.load();
    for (let time = 0; time < 5; time += 1) limit.note(claim, failure, 0);
    await memory.keep(limit);
    expect((await memory.load()).barred(claim, 1)).toBe(true);
  });
});
