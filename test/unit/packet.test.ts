import 'reflect-metadata';
import { randomBytes, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import fc from 'fast-check';
import { CompactEncrypt } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../agent/packet/canonical.ts';
import { decodeContainer, encodeContainer } from '../../agent/packet/container.ts';
import { PacketError } from '../../agent/packet/errors.ts';
import { signJws } from '../../agent/packet/jws.ts';
import { openSealed } from '../../agent/packet/open.ts';
import { type ManifestDraft, type SealedMessage, seal } from '../../agent/packet/seal.ts';
import { type DecryptionKey, makeAnswerKey, type Recipient, type Signer } from '../../agent/packet/signer.ts';
import { packetDraft, requestDraft } from '../fixtures/messages.ts';
import {
  certify,
  decryptionKeyOf,
  type Holder,
  KIOSK,
  makePki,
  OFFICE,
  signerOf,
  type TestPki,
} from '../fixtures/pki.ts';

const BLOBS = [
  { name: 'finger-1', mediaType: 'application/vnd.iso.19794-4', bytes: new Uint8Array(randomBytes(700)) },
  { name: 'face', mediaType: 'application/vnd.iso.19794-5', bytes: new Uint8Array(randomBytes(300)) },
];
const HERE = { kiosk: KIOSK, office: OFFICE };

let pki: TestPki;
let backendKey: DecryptionKey & Recipient;
let signer: Signer;
let sealed: SealedMessage;

beforeAll(async () => {
  pki = await makePki();
  backendKey = await decryptionKeyOf(pki.backend);
  signer = signerOf(pki.kiosk, pki.office);
  sealed = await seal(packetDraft(), BLOBS, signer, backendKey);
});

const trust = () => ({ roots: [pki.root.der] });

function open(
  container: Uint8Array,
  over: { keys?: DecryptionKey[]; now?: Date; revokedSerials?: Set<string> } = {},
) {
  const { revokedSerials } = over;
  const reader = {
    keys: over.keys ?? [backendKey],
    trust: revokedSerials === undefined ? trust() : { ...trust(), revokedSerials },
    now: over.now ?? new Date(),
  };
  return openSealed(container, reader, { type: 'vantay.packet', kiosk: HERE });
}

/** The code a reader refuses with, or 'opened'. Anything but a PacketError fails the test. */
async function codeOf(opening: Promise<unknown>): Promise<string> {
  try {
    await opening;
    return 'opened';
  } catch (error) {
    if (error instanceof PacketError) return error.code;
    throw error;
  }
}

/** Seals by hand what seal() would refuse to. */
async function forge(
  payload: string,
  by: Signer,
  type = 'vantay.packet',
  header: object = {},
): Promise<Uint8Array> {
  const jws = await signJws(type, payload, by);
  const jwe = await new CompactEncrypt(Buffer.from(jws))
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: backendKey.kid, ...header })
    .encrypt(backendKey.publicKey);
  return encodeContainer(jwe, []);
}

const bare = (over: object = {}) => ({
  ...packetDraft(),
  contentKey: Buffer.alloc(32).toString('base64url'),
  blobs: [],
  ...over,
});

