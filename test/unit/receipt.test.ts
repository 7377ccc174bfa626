import { beforeAll, describe, expect, it } from 'vitest';
import type { Receipt } from '../../agent/contract/packet.ts';
import { canonicalJson } from '../../agent/packet/canonical.ts';
import { PacketError } from '../../agent/packet/errors.ts';
import { signJws } from '../../agent/packet/jws.ts';
import { requireReceiptOf, verifyReceipt } from '../../agent/packet/receipt.ts';
import type { Signer } from '../../agent/packet/signer.ts';
import { newId } from '../fixtures/messages.ts';
import { certify, KIOSK, makePki, OFFICE, signerOf, type TestPki } from '../fixtures/pki.ts';

const HERE = { kiosk: KIOSK, office: OFFICE };
const PACKET = { id: newId(), manifestSha256: 'a'.repeat(64) };

let pki: TestPki;
beforeAll(async () => {
  pki = await makePki();
});

const receipt = (over: Partial<Receipt> = {}): Receipt => ({
  type: 'vantay.receipt',
  schemaVersion: 1,
  packetId: PACKET.id,
  ...HERE,
  manifestSha256: PACKET.manifestSha256,
  state: 'verified',
  code: null,
  chunks: null,
  issuedAt: new Date().toISOString(),
  ...over,
});

async function codeOf(jws: string | Promise<string>, now = new Date()): Promise<string> {
  try {
    const verified = verifyReceipt(await jws, { trust: { roots: [pki.root.der] }, now }, HERE);
    requireReceiptOf(verified, PACKET);
    return verified.state;
  } catch (error) {
    if (error instanceof PacketError) return error.code;
    throw error;
  }
}

const sign = (value: object, by: Signer = signerOf(pki.backend), type = 'vantay.receipt') =>
  signJws(type, canonicalJson(value), by);

describe('a receipt', () => {
  it('of the backend for this packet is believed', async () => {
    expect(await codeOf(sign(receipt()))).toBe('verified');
    expect(await codeOf(sign(receipt({ state: 'rejected', code: 'X', manifestSha256: null })))).toBe(
      'rejected',
    );
    expect(await codeOf(sign(receipt({ state: 'resend', chunks: [1], manifestSha256: null })))).toBe(
      'resend',
    );
  });

  it('of anybody else is refused', async () => {
    expect(await codeOf(sign(receipt(), signerOf(pki.kiosk, pki.office)))).toBe('PACKET_WRONG_SIGNER');
    expect(await codeOf(sign(receipt(), signerOf(pki.registry)))).toBe('PACKET_WRONG_SIGNER');
    const namesake = await certify(`CN=backend, OU=${OFFICE}`, pki.root);
    expect(await codeOf(sign(receipt(), signerOf(namesake)))).toBe('PACKET_WRONG_SIGNER');
    const byOffice = await certify('CN=backend', pki.office);
    expect(await codeOf(sign(receipt(), signerOf(byOffice, pki.office)))).toBe('PACKET_WRONG_SIGNER');
    const stranger = await certify('CN=backend', await certify('CN=Test root', null));
    expect(await codeOf(sign(receipt(), signerOf(stranger)))).toBe('PACKET_UNTRUSTED');
    const borrowed: Signer = { ...signerOf(pki.backend), sign: bytes => signerOf(pki.kiosk).sign(bytes) };
    expect(await codeOf(sign(receipt(), borrowed))).toBe('PACKET_SIGNATURE');
    const old = await certify('CN=backend', pki.root, { notAfter: new Date(Date.now() - 1) });
    expect(await codeOf(sign(receipt(), signerOf(old)))).toBe('PACKET_CERTIFICATE_EXPIRED');
  });

  it('of something else is refused', async () => {
    expect(await codeOf(sign(receipt({ packetId: newId() })))).toBe('PACKET_WRONG_ID');
    expect(await codeOf(sign(receipt({ manifestSha256: 'b'.repeat(64) })))).toBe('PACKET_WRONG_MANIFEST');
    expect(await codeOf(sign(receipt({ manifestSha256: null })))).toBe('PACKET_WRONG_MANIFEST');
    expect(await codeOf(sign(receipt({ kiosk: 'kiosk-2' })))).toBe('PACKET_WRONG_KIOSK');
    expect(await codeOf(sign(receipt({ office: 'saigon' })))).toBe('PACKET_WRONG_KIOSK');
    expect(await codeOf(sign(receipt(), signerOf(pki.backend), 'vantay.command'))).toBe('PACKET_TYPE');
    expect(await codeOf(sign({ ...receipt(), schemaVersion: 2 }))).toBe('PACKET_SCHEMA_VERSION');
    expect(await codeOf(sign({ ...receipt(), state: 'perfect' }))).toBe('PACKET_SCHEMA');
  });

  it('that was altered is refused, whichever character it was', async () => {
    const jws = await sign(receipt());
    for (let at = 0; at < jws.length; at += 7) {
      const altered = `${jws.slice(0, at)}${jws[at] === 'A' ? 'B' : 'A'}${jws.slice(at + 1)}`;
      expect(await codeOf(altered)).toMatch(/^PACKET_/);
    }
    for (const junk of ['', '..', 'a.b.c', jws.slice(0, -1), `${jws}A`, `${jws}.`, 'é.é.é']) {
      expect(await codeOf(junk)).toMatch(/^PACKET_/);
    }
  });

  it('with no algorithm, or another, is refused', async () => {
    const [, payload, signature] = (await sign(receipt())).split('.');
    for (const alg of ['none', 'HS256', 'ES384']) {
      const header = { alg, typ: 'vantay.receipt', x5c: [Buffer.from(pki.backend.der).toString('base64')] };
      const jws = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${payload}.${signature}`;
      expect(await codeOf(jws)).toBe('PACKET_JWS_ALGORITHM');
    }
  });
});
