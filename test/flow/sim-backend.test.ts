import { createCipheriv, randomBytes, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sealBlob } from '../../backend/sealed/blob.ts';
import { encodeChunk } from '../../backend/sealed/chunk.ts';
import { joinContainer } from '../../backend/sealed/container.ts';
import { forgedSigner, type Message, signMessage } from '../../backend/sealed/jws.ts';
import { loadJwk } from '../../backend/sealed/keys.ts';
import { encryptJws } from '../../backend/sealed/seal.ts';
import { startBackend } from '../../sim/backend/backend.ts';
import type { BackendLogEntry, BackendOptions } from '../../sim/backend/options.ts';
import { type SimulatedBroker, startBroker } from '../../sim/broker/broker.ts';
import { topicOf } from '../../sim/broker/topics.ts';
import { makePki } from '../../sim/pki/make.ts';
import type { PkiPaths } from '../../sim/pki/paths.ts';
import { serviceKeys } from '../../sim/pki/use.ts';
import { fingerBlob, KioskEnd, packetManifest, sha256, uuid7 } from './sim-backend-kiosk.ts';

const OFFICE = 'hanoi';
const KIOSK = 'kiosk-1';
const ADDRESS = { office: OFFICE, kiosk: KIOSK };
const TOPIC = topicOf(ADDRESS, 'packet');

let folder: string;
let pki: PkiPaths;
let broker: SimulatedBroker;
let sequence = 0;

const soon = (): AbortSignal => AbortSignal.timeout(15_000);
const manifestOf = (): Message => packetManifest(OFFICE, KIOSK, ++sequence);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-backend-'));
  pki = await makePki(join(folder, 'pki'), ADDRESS);
  broker = await startBroker();
});

afterAll(async () => {
  await broker.stop();
  rmSync(folder, { recursive: true });
});

const backendWith = (options: Partial<BackendOptions> = {}) =>
  startBackend({ broker: { url: broker.url }, keys: serviceKeys(pki.folder, 'backend'), ...options });
const kioskEnd = (paths: PkiPaths = pki) => KioskEnd.connect({ url: broker.url }, paths, ADDRESS);

/** Sends one container and gives the receipt that ends it. */
async function lastReceipt(kiosk: KioskEnd, id: string, container: Uint8Array, topic = TOPIC) {
  await kiosk.send(topic, id, container);
  return (await kiosk.receiptsUntil(['accepted', 'rejected'], soon())).at(-1)!;
}

