import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type BlobEntry, openBlobs } from '../../backend/sealed/blob.ts';
import { forgedSigner, type SigningKey } from '../../backend/sealed/jws.ts';
import { loadJwk } from '../../backend/sealed/keys.ts';
import { openManifest } from '../../backend/sealed/open.ts';
import { Reassembly } from '../../backend/sealed/reassembly.ts';
import { contractSchema } from '../../backend/sealed/schemas.ts';
import { sealMessage } from '../../backend/sealed/seal.ts';
import { type SimulatedBroker, startBroker } from '../../sim/broker/broker.ts';
import { topicOf } from '../../sim/broker/topics.ts';
import { makePki } from '../../sim/pki/make.ts';
import type { PkiPaths } from '../../sim/pki/paths.ts';
import { serviceKeys } from '../../sim/pki/use.ts';
import type { ImmigrationRecord } from '../../sim/registry/records.ts';
import { type RegistryLogEntry, type SimulatedRegistry, startRegistry } from '../../sim/registry/registry.ts';
import { answerKeyPair, KioskEnd, uuid7 } from '../flow/sim-backend-kiosk.ts';

const ADDRESS = { office: 'hanoi', kiosk: 'kiosk-1' };
const CLAIM = {
  nationality: 'UTO',
  travelDocumentNumber: 'L898902C3',
  birthDate: '1990-01-02',
  residenceCardNumber: null,
};
const PERSON = {
  surname: 'CANARY',
  givenNames: 'TEST',
  birthDate: '1990-01-02',
  sex: 'female',
  nationality: 'UTO',
} as const;
const RECORD: ImmigrationRecord = {
  recordId: 'record-1',
  person: PERSON,
  travelDocumentNumber: 'L898902C3',
  residenceCardNumber: 'VN-0001',
  onFile: { face: true, finger: true },
  references: [
    {
      modality: 'face',
      position: null,
      mediaType: 'image/jpeg',
      bytes: new Uint8Array([1, 2, 3]),
      ppi: null,
    },
    {
      modality: 'finger',
      position: 'right_index',
      mediaType: 'image/png',
      bytes: new Uint8Array(300_000),
      ppi: 500,
    },
  ],
};

