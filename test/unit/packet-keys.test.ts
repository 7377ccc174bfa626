import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../agent/packet/canonical.ts';
import { signJws, verifyJws } from '../../agent/packet/jws.ts';
import { decryptionKeyFromJwk, makeAnswerKey, recipientFromJwk } from '../../agent/packet/signer.ts';
import { KIOSK, makePki, OFFICE, signerOf } from '../fixtures/pki.ts';

describe('a signer', () => {
  it('signs what its chain verifies', async () => {
    const pki = await makePki();
    const jws = await signJws('vantay.test', canonicalJson({ a: 1 }), signerOf(pki.kiosk, pki.office));
    const { payload, signer } = verifyJws(jws, 'vantay.test', { roots: [pki.root.der] }, new Date());
    expect(payload).toBe('{"a":1}');
    expect(signer).toMatchObject({ commonName: KIOSK, office: OFFICE });
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
