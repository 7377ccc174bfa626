/** A search among the kept fingers: whose face is not the one that the record shows is known by their fingers alone. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Biometric } from '../../agent/ops/biometric.ts';
import { comparerOf } from '../../agent/records/comparer.ts';
import { deciderOf } from '../../agent/records/identify.ts';
import { placesOf } from '../../agent/records/places.ts';
import type { Captured } from '../../agent/session/visit.ts';
import { grayPng } from '../../sim/people/index.ts';
import type { ImmigrationRecord, ReferenceSample } from '../../sim/registry/records.ts';
import { recordsKeyFile } from '../../sim/world/world.ts';
import { type KeptKiosk, KeptWorld } from '../fixtures/kept-kiosk.ts';
import { drawRidges } from '../fixtures/ridges.ts';
import { finger, passport, face as takenFace } from '../fixtures/visit.ts';

const POSITIONS = ['right_thumb', 'right_index'] as const;
const picture = (who: string, pose: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../sim/people/face/frames/${who}-${pose}.jpg`, import.meta.url)));
const never = new AbortController().signal;
const WAIT = { timeout: 30_000, interval: 50 };

async function recordOf(
  document: string,
  who: string,
  fingers: readonly number[],
): Promise<ImmigrationRecord> {
  const prints = fingers.map(async (number, index): Promise<ReferenceSample> => {
    const bytes = await grayPng(drawRidges(number));
    const position = POSITIONS[index] ?? null;
    return { modality: 'finger', position, mediaType: 'image/png', bytes, ppi: 500 };
  });
  return {
    recordId: `record-${document}`,
    person: {
      ...{ surname: 'CANARY', givenNames: '', birthDate: '1990-01-02', nationality: 'UTO' },
      sex: 'female',
    },
    ...{ travelDocumentNumber: document, residenceCardNumber: null },
    onFile: { face: true, finger: true },
    references: [
      {
        ...{ modality: 'face', position: null, mediaType: 'image/jpeg', ppi: null },
        bytes: picture(who, 'neutral'),
      },
      ...(await Promise.all(prints)),
    ],
  };
}

let kept: KeptWorld;
let kiosk: KeptKiosk;

beforeAll(async () => {
  kept = await KeptWorld.start(folder => ({
    records: { keyFile: recordsKeyFile(folder), fingerGallery: true },
  }));
  const { registry } = kept.world;
  registry.addRecord(await recordOf('A', 'a', [1, 2]));
  registry.addRecord(await recordOf('B', 'b', [3, 4]));
  kiosk = await kept.kiosk();
}, 60_000);
afterAll(async () => {
  await kiosk[Symbol.asyncDispose]();
  await kept[Symbol.asyncDispose]();
});

/** Somebody with this face and these fingers, laid down a little otherwise than before. */
async function visitOf(who: string, fingers: readonly number[]): Promise<Captured> {
  const analysis = await kept.models.face.analyse(picture(who, 'smile'));
  const taken = fingers.map(async (number, index) => {
    const view = { shiftX: 6, shiftY: -5, turnRad: 0.08 };
    const { template } = await kept.models.finger.extract(drawRidges(number, view));
    const made = finger(POSITIONS[index] ?? 'right_middle');
    return { ...made, sample: new Biometric({ image: made.sample.reveal().image, template }) };
  });
  return {
    ...{ purpose: 'register_level_2', travelDocument: passport },
    fingers: await Promise.all(taken),
    face: {
      ...takenFace,
      sample: new Biometric({
        jpeg: new Uint8Array(0),
        embeddings: analysis.face ? [analysis.face.embedding] : [],
      }),
    },
  } as unknown as Captured;
}

async function search(visit: Captured) {
  const comparer = comparerOf(kept.models, kept.config);
  const known = placesOf(kept.config, kiosk.keeper, kiosk.uplink, comparer);
  const decide = deciderOf({ comparer, known, nowMs: () => 0 });
  const { identification } = await decide(visit, { state: 'not_found' }, never);
  if (identification?.state !== 'searched') return null;
  const { candidates, modalities } = identification;
  return { found: candidates.reveal().map(({ recordId }) => recordId), modalities };
}

/** Candidates of a search; null where none was made. */
const found = async (visit: Captured): Promise<readonly string[] | null> =>
  (await search(visit))?.found ?? null;

describe('fingers', () => {
  it('find whose face is another, and follow the records as they change', async () => {
    const stranger = await visitOf('e', [1, 2]);
    await expect.poll(() => found(stranger), WAIT).toEqual(['record-A']);
    const gallery = async () => (await kiosk.keeper.health()).gallery;
    await expect.poll(gallery, WAIT).toEqual({ faces: 'ready', fingers: 'ready' });
    expect(await found(await visitOf('e', [7, 8]))).toEqual([]);
    expect(await found(await visitOf('b', []))).toEqual(['record-B']);

    kept.world.registry.deleteRecord('record-A');
    await expect.poll(() => found(stranger), WAIT).toEqual([]);
    kept.world.registry.addRecord(await recordOf('C', 'c', [1, 2]));
    await expect.poll(() => found(stranger), WAIT).toEqual(['record-C']);
    kept.world.registry.addRecord(await recordOf('C', 'c', []));
    await expect.poll(() => found(stranger), WAIT).toEqual([]);
  }, 60_000);

  it('that are not searched in time leave the faces what they found, and the other way round', async () => {
    const visit = await visitOf('b', [3, 4]);
    const both = { found: ['record-B'], modalities: ['face', 'finger'] };
    await expect.poll(() => search(visit), WAIT).toEqual(both);
    const sides = [
      ['fingers', 'face'],
      ['faces', 'finger'],
    ] as const;
    for (const [slow, other] of sides) {
      const pid = kiosk.galleries[slow]?.health.pid;
      if (!pid) throw new Error('no gallery runs');
      process.kill(pid, 'SIGSTOP');
      expect(await search(visit)).toEqual({ found: ['record-B'], modalities: [other] });
      process.kill(pid, 'SIGKILL');
      await expect.poll(() => kiosk.galleries[slow]?.health.filled, WAIT).toBe(false);
      expect(await search(visit)).toEqual({ found: ['record-B'], modalities: [other] });
      expect((await kiosk.keeper.health()).gallery).toMatchObject({ [slow]: 'not_ready' });
      await expect.poll(() => search(visit), WAIT).toEqual(both);
    }
  }, 60_000);

  it('are there again after a start, and go without the faces', async () => {
    await kiosk[Symbol.asyncDispose]();
    kiosk = await kept.kiosk('off');
    const stranger = await visitOf('e', [3, 4]);
    await expect.poll(() => found(stranger), WAIT).toEqual(['record-B']);
    expect((await kiosk.keeper.health()).gallery).toEqual({ faces: 'off', fingers: 'ready' });
  }, 60_000);
});