describe('a sealed packet', () => {
  it('opens to exactly what was sealed', async () => {
    const draft = packetDraft(7);
    const message = await seal(draft, BLOBS, signer, backendKey);
    const opened = await open(message.container);
    expect(opened.manifest).toMatchObject(draft);
    expect(opened.manifestSha256).toBe(message.manifestSha256);
    expect(opened.signer).toMatchObject({ commonName: KIOSK, office: OFFICE });
    expect([...opened.blobs.keys()]).toEqual(['finger-1', 'face']);
    for (const blob of BLOBS) expect(Buffer.from(opened.blobs.get(blob.name)!).equals(blob.bytes)).toBe(true);
  });

  it('holds nothing readable of the applicant or the images', () => {
    const text = Buffer.from(sealed.container).toString('latin1');
    expect(text).not.toContain('SPECIMEN');
    expect(text).not.toContain(Buffer.from(BLOBS[0]!.bytes.subarray(0, 16)).toString('latin1'));
  });

  it('is refused after any single bit was flipped', async () => {
    const container = Buffer.from(sealed.container);
    await fc.assert(
      fc.asyncProperty(fc.nat(container.length * 8 - 1), async bit => {
        const altered = Buffer.from(container);
        altered[bit >> 3] = altered[bit >> 3]! ^ (1 << (bit & 7));
        expect(await codeOf(open(altered))).toMatch(/^PACKET_/);
      }),
      { numRuns: 300 },
    );
  });

  it('is refused when cut anywhere, and when anything follows', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(sealed.container.length - 1), async length => {
        expect(await codeOf(open(sealed.container.subarray(0, length)))).toBe('PACKET_TRUNCATED');
      }),
      { numRuns: 60 },
    );
    expect(await codeOf(open(Buffer.concat([sealed.container, Buffer.alloc(1)])))).toBe(
      'PACKET_TRAILING_BYTES',
    );
  });

  it('names each alteration of the container', async () => {
    const { jwe, body } = decodeContainer(sealed.container);
    const [header, ...rest] = jwe.split('.') as [string, ...string[]];
    const withHeader = (over: object) => {
      const value = { ...JSON.parse(Buffer.from(header, 'base64url').toString()), ...over };
      return encodeContainer([Buffer.from(JSON.stringify(value)).toString('base64url'), ...rest].join('.'), [
        body,
      ]);
    };
    expect(await codeOf(open(Buffer.from('not a packet at all')))).toBe('PACKET_FORMAT');
    expect(await codeOf(open(encodeContainer('a.b', [])))).toBe('PACKET_JWE_MALFORMED');
    expect(await codeOf(open(withHeader({ alg: 'RSA-OAEP-256' })))).toBe('PACKET_JWE_ALGORITHM');
    expect(await codeOf(open(withHeader({ zip: 'DEF' })))).toBe('PACKET_JWE_ALGORITHM');
    expect(await codeOf(open(withHeader({ kid: 'other' })))).toBe('PACKET_WRONG_RECIPIENT');
    expect(await codeOf(open(withHeader({ added: 1 })))).toBe('PACKET_DECRYPTION');
    const first = Buffer.from(body);
    first[0] = first[0]! ^ 1;
    expect(await codeOf(open(encodeContainer(jwe, [first])))).toBe('PACKET_BLOB');
    const swapped = Buffer.concat([body.subarray(716), body.subarray(0, 716)]);
    expect(await codeOf(open(encodeContainer(jwe, [swapped])))).toBe('PACKET_BLOB');
  });

  it('is not opened by somebody else’s key', async () => {
    const registryKey = await decryptionKeyOf(pki.registry);
    expect(await codeOf(open(sealed.container, { keys: [registryKey] }))).toBe('PACKET_WRONG_RECIPIENT');
    const impostor = { kid: backendKey.kid, privateKey: registryKey.privateKey };
    expect(await codeOf(open(sealed.container, { keys: [impostor] }))).toBe('PACKET_DECRYPTION');
  });

  it('is refused when the manifest is not what a kiosk may say', async () => {
    const code = async (manifest: object, type?: string) =>
      codeOf(open(await forge(canonicalJson(manifest), signer, type)));
    expect(await code(bare())).toBe('opened');
    expect(await code(bare({ schemaVersion: 0 }))).toBe('PACKET_SCHEMA_VERSION');
    expect(await code(bare({ sequence: 0 }))).toBe('PACKET_SCHEMA');
    expect(await code(bare({ added: true }))).toBe('PACKET_SCHEMA');
    expect(await code(bare({ type: 'vantay.record-request' }))).toBe('PACKET_TYPE');
    expect(await code(bare(), 'vantay.receipt')).toBe('PACKET_TYPE');
    expect(await code(bare({ kiosk: 'kiosk-2' }))).toBe('PACKET_WRONG_SIGNER');
    expect(await code(bare({ office: 'saigon' }))).toBe('PACKET_WRONG_SIGNER');
    const loose = JSON.stringify(bare(), null, 1);
    expect(await codeOf(open(await forge(loose, signer)))).toBe('PACKET_NOT_CANONICAL');
    const doubled = canonicalJson(bare()).replace('{', '{"agentVersion":"1",');
    expect(await codeOf(open(await forge(doubled, signer)))).toBe('PACKET_NOT_CANONICAL');
    expect(
      await codeOf(
        open(
          await forge(
            canonicalJson({
              ...requestDraft((await makeAnswerKey()).answerKey),
              contentKey: bare().contentKey,
              blobs: [],
            }),
            signer,
          ),
        ),
      ),
    ).toBe('PACKET_TYPE');
  });

  it('is refused when it comes on another kiosk’s topic', async () => {
    const reader = { keys: [backendKey], trust: trust(), now: new Date() };
    const elsewhere = { type: 'vantay.packet', kiosk: { kiosk: 'kiosk-2', office: OFFICE } } as const;
    expect(await codeOf(openSealed(sealed.container, reader, elsewhere))).toBe('PACKET_WRONG_KIOSK');
    expect(
      await codeOf(openSealed(sealed.container, reader, { type: 'vantay.packet', id: bare().packetId })),
    ).toBe('PACKET_WRONG_ID');
    expect(await codeOf(openSealed(sealed.container, reader, { type: 'vantay.record-answer' }))).toBe(
      'PACKET_TYPE',
    );
  });

  it('is not made from a draft that does not fit, nor with two blobs of one name', async () => {
    const wrong = { ...packetDraft(), sequence: 0 } as ManifestDraft;
    expect(await codeOf(seal(wrong, [], signer, backendKey))).toBe('PACKET_DRAFT');
    expect(await codeOf(seal(packetDraft(), [BLOBS[0]!, BLOBS[0]!], signer, backendKey))).toBe(
      'PACKET_BLOB_NAME',
    );
  });
});

