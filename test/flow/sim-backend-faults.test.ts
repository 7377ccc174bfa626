import { createCipheriv, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sealBlob } from '../../backend/sealed/blob.ts';
import { joinContainer } from '../../backend/sealed/container.ts';
import { signMessage } from '../../backend/sealed/jws.ts';
import { loadJwk } from '../../backend/sealed/keys.ts';
import { encryptJws } from '../../backend/sealed/seal.ts';
import { fingerBlob, type KioskEnd } from './sim-backend-kiosk.ts';
import {
  backendWith,
  folder,
  kioskEnd,
  lastReceipt,
  manifestOf,
  pki,
  soon,
  TOPIC,
  useBackendWorld,
} from './sim-backend-world.ts';

useBackendWorld();

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