describe('a good packet', () => {
  test('is received, verified and accepted, and a repeated one gets the same receipts once more', async () => {
    const log: BackendLogEntry[] = [];
    await using backend = await backendWith({ log: entry => log.push(entry) });
    await using kiosk = await kioskEnd();
    const manifest = manifestOf();
    const id = String(manifest.packetId);
    const { container, manifestSha256 } = await kiosk.seal(manifest);
    for (const round of [1, 2]) {
      await kiosk.send(TOPIC, id, container);
      const receipts = await kiosk.receiptsUntil(['accepted'], soon());
      expect(receipts.map(receipt => receipt.state)).toEqual(['received', 'verified', 'accepted']);
      for (const receipt of receipts)
        expect(receipt).toMatchObject({ packetId: id, ...ADDRESS, manifestSha256 });
      expect(backend.count(), `round ${round}`).toBe(1);
    }
    const [packet] = await backend.packets();
    expect(packet).toMatchObject({ packetId: id, bytes: container.length, manifestSha256 });
    expect(packet?.blobs).toEqual([{ name: 'finger-2', bytes: 5_000 }]);
    expect(packet?.manifest).toMatchObject(manifest);
    expect(packet?.receiptStates).toHaveLength(6);
    expect(JSON.stringify(log)).not.toMatch(/CANARY|L898902C3|1990-01-02/);
  });

  test('may come in any order, with chunks twice', async () => {
    await using _backend = await backendWith();
    await using kiosk = await kioskEnd();
    const manifest = manifestOf();
    const { container } = await kiosk.seal(manifest);
    const last = Math.ceil(container.length / 2_000) - 1;
    const only = [last, last, ...Array.from({ length: last }, (_, index) => last - 1 - index)];
    await kiosk.send(TOPIC, String(manifest.packetId), container, { only });
    expect((await kiosk.receiptsUntil(['accepted'], soon())).at(-1)).toMatchObject({ state: 'accepted' });
  });

  test('stays one packet over a crash between commit and receipt', async () => {
    const store = join(folder, 'store.sqlite');
    await using kiosk = await kioskEnd();
    const manifest = manifestOf();
    const { container } = await kiosk.seal(manifest);
    const killed = Promise.withResolvers<void>();
    await backendWith({ store, fault: { kind: 'kill', at: 'after-commit' }, onKill: killed.resolve });
    await kiosk.send(TOPIC, String(manifest.packetId), container);
    await killed.promise;
    await using backend = await backendWith({ store });
    expect(backend.count()).toBe(1);
    expect(await lastReceipt(kiosk, String(manifest.packetId), container)).toMatchObject({
      state: 'accepted',
    });
    expect(backend.count()).toBe(1);
  });

  test('is taken after a crash before the commit, when it comes again', async () => {
    const store = join(folder, 'store-before.sqlite');
    await using kiosk = await kioskEnd();
    const manifest = manifestOf();
    const { container } = await kiosk.seal(manifest);
    const killed = Promise.withResolvers<void>();
    await backendWith({ store, fault: { kind: 'kill', at: 'before-commit' }, onKill: killed.resolve });
    await kiosk.send(TOPIC, String(manifest.packetId), container);
    await killed.promise;
    await using backend = await backendWith({ store });
    expect(backend.count()).toBe(0);
    expect(await lastReceipt(kiosk, String(manifest.packetId), container)).toMatchObject({
      state: 'accepted',
    });
  });

  test('goes on after the broker came back', async () => {
    await using _backend = await backendWith();
    await using kiosk = await kioskEnd();
    await broker.restart();
    const manifest = manifestOf();
    const { container } = await kiosk.seal(manifest);
    // The backend may be a moment later than the kiosk: a kiosk repeats until it is answered.
    const timer = setInterval(() => void kiosk.send(TOPIC, String(manifest.packetId), container), 500);
    const receipts = await kiosk.receiptsUntil(['accepted'], soon()).finally(() => clearInterval(timer));
    expect(receipts.at(-1)).toMatchObject({ state: 'accepted' });
  });
});