describe('the signer’s chain', () => {
  const by = async (...chain: [Holder, ...Holder[]]) =>
    codeOf(open(await forge(canonicalJson(bare()), signerOf(chain[0], ...chain.slice(1)))));
  const SUBJECT = `CN=${KIOSK}, OU=${OFFICE}`;
  const past = new Date(Date.now() - 1000);

  it('is refused with its own code for each fault', async () => {
    const stranger = await certify('CN=Test root', null);
    expect(await by(await certify(SUBJECT, stranger))).toBe('PACKET_UNTRUSTED');
    expect(await by(pki.kiosk)).toBe('PACKET_UNTRUSTED');
    expect(await by(await certify(SUBJECT, pki.root))).toBe('opened');
    expect(await by(await certify(SUBJECT, pki.office, { notAfter: past }), pki.office)).toBe(
      'PACKET_CERTIFICATE_EXPIRED',
    );
    const later = await certify(SUBJECT, pki.office, { notBefore: new Date(Date.now() + 60_000) });
    expect(await by(later, pki.office)).toBe('PACKET_CERTIFICATE_NOT_YET_VALID');
    expect(await by(await certify(SUBJECT, pki.kiosk), pki.kiosk, pki.office)).toBe('PACKET_UNTRUSTED');
    const half = await certify(`CN=Half, OU=${OFFICE}`, pki.root, {
      ca: false,
      usages: x509.KeyUsageFlags.keyCertSign,
    });
    expect(await by(await certify(SUBJECT, half), half)).toMatch(/^PACKET_(UNTRUSTED|CERTIFICATE)$/);
    expect(await by(await certify(SUBJECT, pki.root, { ca: true }))).toBe('PACKET_CERTIFICATE');
    expect(await by(await certify(SUBJECT, pki.root, { curve: 'P-384' }))).toBe('PACKET_CERTIFICATE');
    const noSigning = await certify(SUBJECT, pki.root, { usages: x509.KeyUsageFlags.keyEncipherment });
    expect(await by(noSigning)).toBe('PACKET_CERTIFICATE');
    const odd = new x509.Extension('1.2.3.4', true, new Uint8Array([5, 0]));
    expect(await by(await certify(SUBJECT, pki.root, { extensions: [odd] }))).toBe('PACKET_CERTIFICATE');
  });

  it('keeps every office to itself', async () => {
    expect(await by(await certify(`CN=${KIOSK}, OU=saigon`, pki.office), pki.office)).toBe(
      'PACKET_WRONG_SIGNER',
    );
    expect(await by(await certify('CN=kiosk-2, OU=hanoi', pki.office), pki.office)).toBe(
      'PACKET_WRONG_SIGNER',
    );
    const saigon = await certify('CN=Office, OU=saigon', pki.root, { ca: true });
    expect(await by(await certify(SUBJECT, saigon), saigon)).toBe('PACKET_WRONG_SIGNER');
    const deep = await certify(`CN=Sub, OU=${OFFICE}`, pki.office, { ca: true });
    expect(await by(await certify(SUBJECT, deep), deep, pki.office)).toBe('PACKET_CERTIFICATE');
  });

  it('is refused after a revocation, and when a stranger signs with a trusted chain', async () => {
    const serial = new X509Certificate(pki.kiosk.der).serialNumber.toLowerCase();
    expect(await codeOf(open(sealed.container, { revokedSerials: new Set([serial]) }))).toBe(
      'PACKET_CERTIFICATE_REVOKED',
    );
    const borrowed: Signer = { ...signer, sign: bytes => signerOf(pki.registry).sign(bytes) };
    expect(await codeOf(open(await forge(canonicalJson(bare()), borrowed)))).toBe('PACKET_SIGNATURE');
  });

  it('is judged at the time the reader names', async () => {
    const then = new Date(Date.now() + 400 * 86_400_000);
    expect(await codeOf(open(sealed.container, { now: then }))).toBe('PACKET_CERTIFICATE_EXPIRED');
  });
});
