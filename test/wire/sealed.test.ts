import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson as agentCanonical } from '../../agent/packet/canonical.ts';
import { parseCertificates } from '../../agent/packet/certificates.ts';
import { decodeChunk as agentDecodeChunk, chunksOf } from '../../agent/packet/chunk.ts';
import { openSealed } from '../../agent/packet/open.ts';
import { requireReceiptOf, verifyReceipt } from '../../agent/packet/receipt.ts';
import { type ManifestDraft, seal } from '../../agent/packet/seal.ts';
import {
  type DecryptionKey,
  decryptionKeyFromJwk,
  makeAnswerKey,
  type Recipient,
  recipientFromJwk,
  type Signer,
} from '../../agent/packet/signer.ts';
import { judgePacket } from '../../backend/judge.ts';
import { type ReceiptState, writeReceipt } from '../../backend/receipts.ts';
import { canonicalJson } from '../../backend/sealed/canonical.ts';
import { cutContainer, decodeChunk } from '../../backend/sealed/chunk.ts';
import { forgedSigner, loadSigningKey } from '../../backend/sealed/jws.ts';
import { loadJwk, loadServiceKeys, type ServiceKeys } from '../../backend/sealed/keys.ts';
import { contractSchema } from '../../backend/sealed/schemas.ts';
import { sealMessage } from '../../backend/sealed/seal.ts';
import { makePki } from '../../sim/pki/make.ts';
import type { PkiPaths } from '../../sim/pki/paths.ts';
import { serviceKeys } from '../../sim/pki/use.ts';
import { type RecordRequest, readRequest, writeAnswer } from '../../sim/registry/answer.ts';
import type { Finding } from '../../sim/registry/records.ts';
import { fileSigner } from '../fixtures/pki.ts';
import { GOLDEN, GOLDEN_ADDRESS, GOLDEN_AT } from '../fixtures/wire/sealed-golden.ts';
import { fingerBlob, packetManifest, uuid7 } from '../flow/sim-backend-kiosk.ts';

// Both sides of the wire were written apart; here each reads what the other wrote.
const ADDRESS = { office: 'hanoi', kiosk: 'kiosk-1' };

