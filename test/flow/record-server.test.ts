/** A search at the office's record server over a real broker, and what becomes of a visit where it fails. */
import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TOPICS, topicOf } from '../../agent/contract/uplink.ts';
import { Biometric } from '../../agent/ops/biometric.ts';
import { buildPacket } from '../../agent/packet/build.ts';
import { ImageCodec } from '../../agent/packet/imaging.ts';
import { recipientFromJwk } from '../../agent/packet/signer.ts';
import { uuid7Maker } from '../../agent/packet/uuid7.ts';
import { comparerOf } from '../../agent/records/comparer.ts';
import { deciderOf } from '../../agent/records/identify.ts';
import { placesOf } from '../../agent/records/places.ts';
import type { Compared, Identification, Lookup } from '../../agent/session/visit.ts';
import { judgePacket, loadServiceKeys } from '../../backend/index.ts';
import { contractSchema } from '../../backend/sealed/schemas.ts';
import type { OfficeRecord } from '../../sim/office/records.ts';
import { type SimulatedRecordServer, startRecordServer } from '../../sim/office/server.ts';
import { makePki } from '../../sim/pki/make.ts';
import { pkiPaths } from '../../sim/pki/paths.ts';
import { recordServerKeys, serviceKeys } from '../../sim/pki/use.ts';
import { ADDRESS, keyFolder } from '../../sim/world/world.ts';
import { type KeptKiosk, KeptWorld } from '../fixtures/kept-kiosk.ts';
import { fileSigner } from '../fixtures/pki.ts';
import { drawRidges, type RidgeView } from '../fixtures/ridges.ts';
import { until } from '../fixtures/uplink-world.ts';
import { finger, STORY, statesOf, face as takenFace } from '../fixtures/visit.ts';