let folder: string;
let pki: PkiPaths;
let broker: SimulatedBroker;
let registry: SimulatedRegistry;
let kiosk: KioskEnd;
const log: RegistryLogEntry[] = [];
const soon = (): AbortSignal => AbortSignal.timeout(15_000);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-registry-'));
  pki = await makePki(folder, ADDRESS);
  broker = await startBroker();
  const keys = serviceKeys(folder, 'registry');
  registry = await startRegistry({
    broker: { url: broker.url },
    keys,
    records: [RECORD],
    log: entry => log.push(entry),
  });
  kiosk = await KioskEnd.connect({ url: broker.url }, pki, ADDRESS);
});
afterEach(() => {
  registry.setFault(null);
  registry.addRecord(RECORD);
  registry.deleteRecord('record-2');
});
afterAll(async () => {
  await kiosk[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  await broker.stop();
  rmSync(folder, { recursive: true });
});

interface Asked {
  readonly requestId: string;
  readonly open: JWK;
}

async function ask(change: object = {}, signer: SigningKey = kiosk.signer): Promise<Asked> {
  const { answerKey, open } = await answerKeyPair();
  const requestId = uuid7();
  const { container } = await sealMessage({
    id: requestId,
    manifest: {
      type: 'vantay.record-request',
      schemaVersion: 1,
      requestId,
      ...ADDRESS,
      createdAt: new Date().toISOString(),
      claim: CLAIM,
      answerKey,
      ...change,
    },
    blobs: [],
    signer,
    recipient: loadJwk(pki.registry.encryptionPublic),
  });
  await kiosk.send(topicOf(ADDRESS, 'record/request'), requestId, container);
  return { requestId, open };
}

async function receiveContainer(id: string): Promise<Uint8Array> {
  const reassembly = new Reassembly();
  for (;;) {
    const { topic, payload } = await kiosk.next(soon());
    const part = reassembly.accept(topic, payload);
    expect(part.id).toBe(id);
    if (part.kind === 'complete') return part.container;
  }
}

async function openAnswer(asked: Asked, container: Uint8Array) {
  const opened = await openManifest(container, {
    keys: [asked.open],
    trust: { root: new X509Certificate(readFileSync(pki.root.chain)) },
    type: 'vantay.record-answer',
    schema: contractSchema('record-answer'),
    at: new Date(),
  });
  expect(opened.signatory).toMatchObject({ commonName: 'registry', organizationalUnit: null });
  expect(opened.manifest).toMatchObject({ requestId: asked.requestId, ...ADDRESS });
  const { contentKey, blobs } = opened.manifest as unknown as { contentKey: string; blobs: BlobEntry[] };
  return { answer: opened.manifest, blobs: openBlobs(asked.requestId, contentKey, blobs, opened.sealed) };
}

const answerTo = async (change: object = {}) => {
  const asked = await ask(change);
  return openAnswer(asked, await receiveContainer(asked.requestId));
};

describe('an answer', () => {
  test('found: the person, what is on file, and every reference', async () => {
    const { answer, blobs } = await answerTo();
    expect(answer).toMatchObject({
      state: 'found',
      record: {
        recordId: 'record-1',
        person: PERSON,
        onFile: { face: true, finger: true },
        references: [
          { modality: 'face', position: null, blob: 'reference-0', ppi: null },
          { modality: 'finger', position: 'right_index', blob: 'reference-1', ppi: 500 },
        ],
      },
    });
    expect(blobs.get('reference-0')).toEqual(new Uint8Array([1, 2, 3]));
    expect(blobs.get('reference-1')?.length).toBe(300_000);
  });

  test('found: document numbers are compared without fillers and case', async () => {
    const claim = { ...CLAIM, travelDocumentNumber: 'l898902c3<<', residenceCardNumber: 'vn0001' };
    expect((await answerTo({ claim })).answer.state).toBe('found');
  });

  test.each([
    ['another nationality', { nationality: 'VNM' }],
    ['another number', { travelDocumentNumber: 'L898902C4' }],
    ['another birth date', { birthDate: '1990-02-01' }],
    ['another residence card', { residenceCardNumber: 'VN-0002' }],
  ])('not_found for %s', async (_what, change) => {
    const { answer } = await answerTo({ claim: { ...CLAIM, ...change } });
    expect(answer).toMatchObject({ state: 'not_found', record: null });
  });

  test('found by the residence card where the travel document was renewed', async () => {
    const claim = { ...CLAIM, travelDocumentNumber: 'RENEWED', residenceCardNumber: 'VN-0001' };
    expect((await answerTo({ claim })).answer).toMatchObject({ state: 'found' });
    const { answer } = await answerTo({ claim: { ...claim, birthDate: '1990-02-01' } });
    expect(answer).toMatchObject({ state: 'not_found' });
  });

  test('several when two records fit, and the residence card tells them apart', async () => {
    registry.addRecord({ ...RECORD, recordId: 'record-2', residenceCardNumber: 'VN-0002' });
    expect((await answerTo()).answer).toMatchObject({ state: 'several', record: null });
    const { answer } = await answerTo({ claim: { ...CLAIM, residenceCardNumber: 'VN-0002' } });
    expect(answer).toMatchObject({ state: 'found', record: { recordId: 'record-2' } });
  });

  test('locked says nothing of the person', async () => {
    registry.addRecord({ ...RECORD, locked: true });
    expect((await answerTo()).answer).toMatchObject({ state: 'locked', record: null });
  });
});

describe('who cannot prove to be the kiosk gets no answer', () => {
  test.each([
    ['another kiosk in the request', { kiosk: 'kiosk-2' }, 'subject_mismatch'],
    ['another office in the request', { office: 'hue' }, 'subject_mismatch'],
    ['another id in the request', { requestId: uuid7() }, 'id_mismatch'],
    ['a request out of its schema', { claim: { ...CLAIM, birthDate: 'yesterday' } }, 'schema_invalid'],
    ['a request without an answer key', { answerKey: null }, 'schema_invalid'],
  ])('%s', async (_what, change, code) => {
    log.length = 0;
    await ask(change);
    // The answer to a good request behind it shows that the bad one was passed over.
    await answerTo();
    expect(log.map(entry => entry.code ?? entry.event)).toEqual([code, 'answered']);
  });

  test('a forged signature', async () => {
    log.length = 0;
    await ask({}, forgedSigner(kiosk.signer));
    await answerTo();
    expect(log[0]).toMatchObject({ event: 'refused', code: 'signature_invalid', ...ADDRESS });
  });

  test('and the log names nobody', () => {
    expect(JSON.stringify(log)).not.toMatch(/CANARY|L898902C3|1990/);
  });
});

describe('faults', () => {
  const withheld = () => expect.poll(() => log.at(-1)?.event, { timeout: 10_000 }).toBe('withheld');

  test('silent: nothing comes', async () => {
    registry.setFault({ kind: 'silent' });
    await ask();
    await withheld();
    registry.setFault(null);
    expect((await answerTo()).answer.state).toBe('found');
  });

  test('slow: a later question is answered first', async () => {
    registry.setFault({ kind: 'slow', delayMs: 1_500 });
    const slow = await ask({ claim: { ...CLAIM, birthDate: '2000-01-01' } });
    await withheld();
    registry.setFault(null);
    expect((await answerTo()).answer.state).toBe('found');
    const late = await openAnswer(slow, await receiveContainer(slow.requestId));
    expect(late.answer.state).toBe('not_found');
  });

  test.each([
    ['forged-signature', 'signature_invalid'],
    ['wrong-recipient', 'recipient_unknown'],
    ['garbage', 'container_malformed'],
  ] as const)('%s is refused as %s', async (kind, code) => {
    registry.setFault({ kind });
    const asked = await ask();
    const container = await receiveContainer(asked.requestId);
    await expect(openAnswer(asked, container)).rejects.toThrow(expect.objectContaining({ code }));
  });
});
