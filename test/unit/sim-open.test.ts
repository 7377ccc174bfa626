import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactEncrypt, CompactSign, importJWK, type JWK } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { joinContainer } from '../../backend/sealed/container.ts';
import { loadSigningKey, type SigningKey, signMessage } from '../../backend/sealed/jws.ts';
import { loadJwk } from '../../backend/sealed/keys.ts';
import { type OpenContext, openManifest } from '../../backend/sealed/open.ts';
import { encryptJws } from '../../backend/sealed/seal.ts';
import { makePki } from '../../sim/pki/make.ts';

const MESSAGE = { type: 'vantay.packet', schemaVersion: 1, a: 1 };
const HEADER = { alg: 'ECDH-ES+A256KW', enc: 'A256GCM', cty: 'JWS' };

let folder: string;
let signer: SigningKey;
let recipient: JWK;
let context: OpenContext;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-open-'));
  const pki = await makePki(folder, { office: 'hanoi', kiosk: 'kiosk-1' });
  signer = loadSigningKey(pki.kiosk.signing.chain, pki.kiosk.signing.key);
  recipient = loadJwk(pki.backend.encryptionPublic);
  context = {
    keys: [loadJwk(pki.backend.encryption)],
    trust: { root: new X509Certificate(readFileSync(pki.root.chain)) },
    type: 'vantay.packet',
    schema: () => null,
    at: new Date(),
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A JWS of any text under any header. */
const jwsOf = (text: string, header: object = {}): Promise<string> =>
  new CompactSign(Buffer.from(text))
    .setProtectedHeader({ alg: 'ES256', typ: 'vantay.packet', x5c: [...signer.x5c], ...header })
    .sign(signer.key);

async function codeOf(jws: string): Promise<string> {
  const container = joinContainer(await encryptJws(jws, recipient), []);
  return openManifest(container, context).then(
    () => 'opened',
    (error: { code: string; manifestSha256: string | null }) => {
      // The manifest was decrypted, so a receipt can name it.
      expect(error.manifestSha256).toMatch(/^[0-9a-f]{64}$/);
      return error.code;
    },
  );
}

test('what is signed as it should be opens', async () => {
  expect(await codeOf(await signMessage(MESSAGE, signer))).toBe('opened');
});

test.each([
  ['white space', '{"a": 1,"schemaVersion":1,"type":"vantay.packet"}', 'manifest_not_canonical'],
  ['keys out of order', '{"type":"vantay.packet","schemaVersion":1}', 'manifest_not_canonical'],
  ['a doubled key', '{"schemaVersion":2,"schemaVersion":1,"type":"vantay.packet"}', 'manifest_not_canonical'],
  ['no JSON', '{', 'manifest_malformed'],
  ['a list', '[]', 'manifest_malformed'],
  ['another type', '{"schemaVersion":1,"type":"vantay.receipt"}', 'type_unexpected'],
  ['an older version', '{"schemaVersion":0,"type":"vantay.packet"}', 'schema_version_unsupported'],
])('signed content with %s is refused', async (_what, text, code) => {
  expect(await codeOf(await jwsOf(text))).toBe(code);
});

test('signatures of another kind are refused', async () => {
  const text = '{"schemaVersion":1,"type":"vantay.packet"}';
  expect(await codeOf(await jwsOf(text, { typ: 'vantay.receipt' }))).toBe('type_unexpected');
  expect(await codeOf(await jwsOf(text, { x5c: undefined }))).toBe('chain_malformed');
  const [, payload] = (await jwsOf(text)).split('.');
  const none = Buffer.from('{"alg":"none","typ":"vantay.packet"}').toString('base64url');
  expect(await codeOf(`${none}.${payload}.`)).toBe('algorithm_refused');
  expect(await codeOf('a.b')).toBe('jws_malformed');
  expect(await codeOf(`${await jwsOf(text)}=`)).toBe('jws_malformed');
});

test('a schema that does not fit is named by its place', async () => {
  const container = joinContainer(await encryptJws(await signMessage(MESSAGE, signer), recipient), []);
  const opening = openManifest(container, { ...context, schema: () => '/a type' });
  await expect(opening).rejects.toThrow('schema_invalid: /a type');
});

test.each([
  ['another content encryption', { ...HEADER, enc: 'A128GCM' }, 'algorithm_refused'],
  ['another key agreement', { ...HEADER, alg: 'ECDH-ES+A128KW' }, 'algorithm_refused'],
  ['no content type', { alg: HEADER.alg, enc: HEADER.enc }, 'algorithm_refused'],
  ['another key', { ...HEADER, kid: 'other' }, 'recipient_unknown'],
  ['no key', { ...HEADER, kid: undefined }, 'recipient_unknown'],
])('encryption with %s is refused', async (_what, header, code) => {
  const named = 'kid' in header ? header : { ...header, kid: recipient.kid! };
  const jwe = await new CompactEncrypt(Buffer.from(await signMessage(MESSAGE, signer)))
    .setProtectedHeader(named as { alg: string; enc: string })
    .encrypt(await importJWK(recipient, header.alg));
  await expect(openManifest(joinContainer(jwe, []), context)).rejects.toThrow(
    expect.objectContaining({ code }),
  );
});
