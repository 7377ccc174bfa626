import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadJwk, loadServiceKeys } from '../../backend/sealed/keys.ts';
import { openManifest } from '../../backend/sealed/open.ts';
import { Reassembly } from '../../backend/sealed/reassembly.ts';
import { contractSchema } from '../../backend/sealed/schemas.ts';
import { sealMessage } from '../../backend/sealed/seal.ts';
import { type SimulatedBackend, startBackend } from '../../sim/backend/backend.ts';
import { type BrokerAccess, connectClient } from '../../sim/broker/client.ts';
import { topicOf } from '../../sim/broker/topics.ts';
import { makePki } from '../../sim/pki/make.ts';
import type { PkiPaths } from '../../sim/pki/paths.ts';
import { kioskTlsFiles, recordServerTlsFiles, serviceKeys, tlsFiles } from '../../sim/pki/use.ts';
import { type SimulatedRegistry, startRegistry } from '../../sim/registry/registry.ts';
import { answerKeyPair, KioskEnd, packetManifest, uuid7 } from '../flow/sim-backend-kiosk.ts';
import { Mosquitto } from './mosquitto.ts';

const ADDRESS = { office: 'hanoi', kiosk: 'kiosk-1' };
const TOPIC = topicOf(ADDRESS, 'packet');

let folder: string;
let pki: PkiPaths;
let broker: Mosquitto;
let backend: SimulatedBackend;
let registry: SimulatedRegistry;
let kiosk: KioskEnd;
let sequence = 0;

const soon = (): AbortSignal => AbortSignal.timeout(20_000);
const access = (tls: BrokerAccess['tls']): BrokerAccess => ({
  url: broker.url,
  protocol: '5',
  ...(tls && { tls }),
});

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-mosquitto-'));
  pki = await makePki(folder, ADDRESS);
  broker = await Mosquitto.start(folder, tlsFiles(folder, 'server'));
  const store = join(folder, 'backend.sqlite');
  backend = await startBackend({
    broker: access(tlsFiles(folder, 'backend')),
    keys: serviceKeys(folder, 'backend'),
    store,
  });
  registry = await startRegistry({
    broker: access(tlsFiles(folder, 'registry')),
    keys: serviceKeys(folder, 'registry'),
    records: [
      {
        recordId: 'record-1',
        person: {
          surname: 'SPECIMEN',
          givenNames: '',
          birthDate: '1990-01-02',
          sex: 'male',
          nationality: 'UTO',
        },
        travelDocumentNumber: 'L898902C3',
        onFile: { face: true, finger: false },
        references: [
          {
            modality: 'face',
            position: null,
            mediaType: 'image/jpeg',
            bytes: new Uint8Array(400_000),
            ppi: null,
          },
        ],
      },
    ],
  });
  kiosk = await KioskEnd.connect(access(kioskTlsFiles(folder, ADDRESS.office, ADDRESS.kiosk)), pki, ADDRESS);
});

afterAll(async () => {
  // What beforeAll did not reach is not there to be ended.
  await kiosk?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
  await backend?.[Symbol.asyncDispose]();
  await broker?.kill();
  rmSync(folder, { recursive: true });
});

test('a packet is received, verified and accepted over MQTT 5 with mutual TLS', async () => {
  const manifest = packetManifest(ADDRESS.office, ADDRESS.kiosk, ++sequence);
  const { container, manifestSha256 } = await kiosk.seal(manifest);
  await kiosk.send(TOPIC, String(manifest.packetId), container);
  const receipts = await kiosk.receiptsUntil(['accepted'], soon());
  expect(receipts.map(receipt => receipt.state)).toEqual(['received', 'verified', 'accepted']);
  expect(receipts.at(-1)).toMatchObject({ manifestSha256, packetId: manifest.packetId });
});

