import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { verifyChain } from '../../backend/sealed/chain.ts';
import { loadSigningKey } from '../../backend/sealed/jws.ts';
import { makePki } from '../../sim/pki/make.ts';
import type { PkiPaths } from '../../sim/pki/paths.ts';

const NAMES = { office: 'hanoi', kiosk: 'kiosk-1' };

let folder: string;
let paths: PkiPaths;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-pki-'));
  paths = await makePki(folder, NAMES);
});
afterAll(() => rmSync(folder, { recursive: true }));

const certificate = (path: string): X509Certificate => new X509Certificate(readFileSync(path));
const chainOf = (set: PkiPaths) => loadSigningKey(set.kiosk.signing.chain, set.kiosk.signing.key);
const check = (set: PkiPaths, at = new Date()) =>
  verifyChain(chainOf(set).x5c, { root: certificate(paths.root.chain) }, at);

test('a kiosk is vouched for by its office and the root; the services by the root alone', () => {
  expect(chainOf(paths).x5c).toHaveLength(2);
  expect(check(paths).signatory).toMatchObject({ commonName: 'kiosk-1', organizationalUnit: 'hanoi' });
  for (const name of ['backend', 'registry'] as const) {
    const { x5c } = loadSigningKey(paths[name].signing.chain, paths[name].signing.key);
    expect(x5c).toHaveLength(1);
    const { signatory } = verifyChain(x5c, { root: certificate(paths.root.chain) }, new Date());
    expect(signatory).toMatchObject({ commonName: name, organizationalUnit: null });
  }
});

test('encryption keys carry their thumbprint, and only the private file the secret', async () => {
  const secret = JSON.parse(readFileSync(paths.backend.encryption, 'utf8')) as JWK;
  const open = JSON.parse(readFileSync(paths.backend.encryptionPublic, 'utf8')) as JWK;
  expect(open.kid).toBe(await calculateJwkThumbprint(open));
  expect(open.d).toBeUndefined();
  expect(secret).toMatchObject({ ...open, d: expect.any(String) });
});

test('the broker certificate names the machine itself, and its authority is not the root', () => {
  const server = certificate(paths.mqttServer.chain);
  expect(server.checkHost('localhost')).toBe('localhost');
  expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(server.verify(certificate(paths.mqttAuthority.chain).publicKey)).toBe(true);
  expect(server.verify(certificate(paths.root.chain).publicKey)).toBe(false);
  expect(
    certificate(paths.kiosk.mqtt.chain).checkPrivateKey(createPrivateKey(readFileSync(paths.kiosk.mqtt.key))),
  ).toBe(true);
});

test('files are for their owner only', () => {
  for (const path of [
    paths.root.key,
    paths.kiosk.signing.key,
    paths.backend.encryption,
    paths.mqttServer.key,
  ])
    expect(statSync(path).mode & 0o777, path).toBe(0o600);
});

test('a set that serves is kept; what is damaged, or about to expire, is made anew', async () => {
  const before = readFileSync(paths.kiosk.signing.chain, 'utf8');
  await makePki(folder, NAMES);
  expect(readFileSync(paths.kiosk.signing.chain, 'utf8')).toBe(before);

  writeFileSync(paths.kiosk.signing.chain, 'damaged');
  await makePki(folder, NAMES);
  expect(check(paths).signatory.commonName).toBe('kiosk-1');

  const later = new Date(Date.now() + 364.5 * 86_400_000);
  await makePki(folder, { ...NAMES, now: later });
  expect(check(paths, new Date(later.getTime() + 86_400_000)).signatory.commonName).toBe('kiosk-1');
  await makePki(folder, NAMES);
});

test('other kiosks and offices share the root', async () => {
  const second = await makePki(folder, { office: 'hue', kiosk: 'kiosk-9' });
  expect(second.root).toEqual(paths.root);
  expect(check(second).signatory).toMatchObject({ commonName: 'kiosk-9', organizationalUnit: 'hue' });
  expect(check(paths).signatory.commonName).toBe('kiosk-1');
});

test.each([
  ['expired', 'certificate_expired'],
  ['foreign-root', 'chain_untrusted'],
  ['foreign-office', 'chain_untrusted'],
] as const)(
  'a set with the fault %s is refused as %s, and mended by making it without',
  async (fault, code) => {
    const bad = await makePki(folder, { ...NAMES, kiosk: `bad-${fault}`, fault });
    expect(() => check(bad)).toThrow(expect.objectContaining({ code }));
    const mended = await makePki(folder, { ...NAMES, kiosk: `bad-${fault}` });
    expect(check(mended).signatory.commonName).toBe(`bad-${fault}`);
  },
);

test('the fault wrong-subject names another kiosk', async () => {
  const bad = await makePki(folder, { ...NAMES, kiosk: 'bad', fault: 'wrong-subject' });
  expect(check(bad).signatory.commonName).toBe('bad-other');
});

test('a chain that is empty, has the root in it, or is no list is malformed', () => {
  const root = certificate(paths.root.chain);
  const { x5c } = chainOf(paths);
  for (const wrong of [[], 'text', [...x5c, root.raw.toString('base64')], ['AAAA'], [1]])
    expect(() => verifyChain(wrong, { root }, new Date())).toThrow(
      expect.objectContaining({ code: 'chain_malformed' }),
    );
  expect(() => verifyChain([x5c[0]], { root }, new Date())).toThrow(
    expect.objectContaining({ code: 'chain_untrusted' }),
  );
  expect(() => verifyChain([x5c[1]], { root }, new Date())).toThrow(
    expect.objectContaining({ code: 'chain_untrusted' }),
  );
});
