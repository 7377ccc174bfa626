import { randomBytes, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { sealBlob } from '../../backend/sealed/blob.ts';
import { encodeChunk } from '../../backend/sealed/chunk.ts';
import { joinContainer } from '../../backend/sealed/container.ts';
import { forgedSigner, signMessage } from '../../backend/sealed/jws.ts';
import { loadJwk } from '../../backend/sealed/keys.ts';
import { encryptJws } from '../../backend/sealed/seal.ts';
import { topicOf } from '../../sim/broker/topics.ts';
import { makePki } from '../../sim/pki/make.ts';
import { fingerBlob, type KioskEnd, packetManifest, sha256, uuid7 } from './sim-backend-kiosk.ts';
import {
  ADDRESS,
  backendWith,
  KIOSK,
  kioskEnd,
  lastReceipt,
  manifestOf,
  OFFICE,
  pki,
  soon,
  TOPIC,
  useBackendWorld,
} from './sim-backend-world.ts';

useBackendWorld();

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