let folder: string;
let pki: PkiPaths;
let agentSigner: Signer;
let backendRecipient: Recipient;
let backendKey: DecryptionKey;
let backend: ServiceKeys;
let registry: ServiceKeys;
let roots: Uint8Array[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-sealed-'));
  pki = await makePki(folder, ADDRESS);
  agentSigner = fileSigner(pki.kiosk.signing);
  backendRecipient = await recipientFromJwk(readFileSync(pki.backend.encryptionPublic, 'utf8'));
  backendKey = await decryptionKeyFromJwk(readFileSync(pki.backend.encryption, 'utf8'));
  backend = loadServiceKeys(serviceKeys(folder, 'backend'));
  registry = loadServiceKeys(serviceKeys(folder, 'registry'));
  roots = parseCertificates(readFileSync(pki.root.chain, 'utf8'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const packetSchema = contractSchema('packet');
const judged = (container: Uint8Array, id: string) => {
  const context = { keys: backend.keys, trust: { root: backend.root }, schema: packetSchema, at: new Date() };
  return judgePacket(container, context, { ...ADDRESS, id });
};
const opened = (container: Uint8Array, id: string) =>
  openSealed(
    container,
    { keys: [backendKey], trust: { roots }, now: new Date() },
    { type: 'vantay.packet', id, kiosk: ADDRESS },
  );

describe('packets', () => {
  const blobs = [
    fingerBlob(),
    { name: 'face', mediaType: 'application/octet-stream', bytes: new Uint8Array() },
  ];

  test('sealed by the agent open in the simulated backend', async () => {
    const manifest = packetManifest(ADDRESS.office, ADDRESS.kiosk, 1);
    const sealed = await seal(manifest as unknown as ManifestDraft, blobs, agentSigner, backendRecipient);
    const packet = await judged(sealed.container, sealed.id);
    expect(packet.manifestSha256).toBe(sealed.manifestSha256);
    expect(packet.manifest).toMatchObject(manifest);
    expect(packet.signatory).toMatchObject({ commonName: 'kiosk-1', organizationalUnit: 'hanoi' });
    for (const { name, bytes } of blobs) expect(packet.blobs.get(name)).toEqual(bytes);
  });

  const sealedBySim = async () => {
    const manifest = packetManifest(ADDRESS.office, ADDRESS.kiosk, 1);
    const id = String(manifest.packetId);
    const signer = loadSigningKey(pki.kiosk.signing.chain, pki.kiosk.signing.key);
    const recipient = loadJwk(pki.backend.encryptionPublic);
    return { id, manifest, ...(await sealMessage({ id, manifest, blobs, signer, recipient })) };
  };

  test('sealed by the simulation open in the agent', async () => {
    const sealed = await sealedBySim();
    const packet = await opened(sealed.container, sealed.id);
    expect(packet.manifestSha256).toBe(sealed.manifestSha256);
    expect(packet.manifest).toMatchObject(sealed.manifest);
    for (const { name, bytes } of blobs) expect(new Uint8Array(packet.blobs.get(name)!)).toEqual(bytes);
  });

  test('with a flipped bit are refused by both', async () => {
    const { id, container } = await sealedBySim();
    for (let at = 0; at < container.length; at += Math.floor(container.length / 50)) {
      const damaged = container.slice();
      damaged[at]! ^= 1 << (at % 8);
      await expect(judged(damaged, id), `byte ${at}`).rejects.toThrow(
        expect.objectContaining({ name: 'SealedError' }),
      );
      await expect(opened(damaged, id), `byte ${at}`).rejects.toThrow(
        expect.objectContaining({ name: 'PacketError' }),
      );
    }
  });
});

describe('golden packets', () => {
  const manifest: unknown = JSON.parse(readFileSync(join(GOLDEN, 'manifest.json'), 'utf8'));
  const blob = new Uint8Array(readFileSync(join(GOLDEN, 'blob.bin')));
  const { packetId: id } = manifest as { packetId: string };

  test.each(['agent.vsm', 'sim.vsm'])('%s opens on both sides', async name => {
    const container = new Uint8Array(readFileSync(join(GOLDEN, name)));
    const root = readFileSync(join(GOLDEN, 'root.pem'), 'utf8');
    const context = {
      keys: [loadJwk(join(GOLDEN, 'backend-encryption.jwk'))],
      trust: { root: new X509Certificate(root) },
      schema: packetSchema,
      at: GOLDEN_AT,
    };
    const bySim = await judgePacket(container, context, { ...GOLDEN_ADDRESS, id });
    const byAgent = await openSealed(
      container,
      {
        keys: [await decryptionKeyFromJwk(readFileSync(join(GOLDEN, 'backend-encryption.jwk'), 'utf8'))],
        trust: { roots: parseCertificates(root) },
        now: GOLDEN_AT,
      },
      { type: 'vantay.packet', id, kiosk: GOLDEN_ADDRESS },
    );
    expect(bySim.manifestSha256).toBe(byAgent.manifestSha256);
    expect(bySim.manifest).toEqual(byAgent.manifest);
    expect(bySim.manifest).toMatchObject(manifest as object);
    for (const blobs of [bySim.blobs, byAgent.blobs])
      expect(new Uint8Array(blobs.get('finger-2')!)).toEqual(blob);
  });
});

describe('record requests and answers', () => {
  const finding: Finding = {
    state: 'found',
    record: {
      recordId: 'record-1',
      person: {
        surname: 'SPECIMEN',
        givenNames: '',
        birthDate: '1990-01-02',
        sex: 'female',
        nationality: 'UTO',
      },
      travelDocumentNumber: 'L898902C3',
      onFile: { face: true, finger: true },
      references: [
        {
          modality: 'face',
          position: null,
          mediaType: 'image/jpeg',
          bytes: new Uint8Array(randomBytes(700)),
          ppi: null,
        },
      ],
    },
  };
  const claim = {
    nationality: 'UTO',
    travelDocumentNumber: 'L898902C3',
    birthDate: '1990-01-02',
    residenceCardNumber: null,
  };

  test.each([finding, { state: 'not_found', record: null } as const])(
    'the agent asks, the registry answers $state',
    async found => {
      const { answerKey, decryptionKey } = await makeAnswerKey();
      const requestId = uuid7();
      const createdAt = new Date().toISOString();
      const draft = {
        type: 'vantay.record-request',
        schemaVersion: 1,
        requestId,
        ...ADDRESS,
        createdAt,
        claim,
        answerKey,
      };
      const recipient = await recipientFromJwk(readFileSync(pki.registry.encryptionPublic, 'utf8'));
      const sealed = await seal(draft as ManifestDraft, [], agentSigner, recipient);
      const request = await readRequest<RecordRequest>(
        sealed.container,
        {
          keys: registry.keys,
          trust: { root: registry.root },
          schema: contractSchema('record-request'),
          at: new Date(),
          type: 'vantay.record-request',
        },
        { ...ADDRESS, id: requestId },
      );
      expect(request.claim).toEqual(claim);
      const tools = { signer: registry.signer, schema: contractSchema('record-answer'), now: new Date() };
      const container = await writeAnswer(request, found, tools);
      const answer = await openSealed(
        container,
        { keys: [decryptionKey], trust: { roots }, now: new Date() },
        { type: 'vantay.record-answer', id: requestId, kiosk: ADDRESS },
      );
      expect(answer.manifest.state).toBe(found.state);
      if (found.record === null) return expect(answer.manifest.record).toBeNull();
      const { person, references } = answer.manifest.record!;
      expect(person).toEqual(found.record.person);
      expect(new Uint8Array(answer.blobs.get(references[0]!.blob)!)).toEqual(
        found.record.references[0]!.bytes,
      );
    },
  );
});

describe('receipts', () => {
  const schema = contractSchema('receipt');
  const packet = { id: uuid7(), manifestSha256: 'c'.repeat(64) };
  const wordOf = (state: ReceiptState) => ({
    packetId: packet.id,
    ...ADDRESS,
    state,
    manifestSha256: packet.manifestSha256,
  });
  const read = (jws: string) => verifyReceipt(jws, { trust: { roots }, now: new Date() }, ADDRESS);

  test.each(['received', 'verified', 'accepted', 'rejected', 'recapture'] as const)(
    '%s is understood',
    async state => {
      const receipt = read(
        await writeReceipt({ ...wordOf(state), code: 'blob_unknown' }, backend.signer, schema, new Date()),
      );
      expect(receipt).toMatchObject({ state, code: 'blob_unknown', chunks: null });
      requireReceiptOf(receipt, packet);
    },
  );

  test('resend is understood without a manifest hash', async () => {
    const word = { ...wordOf('resend'), manifestSha256: null, chunks: [0, 3] };
    const receipt = read(await writeReceipt(word, backend.signer, schema, new Date()));
    expect(receipt.chunks).toEqual([0, 3]);
    requireReceiptOf(receipt, packet);
  });

  test('forged, or signed by the registry, it is refused', async () => {
    for (const signer of [forgedSigner(backend.signer), registry.signer]) {
      const jws = await writeReceipt(wordOf('accepted'), signer, schema, new Date());
      expect(() => read(jws)).toThrow(expect.objectContaining({ name: 'PacketError' }));
    }
  });
});

describe('the smaller pieces', () => {
  test('both cut the same chunks and read the same in them', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.integer({ min: 1, max: 120 }),
        (container, bytes) => {
          const id = uuid7();
          const bySim = cutContainer(id, container, bytes);
          const byAgent = [...chunksOf(id, container, bytes)].map(chunk => new Uint8Array(chunk));
          expect(byAgent).toEqual(bySim);
          for (const chunk of bySim) {
            const [ours, theirs] = [decodeChunk(chunk), agentDecodeChunk(chunk)];
            expect([theirs.id, theirs.index, theirs.count, theirs.containerSha256]).toEqual([
              ours.id,
              ours.index,
              ours.count,
              createHash('sha256').update(container).digest('hex'),
            ]);
          }
        },
      ),
    );
  });

  test('both write the same canonical JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), value => {
        expect(canonicalJson(value)).toBe(agentCanonical(value));
      }),
      { numRuns: 40 },
    );
  });
});