describe('a refused packet gets a code of its own', () => {
  /** Builds a message whose manifest holds what the writer would never put there. */
  async function handmade(
    kiosk: KioskEnd,
    change: (manifest: Fields) => Fields,
  ): Promise<[string, Uint8Array]> {
    const manifest = manifestOf();
    const id = String(manifest.packetId);
    const contentKey = randomBytes(32);
    const { entry, sealed } = sealBlob(id, contentKey, fingerBlob());
    const full = { ...manifest, contentKey: contentKey.toString('base64url'), blobs: [{ ...entry }] };
    const jws = await signMessage({ ...full, ...change(full) }, kiosk.signer);
    return [id, joinContainer(await encryptJws(jws, loadJwk(pki.backend.encryptionPublic)), [sealed])];
  }

  type Fields = Record<string, unknown>;
  const firstBlob = (manifest: Fields) => (manifest.blobs as Fields[])[0]!;
  const withBlob = (change: Fields) => (manifest: Fields) => ({
    blobs: [{ ...firstBlob(manifest), ...change }],
  });
  const CHANGES: readonly (readonly [code: string, change: (manifest: Fields) => Fields])[] = [
    ['schema_version_unsupported', () => ({ schemaVersion: 0 })],
    ['schema_invalid', () => ({ boot: 0 })],
    ['schema_invalid', () => ({ more: true })],
    ['subject_mismatch', () => ({ kiosk: 'kiosk-2' })],
    ['subject_mismatch', () => ({ office: 'hue' })],
    ['id_mismatch', () => ({ packetId: uuid7() })],
    ['blob_hash_mismatch', withBlob({ sha256: 'b'.repeat(64) })],
    ['blob_length_mismatch', withBlob({ bytes: 4_999 })],
    ['blob_decrypt_failed', withBlob({ name: 'finger-3' })],
    ['blob_duplicate', manifest => ({ blobs: [firstBlob(manifest), firstBlob(manifest)] })],
    [
      'blob_nonce_reused',
      manifest => ({ blobs: [firstBlob(manifest), { ...firstBlob(manifest), name: 'other' }] }),
    ],
    [
      'blob_unknown',
      manifest => ({ samples: [{ ...(manifest.samples as Fields[])[0], image: 'finger-9' }] }),
    ],
    [
      'blob_unknown',
      manifest => ({ samples: [{ ...(manifest.samples as Fields[])[0], minutiae: 'finger-2-minutiae' }] }),
    ],
  ];

  test('for each way in which its content can be wrong', async () => {
    await using backend = await backendWith();
    await using kiosk = await kioskEnd();
    for (const [code, change] of CHANGES) {
      const [id, container] = await handmade(kiosk, change);
      expect(await lastReceipt(kiosk, id, container), code).toMatchObject({
        state: 'rejected',
        code,
        packetId: id,
      });
    }
    expect(backend.count()).toBe(0);
    expect(backend.refusals().map(refusal => refusal.code)).toEqual(CHANGES.map(([code]) => code));
  });

  test.each([
    ['expired', 'certificate_expired'],
    ['foreign-root', 'chain_untrusted'],
    ['foreign-office', 'chain_untrusted'],
    ['wrong-subject', 'subject_mismatch'],
  ] as const)('for a kiosk whose certificate is %s', async (fault, code) => {
    await using _backend = await backendWith();
    const bad = await makePki(pki.folder, { ...ADDRESS, kiosk: 'kiosk-bad', fault });
    await using kiosk = await kioskEnd(bad);
    const manifest = packetManifest(OFFICE, 'kiosk-bad', 1);
    const topic = topicOf({ office: OFFICE, kiosk: 'kiosk-bad' }, 'packet');
    await kiosk.client.subscribeAsync(topicOf({ office: OFFICE, kiosk: 'kiosk-bad' }, 'receipt'), { qos: 1 });
    const { container } = await kiosk.seal(manifest);
    expect(await lastReceipt(kiosk, String(manifest.packetId), container, topic)).toMatchObject({
      state: 'rejected',
      code,
    });
  });

  test('for a revoked certificate', async () => {
    await using kiosk = await kioskEnd();
    const manifest = manifestOf();
    const { container } = await kiosk.seal(manifest);
    const { serialNumber } = new X509Certificate(Buffer.from(kiosk.signer.x5c[0]!, 'base64'));
    await using _backend = await backendWith({ revoked: [serialNumber] });
    const receipt = await lastReceipt(kiosk, String(manifest.packetId), container);
    expect(receipt).toMatchObject({ state: 'rejected', code: 'certificate_revoked' });
  });

  test('for a packet on the topic of another kiosk', async () => {
    await using _backend = await backendWith();
    await using kiosk = await kioskEnd();
    const other = { office: OFFICE, kiosk: 'kiosk-2' };
    await kiosk.client.subscribeAsync(topicOf(other, 'receipt'), { qos: 1 });
    const manifest = manifestOf();
    const { container } = await kiosk.seal(manifest);
    const receipt = await lastReceipt(kiosk, String(manifest.packetId), container, topicOf(other, 'packet'));
    expect(receipt).toMatchObject({ state: 'rejected', code: 'topic_mismatch', ...other });
  });

  test('for a packet sealed to somebody else', async () => {
    await using _backend = await backendWith();
    await using kiosk = await kioskEnd();
    const manifest = manifestOf();
    const id = String(manifest.packetId);
    const jws = await signMessage(manifest, kiosk.signer);
    const container = joinContainer(await encryptJws(jws, loadJwk(pki.registry.encryptionPublic)), []);
    const receipt = await lastReceipt(kiosk, id, container);
    expect(receipt).toMatchObject({ state: 'rejected', code: 'recipient_unknown', manifestSha256: null });
  });

  test('for a signature by another key', async () => {
    await using _backend = await backendWith();
    await using kiosk = await kioskEnd();
    const manifest = manifestOf();
    const { container } = await kiosk.seal(manifest, [fingerBlob()], forgedSigner(kiosk.signer));
    const receipt = await lastReceipt(kiosk, String(manifest.packetId), container);
    expect(receipt).toMatchObject({ state: 'rejected', code: 'signature_invalid' });
  });

  test('for a sequence number used before, one too old, and an id used for something else', async () => {
    await using backend = await backendWith({ sequenceWindow: 5 });
    await using kiosk = await kioskEnd();
    const codes: unknown[] = [];
    const first = packetManifest(OFFICE, KIOSK, 100);
    const sent = [
      first,
      packetManifest(OFFICE, KIOSK, 100),
      packetManifest(OFFICE, KIOSK, 94),
      packetManifest(OFFICE, KIOSK, 101, String(first.packetId)),
      packetManifest(OFFICE, KIOSK, 96),
    ];
    for (const manifest of sent) {
      const { container } = await kiosk.seal(manifest);
      codes.push((await lastReceipt(kiosk, String(manifest.packetId), container)).code);
    }
    expect(codes).toEqual([null, 'sequence_reused', 'sequence_old', 'packet_conflict', null]);
    expect(backend.count()).toBe(2);
  });

  test('for every flipped bit, and none is accepted', async () => {
    await using backend = await backendWith();
    await using kiosk = await kioskEnd();
    const codes = new Set<unknown>();
    for (let round = 0; round < 40; round++) {
      const manifest = manifestOf();
      const { container } = await kiosk.seal(manifest, [fingerBlob(300)]);
      const at = Math.floor((round / 40) * container.length);
      container[at]! ^= 1 << (round % 8);
      const receipt = await lastReceipt(kiosk, String(manifest.packetId), container);
      expect(receipt.state).toBe('rejected');
      codes.add(receipt.code);
    }
    expect(backend.count()).toBe(0);
    expect(codes).toContain('container_malformed');
    expect(codes).toContain('decrypt_failed');
    expect(codes).toContain('blob_decrypt_failed');
  });

  test('for a container that is not what its chunks promised', async () => {
    await using _backend = await backendWith();
    await using kiosk = await kioskEnd();
    const [id, body] = [uuid7(), new Uint8Array(100)];
    const head = { id, containerSha256: sha256(body), totalBytes: 100, count: 1, index: 0 };
    const chunk = encodeChunk({ ...head, body: body.map(() => 1) });
    await kiosk.client.publishAsync(TOPIC, Buffer.from(chunk), { qos: 1 });
    expect(await kiosk.receipt(soon())).toMatchObject({ state: 'rejected', code: 'container_hash_mismatch' });
  });

  test('and noise that is no chunk is only noted', async () => {
    await using backend = await backendWith();
    await using kiosk = await kioskEnd();
    await kiosk.client.publishAsync(TOPIC, randomBytes(200), { qos: 1 });
    await backend.waitForRefusals(1, soon());
    expect(backend.refusals()).toEqual([{ ...ADDRESS, packetId: null, code: 'chunk_malformed' }]);
  });
});

