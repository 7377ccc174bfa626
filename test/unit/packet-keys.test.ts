import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../agent/packet/canonical.ts';
import { parseCertificates } from '../../agent/packet/certificates.ts';
import { signJws, verifyJws } from '../../agent/packet/jws.ts';
import {
  decryptionKeyFromJwk,
  loadFileSigner,
  makeAnswerKey,
  recipientFromJwk,
} from '../../agent/packet/signer.ts';
import { certify, KIOSK, makePki, OFFICE } from '../fixtures/pki.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantay-keys-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function files(keyPem: string, chainPem: string) {
  const paths = { keyPath: join(folder, 'key.pem'), certificatesPath: join(folder, 'chain.pem') };
  await Promise.all([writeFile(paths.keyPath, keyPem), writeFile(paths.certificatesPath, chainPem)]);
  return paths;
}

describe('a signer from files', () => {
  it('signs what its chain verifies', async () => {
    const pki = await makePki();
    const signer = await loadFileSigner(await files(pki.kiosk.keyPem, pki.kiosk.pem + pki.office.pem));
    const jws = await signJws('vantay.test', canonicalJson({ a: 1 }), signer);
    const { payload, signer: verified } = verifyJws(
      jws,
      'vantay.test',
      { roots: parseCertificates(pki.root.pem) },
      new Date(),
    );
    expect(payload).toBe('{"a":1}');
    expect(verified).toMatchObject({ commonName: KIOSK, office: OFFICE });
  });

  it('is refused when files are missing, broken, of another curve, or do not belong together', async () => {
    const pki = await makePki();
    const other = await certify('CN=x', pki.root, { curve: 'P-384' });
    const bad = [
      { keyPath: join(folder, 'none'), certificatesPath: join(folder, 'none') },
      await files('nonsense', pki.kiosk.pem),
    ];
    for (const one of bad) await expect(loadFileSigner(one)).rejects.toMatchObject({ code: 'PACKET_KEY' });
    for (const [key, chain] of [
      [pki.kiosk.keyPem, 'nonsense'],
      [pki.kiosk.keyPem, ''],
      [pki.backend.keyPem, pki.kiosk.pem],
      [other.keyPem, other.pem],
    ] as const) {
      await expect(loadFileSigner(await files(key, chain))).rejects.toMatchObject({ code: 'PACKET_KEY' });
    }
  });
});

describe('keys as JWK', () => {
  it('go by their own kid, or by their thumbprint', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = publicKey.export({ format: 'jwk' });
    const thumbprint = await calculateJwkThumbprint(jwk as { kty: string });
    expect((await recipientFromJwk(JSON.stringify(jwk))).kid).toBe(thumbprint);
    expect((await recipientFromJwk(JSON.stringify({ ...jwk, kid: 'backend-2026' }))).kid).toBe(
      'backend-2026',
    );
    const own = await decryptionKeyFromJwk(JSON.stringify(privateKey.export({ format: 'jwk' })));
    expect(own.kid).toBe(thumbprint);
    expect(createPublicKey(own.privateKey).equals(publicKey)).toBe(true);
  });

  it('are refused when they are of another kind', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    for (const text of ['', '{}', '[]', JSON.stringify(publicKey.export({ format: 'jwk' }))]) {
      await expect(recipientFromJwk(text)).rejects.toMatchObject({ code: 'PACKET_KEY' });
      await expect(decryptionKeyFromJwk(text)).rejects.toMatchObject({ code: 'PACKET_KEY' });
    }
  });

  it('are made anew for each request', async () => {
    const [one, two] = [await makeAnswerKey(), await makeAnswerKey()];
    expect(one.decryptionKey.kid).toBe(await calculateJwkThumbprint(one.answerKey));
    expect(one.decryptionKey.kid).not.toBe(two.decryptionKey.kid);
  });
});