type Who = 'a' | 'b' | 'c' | 'e';
const picture = (who: Who, pose = 'neutral'): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../sim/people/face/frames/${who}-${pose}.jpg`, import.meta.url)));
const never = new AbortController().signal;
const WAIT = { timeout: 20_000, interval: 20 };
const PERSON: OfficeRecord['person'] = {
  ...{ surname: 'CANARY', givenNames: '', birthDate: '1990-01-02', nationality: 'UTO' },
  sex: 'female',
};
const ANSWERS = topicOf(ADDRESS.office, ADDRESS.kiosk, TOPICS.identifyAnswer);

let kept: KeptWorld;
let kiosk: KeptKiosk;
let server: SimulatedRecordServer;
const serving = new AsyncDisposableStack();
let probe: Compared;

const embedding = async (who: Who, pose?: string): Promise<Float32Array> => {
  const { face } = await kept.models.face.analyse(picture(who, pose));
  if (!face) throw new Error('no face');
  return face.embedding;
};
const officeRecord = async (who: Who, recordId: string): Promise<OfficeRecord> => ({
  ...{ recordId, person: PERSON, travelDocumentNumber: recordId, residenceCardNumber: null },
  ...{ faces: [await embedding(who)], fingers: [], portrait: picture(who) },
});
const models = () => comparerOf(kept.models, kept.config).models.map(({ sha256 }) => sha256);
const serverOptions = () => ({
  broker: { url: kept.world.brokerUrl },
  keys: recordServerKeys(keyFolder(kept.folder), ADDRESS.office),
  ...{ office: ADDRESS.office, models: models() },
});

beforeAll(async () => {
  kept = await KeptWorld.start(folder => ({
    recordServer: {
      keyFile: pkiPaths(keyFolder(folder), ADDRESS.office, ADDRESS.kiosk).recordServer.encryptionPublic,
      timeoutSeconds: 1,
    },
  }));
  kept.world.registry.addRecord({
    ...{ recordId: 'kept-a', person: PERSON, travelDocumentNumber: 'K1', residenceCardNumber: null },
    onFile: { face: true, finger: false },
    references: [
      { modality: 'face', position: null, mediaType: 'image/jpeg', bytes: picture('a'), ppi: null },
    ],
  });
  kiosk = await kept.kiosk();
  const records = [await officeRecord('a', 'office-a'), await officeRecord('b', 'office-b')];
  server = serving.use(await startRecordServer({ ...serverOptions(), records }));
  const image = drawRidges(1);
  const { template } = await kept.models.finger.extract(image);
  const review = statesOf(STORY).find(state => state.kind === 'review');
  if (!review) throw new Error('the story has no review');
  const embeddings = [await embedding('a', 'smile')];
  probe = {
    ...review.visit,
    face: { ...takenFace, sample: new Biometric({ jpeg: picture('a', 'smile'), embeddings }) },
    fingers: [{ ...finger('right_index'), sample: new Biometric({ image, template }) }],
  };
  await until(() => kiosk.keeper.gallery && kiosk.uplink.online);
}, 60_000);
afterEach(() => server.setFault(null));
afterAll(async () => {
  await kiosk[Symbol.asyncDispose]();
  await serving.disposeAsync();
  await kept[Symbol.asyncDispose]();
});

/** What the search came to; with `alone` no records of this kiosk stand in for the server. */
async function searched({ alone = false, lookup = { state: 'not_found' } as Lookup, visit = probe } = {}) {
  const comparer = comparerOf(kept.models, kept.config);
  const known = placesOf(kept.config, alone ? null : kiosk.keeper, kiosk.uplink, comparer);
  const { decision, identification } = await deciderOf({ comparer, known, nowMs: () => 0 })(
    visit,
    lookup,
    never,
  );
  const { outcome, reason } = decision;
  if (identification?.state !== 'searched') return { outcome, reason, identification };
  const { place, searched: size } = identification;
  const candidates = identification.candidates.reveal();
  const found = candidates.map(({ recordId }) => recordId);
  return { outcome, reason, place, size, found, candidates, identification };
}

const OFFICE = { place: 'office', size: 2, found: ['office-a'] };
const KIOSK = { place: 'kiosk', size: 1, found: ['kept-a'] };

describe('a search at the record server', () => {
  it('finds who is known under other documents, with what an officer has to see', async () => {
    const found = await searched();
    expect(found).toMatchObject({ ...OFFICE, outcome: 'inconclusive', reason: 'may_be_known_otherwise' });
    expect(found.candidates?.[0]?.portrait).toEqual(Buffer.from(picture('a')));
    expect(await told(found.identification)).toEqual({
      ...{ state: 'searched', place: 'office', searched: 2, modalities: ['face', 'finger'], fpirAsked: 0.01 },
      candidates: [{ recordId: 'office-a', fpir: expect.any(Number), face: 'match', finger: 'not_compared' }],
    });
    server.remove('office-a');
    expect(await searched()).toMatchObject({ place: 'office', size: 1, found: [], outcome: 'no_record' });
    server.put(await officeRecord('a', 'office-a'));
    expect(await searched()).toMatchObject(OFFICE);
  });

  it('finds by the fingers alone whose face is another', async () => {
    const prints = [
      ['right_thumb', 5],
      ['right_index', 6],
    ] as const;
    const taken = (view: RidgeView) =>
      Promise.all(
        prints.map(async ([position, number]) => {
          const { template } = await kept.models.finger.extract(drawRidges(number, view));
          return { position, template };
        }),
      );
    server.put({ ...(await officeRecord('c', 'office-c')), fingers: await taken({}) });
    const { image } = finger('right_index').sample.reveal();
    const visit = {
      ...probe,
      face: {
        ...takenFace,
        sample: new Biometric({ jpeg: new Uint8Array(0), embeddings: [await embedding('e', 'smile')] }),
      },
      fingers: (await taken({ shiftX: 6, shiftY: -5, turnRad: 0.08 })).map(({ position, template }) => ({
        ...finger(position),
        sample: new Biometric({ image, template }),
      })),
    };
    expect(await searched({ visit })).toMatchObject({ place: 'office', found: ['office-c'] });
    server.remove('office-c');
    expect(await searched({ visit })).toMatchObject({ place: 'office', found: [] });
  });

  it('leaves the claimed record out', async () => {
    const references = new Biometric({ faces: [await embedding('a')], fingers: [] });
    const onFile = { face: true, finger: false };
    const lookup = { state: 'found', recordId: 'office-a', onFile, references } as const;
    expect(await searched({ lookup })).toMatchObject({ outcome: 'match', place: 'office', found: [] });
  });

  it.each(['silent', 'broken-templates'] as const)('that is %s is made on this kiosk', async kind => {
    server.setFault({ kind });
    expect(await searched()).toMatchObject(KIOSK);
  });

  it('believes no forged answer', async () => {
    server.setFault({ kind: 'forged-signature' });
    expect(await searched()).toMatchObject(KIOSK);
    expect(kiosk.uplink.dropped.get('PACKET_SIGNATURE')).toBe(1);
  });

  it('believes no answer twice', async () => {
    const client = await mqtt.connectAsync(kept.world.brokerUrl);
    const heard: Buffer[] = [];
    client.on('message', (_topic, payload) => heard.push(payload));
    await client.subscribeAsync(ANSWERS, { qos: 1 });
    expect(await searched()).toMatchObject(OFFICE);
    await expect.poll(() => heard.length, WAIT).toBeGreaterThan(0);
    const before = kiosk.uplink.dropped.get('PACKET_WRONG_ID') ?? 0;
    await client.publishAsync(ANSWERS, heard[0] ?? '', { qos: 1 });
    await expect.poll(() => kiosk.uplink.dropped.get('PACKET_WRONG_ID'), WAIT).toBe(before + 1);
    await client.endAsync();
  });

  it('of other models is made on this kiosk', async () => {
    await serving.disposeAsync();
    await using other = await startRecordServer({ ...serverOptions(), models: ['0'.repeat(64)] });
    other.put(await officeRecord('a', 'office-a'));
    expect(await searched()).toMatchObject(KIOSK);
  });

  it.each(['registry', 'other office'] as const)('signed by %s is not believed', async signer => {
    await serving.disposeAsync();
    const folder = keyFolder(kept.folder);
    await makePki(folder, { office: 'hue-01', kiosk: 'kiosk-01' });
    const { signing } =
      signer === 'registry' ? serviceKeys(folder, 'registry') : recordServerKeys(folder, 'hue-01');
    const options = serverOptions();
    await using _ = await startRecordServer({ ...options, keys: { ...options.keys, signing } });
    const before = kiosk.uplink.dropped.get('PACKET_WRONG_SIGNER') ?? 0;
    expect(await searched()).toMatchObject(KIOSK);
    expect(kiosk.uplink.dropped.get('PACKET_WRONG_SIGNER')).toBe(before + 1);
  });
});

/** What the backend reads of the search in a packet of this visit. */
async function told(identification: Identification | undefined) {
  if (!identification) throw new Error('no search was due');
  const folder = keyFolder(kept.folder);
  const pki = pkiPaths(folder, ADDRESS.office, ADDRESS.kiosk);
  await using codec = new ImageCodec({ deadlineMs: 15_000 });
  const recipient = await recipientFromJwk(readFileSync(pki.backend.encryptionPublic, 'utf8'));
  const createdAt = new Date();
  const expected = {
    within3WorkingDays: null,
    within7WorkingDays: null,
    accountDecision: null,
    provisional: true,
  };
  const sealed = await buildPacket(
    uuid7Maker(Date.now)(),
    { ...probe, identification },
    expected,
    {
      ...{ ...ADDRESS, boot: 1, sequence: 1, agentVersion: '0.0.0', clock: 'unknown', createdAt },
      audit: await kiosk.outbox.auditHead(),
    },
    { codec, signer: fileSigner(pki.kiosk.signing), recipient },
    never,
  );
  const { keys, root } = loadServiceKeys(serviceKeys(folder, 'backend'));
  const context = { keys, trust: { root }, schema: contractSchema('packet'), at: createdAt };
  const { manifest, blobs } = await judgePacket(sealed.container, context, { ...ADDRESS, id: sealed.id });
  expect(blobs.size).toBe(3);
  return (manifest as unknown as { identification: unknown }).identification;
}

it('where nobody can search, the 1:1 comparison stands alone, and says so', async () => {
  await serving.disposeAsync();
  const alone = await searched({ alone: true });
  const identification = { state: 'not_searched' };
  expect(alone).toEqual({ outcome: 'no_record', reason: 'not_in_database', identification });
  expect(await told(alone.identification)).toEqual(identification);
  await kept.world.broker?.stop();
  await expect.poll(() => kiosk.uplink.online, WAIT).toBe(false);
  expect(await searched({ alone: true })).toMatchObject({ identification });
  expect(await searched()).toMatchObject(KIOSK);
});