describe('faults', () => {
  const sendOne = async (kiosk: KioskEnd) => {
    const manifest = manifestOf();
    const id = String(manifest.packetId);
    const { container } = await kiosk.seal(manifest);
    await kiosk.send(TOPIC, id, container);
    return { id, container };
  };

  test('silent: the packet is kept and nothing is said', async () => {
    await using backend = await backendWith({ fault: { kind: 'silent' } });
    await using kiosk = await kioskEnd();
    const { id, container } = await sendOne(kiosk);
    await backend.waitForPackets(1, soon());
    backend.setFault(null);
    expect(await lastReceipt(kiosk, id, container)).toMatchObject({ state: 'accepted' });
    expect((await backend.packets())[0]?.receiptStates).toEqual(['received', 'verified', 'accepted']);
  });

  test('drop-first-receipts: the second sending is answered', async () => {
    await using backend = await backendWith({ fault: { kind: 'drop-first-receipts' } });
    await using kiosk = await kioskEnd();
    const { id, container } = await sendOne(kiosk);
    await backend.waitForPackets(1, soon());
    expect(await lastReceipt(kiosk, id, container)).toMatchObject({ state: 'accepted' });
    expect((await backend.packets())[0]?.receiptStates).toEqual(['received', 'verified', 'accepted']);
  });

  test('duplicate-receipts: each comes twice', async () => {
    await using _backend = await backendWith({ fault: { kind: 'duplicate-receipts' } });
    await using kiosk = await kioskEnd();
    await sendOne(kiosk);
    const states = [];
    for (let index = 0; index < 6; index++) states.push((await kiosk.receipt(soon())).state);
    expect(states).toEqual(['received', 'received', 'verified', 'verified', 'accepted', 'accepted']);
  });

  test('forged-receipts: no signature holds', async () => {
    await using _backend = await backendWith({ fault: { kind: 'forged-receipts' } });
    await using kiosk = await kioskEnd();
    await sendOne(kiosk);
    await expect(kiosk.receipt(soon())).rejects.toThrow('signature_invalid');
  });

  test('lose-chunks: they are asked for, and the packet is then whole', async () => {
    await using _backend = await backendWith({
      fault: { kind: 'lose-chunks', chunks: [1, 2] },
      resendAfterMs: 100,
    });
    await using kiosk = await kioskEnd();
    const { id, container } = await sendOne(kiosk);
    const resend = await kiosk.receipt(soon());
    expect(resend).toMatchObject({ state: 'resend', chunks: [1, 2], packetId: id, manifestSha256: null });
    await kiosk.send(TOPIC, id, container, { only: [1, 2] });
    expect((await kiosk.receiptsUntil(['accepted'], soon())).at(-1)).toMatchObject({ packetId: id });
  });

  test('answer: rejects, or asks to capture again, as told', async () => {
    await using backend = await backendWith({ fault: { kind: 'answer', state: 'recapture', code: 'face' } });
    await using kiosk = await kioskEnd();
    await sendOne(kiosk);
    expect(await kiosk.receipt(soon())).toMatchObject({ state: 'recapture', code: 'face' });
    expect(backend.count()).toBe(0);
  });
});