test('a record is asked for and answered', async () => {
  const { answerKey, open } = await answerKeyPair();
  const requestId = uuid7();
  const claim = {
    nationality: 'UTO',
    travelDocumentNumber: 'L898902C3',
    birthDate: '1990-01-02',
    residenceCardNumber: null,
  };
  const createdAt = new Date().toISOString();
  const { container } = await sealMessage({
    id: requestId,
    manifest: {
      type: 'vantay.record-request',
      schemaVersion: 1,
      requestId,
      ...ADDRESS,
      createdAt,
      claim,
      answerKey,
    },
    blobs: [],
    signer: kiosk.signer,
    recipient: loadJwk(pki.registry.encryptionPublic),
  });
  await kiosk.send(topicOf(ADDRESS, 'record/request'), requestId, container);
  const reassembly = new Reassembly();
  let answer: Uint8Array | null = null;
  while (answer === null) {
    const { topic, payload } = await kiosk.next(soon());
    const part = reassembly.accept(topic, payload);
    if (part.kind === 'complete') answer = part.container;
  }
  const { root } = loadServiceKeys(serviceKeys(folder, 'registry'));
  const { manifest, signatory } = await openManifest(answer, {
    keys: [open],
    trust: { root },
    type: 'vantay.record-answer',
    schema: contractSchema('record-answer'),
    at: new Date(),
  });
  expect(signatory.commonName).toBe('registry');
  expect(manifest).toMatchObject({ state: 'found', requestId, record: { recordId: 'record-1' } });
});

test('who has no certificate is not served', async () => {
  const alone = access({ ca: pki.mqttAuthority.chain, certificate: pki.root.chain, key: pki.root.key });
  await expect(connectClient(alone, 'stranger', AbortSignal.timeout(1_500))).rejects.toThrow('no connection');
});

test('a kiosk cannot speak on the topic of another', async () => {
  const topic = topicOf({ office: ADDRESS.office, kiosk: 'kiosk-2' }, 'packet');
  await expect(kiosk.client.publishAsync(topic, 'x', { qos: 1 })).rejects.toThrow('Not authorized');
  expect(backend.refusals()).toEqual([]);
});

test('a kiosk asks the record server for itself alone, and hears no answer but its own', async () => {
  const client = await connectClient(
    access(kioskTlsFiles(folder, ADDRESS.office, ADDRESS.kiosk)),
    'alone',
    soon(),
  );
  const server = await connectClient(access(recordServerTlsFiles(folder, ADDRESS.office)), 'office', soon());
  const other = { office: ADDRESS.office, kiosk: 'kiosk-2' };
  const [request, answer] = ['record/identify/request', 'record/identify/answer'] as const;
  const asked = new Promise(resolve => server.once('message', resolve));
  await server.subscribeAsync(topicOf(ADDRESS, request), { qos: 1 });
  await client.publishAsync(topicOf(ADDRESS, request), 'x', { qos: 1 });
  expect(await asked).toBe(topicOf(ADDRESS, request));
  for (const topic of [topicOf(other, request), topicOf(ADDRESS, answer)])
    await expect(client.publishAsync(topic, 'x', { qos: 1 })).rejects.toThrow('Not authorized');
  const receipt = server.publishAsync(topicOf(ADDRESS, 'receipt'), 'x', { qos: 1 });
  await expect(receipt).rejects.toThrow('Not authorized');

  // A broker may take a subscription and deliver nothing.
  await client.subscribeAsync(topicOf(other, answer), { qos: 1 }).catch(() => undefined);
  await client.subscribeAsync(topicOf(ADDRESS, answer), { qos: 1 });
  const heard: string[] = [];
  client.on('message', topic => heard.push(topic));
  for (const address of [other, ADDRESS])
    await server.publishAsync(topicOf(address, answer), 'x', { qos: 1 });
  await expect.poll(() => heard).toEqual([topicOf(ADDRESS, answer)]);
  await Promise.all([client.endAsync(), server.endAsync()]);
});

test('a packet survives the death of the broker: repeated, it is one packet', async () => {
  const before = backend.count();
  const manifest = packetManifest(ADDRESS.office, ADDRESS.kiosk, ++sequence);
  const id = String(manifest.packetId);
  const { container } = await kiosk.seal(manifest);
  await kiosk.send(TOPIC, id, container, { only: [0, 1] });
  await broker.kill();
  await broker.run();
  // Whatever was acknowledged may be lost with the broker: a kiosk repeats until the receipt is there.
  const timer = setInterval(() => void kiosk.send(TOPIC, id, container), 500);
  const receipts = await kiosk.receiptsUntil(['accepted'], soon()).finally(() => clearInterval(timer));
  expect(receipts.at(-1)).toMatchObject({ packetId: id, state: 'accepted' });
  expect(backend.count()).toBe(before + 1);
});
