/** A search among the kept records: who is known under other documents is seen by an officer, and decided by nobody else. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Biometric } from '../../agent/ops/biometric.ts';
import type { Comparer } from '../../agent/records/compare.ts';
import { comparerOf } from '../../agent/records/comparer.ts';
import { deciderOf } from '../../agent/records/identify.ts';
import type { Captured, Lookup } from '../../agent/session/visit.ts';
import type { ImmigrationRecord } from '../../sim/registry/records.ts';
import { type KeptKiosk, KeptWorld } from '../fixtures/kept-kiosk.ts';
import { until } from '../fixtures/uplink-world.ts';
import { passport, face as takenFace } from '../fixtures/visit.ts';

type Who = 'a' | 'b' | 'c' | 'd' | 'e';
const picture = (who: Who, pose: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../sim/people/face/frames/${who}-${pose}.jpg`, import.meta.url)));

const recordOf = (who: Who, document: string): ImmigrationRecord => ({
  recordId: `record-${document}`,
  person: {
    surname: `SURNAME${document}`,
    givenNames: '',
    birthDate: '1990-01-02',
    sex: 'female',
    nationality: 'UTO',
  },
  travelDocumentNumber: document,
  residenceCardNumber: null,
  onFile: { face: true, finger: false },
  references: [
    { modality: 'face', position: null, mediaType: 'image/jpeg', bytes: picture(who, 'neutral'), ppi: null },
  ],
});

const never = new AbortController().signal;
let kept: KeptWorld;
let kiosk: KeptKiosk;
let comparer: Comparer;

beforeAll(async () => {
  kept = await KeptWorld.start();
  for (const [who, document] of [
    ['a', 'A'],
    ['b', 'B1'],
    ['b', 'B2'],
    ['c', 'C'],
  ] as const)
    kept.world.registry.addRecord(recordOf(who, document));
  kiosk = await kept.kiosk();
  comparer = comparerOf(kept.models, kept.config);
  await until(() => kiosk.keeper.gallery);
}, 60_000);
afterAll(async () => {
  await kiosk[Symbol.asyncDispose]();
  await kept[Symbol.asyncDispose]();
});

/** Somebody before the camera, who shows papers or not. */
async function comparedAs(who: Who, lookup: Lookup, over: Partial<Captured> = {}, known = true) {
  const decide = deciderOf({ comparer, known: known ? [kiosk.keeper] : [], nowMs: () => 0 });
  const { decision, identification } = await decide(await visitOf(who, over), lookup, never);
  const found = identification?.state === 'searched' ? identification : null;
  const candidates = found?.candidates.reveal().map(({ recordId }) => recordId);
  return { ...decision, searched: found?.searched ?? null, candidates };
}

async function visitOf(who: Who, over: Partial<Captured> = {}): Promise<Captured> {
  const analysis = await kept.models.face.analyse(picture(who, 'smile'));
  const embeddings = analysis.face ? [analysis.face.embedding] : [];
  return {
    purpose: 'register_level_2',
    travelDocument: passport,
    fingers: [],
    face: { ...takenFace, sample: new Biometric({ jpeg: new Uint8Array(0), embeddings }) },
    ...over,
  } as unknown as Captured;
}

async function claimed(document: string): Promise<Lookup> {
  const found = await kiosk.keeper.find({
    ...{ nationality: 'UTO', travelDocumentNumber: document, birthDate: '1990-01-02' },
    residenceCardNumber: null,
  });
  if (found?.state !== 'found') throw new Error('not kept');
  const { recordId, onFile, references } = found.record;
  return { state: 'found', recordId, onFile, references: new Biometric(references) };
}

describe('a search among the kept records', () => {
  it('finds who is known under other documents, and leaves it to an officer', async () => {
    expect(await comparedAs('a', { state: 'not_found' })).toMatchObject({
      ...{ outcome: 'inconclusive', reason: 'may_be_known_otherwise' },
      ...{ searched: 4, candidates: ['record-A'] },
    });
  });

  it('finds nobody for somebody who is not there', async () => {
    expect(await comparedAs('e', { state: 'not_found' })).toMatchObject({
      ...{ outcome: 'no_record', searched: 4, candidates: [] },
    });
  });

  it('finds the second record of somebody who claims the first, and nothing beside the only one', async () => {
    expect(await comparedAs('b', await claimed('B1'))).toMatchObject({
      ...{ outcome: 'inconclusive', reason: 'known_otherwise_too', candidates: ['record-B2'] },
    });
    const own = await comparedAs('c', await claimed('C'));
    expect(own).toMatchObject({ outcome: 'match', candidates: [] });
    expect(own.llr).toBeGreaterThan(0);
  });

  it("finds whose record it is when another's is claimed", async () => {
    expect(await comparedAs('a', await claimed('C'))).toMatchObject({
      ...{ outcome: 'no_match', reason: 'known_otherwise_only', candidates: ['record-A'] },
    });
  });

  it('is left out where an account is locked or unlocked, and where nothing is kept: 1:1 stands alone', async () => {
    const alone = { outcome: 'match', searched: null, candidates: undefined };
    expect(await comparedAs('b', await claimed('B1'), { purpose: 'lock' })).toMatchObject(alone);
    expect(await comparedAs('b', await claimed('B1'), {}, false)).toMatchObject(alone);
  });
});

it('a claim that failed five times in a row is not compared a sixth time, until half a minute later', async () => {
  let nowMs = 0;
  const decide = deciderOf({ comparer, known: [], nowMs: () => nowMs });
  const [visit, lookup] = [await visitOf('a'), await claimed('C')];
  const reasons: string[] = [];
  for (let time = 0; time < 6; time += 1) reasons.push((await decide(visit, lookup, never)).decision.reason);
  expect(reasons).toEqual([...Array(5).fill('nothing_matches'), 'too_many_attempts']);
  expect((await decide(visit, lookup, never)).decision).toMatchObject({
    ...{ outcome: 'inconclusive', face: { outcome: 'not_compared', score: null }, fingers: [] },
  });
  nowMs = 30_000;
  expect((await decide(visit, lookup, never)).decision.reason).toBe('nothing_matches');
});