test('what the store holds on disk is sealed', async () => {
  const store = join(folder, 'sealed.sqlite');
  await using kiosk = await kioskEnd();
  const canary = Buffer.from('CANARY-OF-A-FINGER'.repeat(20));
  {
    await using _backend = await backendWith({ store });
    const manifest = manifestOf();
    const { container } = await kiosk.seal(manifest, [{ ...fingerBlob(), bytes: new Uint8Array(canary) }]);
    await kiosk.send(TOPIC, String(manifest.packetId), container);
    await kiosk.receiptsUntil(['accepted'], soon());
  }
  const files = readdirSync(folder).filter(name => name.startsWith('sealed.sqlite'));
  expect(files.length).toBeGreaterThan(0);
  for (const name of files) expect(readFileSync(join(folder, name)).includes('CANARY')).toBe(false);
});

// The reader must not depend on how a cipher object is used elsewhere: a wrong key alone has to be enough to fail.
test('a blob under another key is refused', async () => {
  await using _backend = await backendWith();
  await using kiosk = await kioskEnd();
  const manifest = manifestOf();
  const id = String(manifest.packetId);
  const { entry } = sealBlob(id, randomBytes(32), fingerBlob(64));
  const cipher = createCipheriv('aes-256-gcm', randomBytes(32), Buffer.from(entry.nonce, 'base64url'));
  const sealed = Buffer.concat([cipher.update(randomBytes(64)), cipher.final(), cipher.getAuthTag()]);
  const contentKey = randomBytes(32).toString('base64url');
  const jws = await signMessage({ ...manifest, contentKey, blobs: [entry] }, kiosk.signer);
  const container = joinContainer(await encryptJws(jws, loadJwk(pki.backend.encryptionPublic)), [sealed]);
  expect(await lastReceipt(kiosk, id, container)).toMatchObject({
    state: 'rejected',
    code: 'blob_decrypt_failed',
  });
});
