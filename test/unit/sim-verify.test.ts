import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadSigningKey } from '../../backend/sealed/jws.ts';
import { loadJwk } from '../../backend/sealed/keys.ts';
import { sealMessage } from '../../backend/sealed/seal.ts';
import { makePki } from '../../sim/pki/make.ts';
import type { PkiPaths } from '../../sim/pki/paths.ts';
import { fingerBlob, packetManifest } from '../flow/sim-backend-kiosk.ts';

const TOOL = join(import.meta.dirname, '../../backend/verify.ts');
const manifest = packetManifest('hanoi', 'kiosk-1', 7);

let folder: string;
let pki: PkiPaths;
let container: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-verify-'));
  pki = await makePki(folder, { office: 'hanoi', kiosk: 'kiosk-1' });
  const signer = loadSigningKey(pki.kiosk.signing.chain, pki.kiosk.signing.key);
  const recipient = loadJwk(pki.backend.encryptionPublic);
  const sealed = await sealMessage({
    id: String(manifest.packetId),
    manifest,
    blobs: [fingerBlob()],
    signer,
    recipient,
  });
  container = join(folder, 'packet.vsm');
  writeFileSync(container, sealed.container);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function verify(file: string, more: readonly string[] = []): Promise<{ code: number; out: string }> {
  const schema = join(import.meta.dirname, '../../agent/contract/generated/packet.schema.json');
  const given = [
    '--container',
    file,
    '--key',
    pki.backend.encryption,
    '--root',
    pki.root.chain,
    '--schema',
    schema,
  ];
  return promisify(execFile)(process.execPath, [TOOL, ...given, ...more]).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    (error: { code: number; stdout: string }) => ({ code: error.code, out: error.stdout }),
  );
}

test('a good packet is summed up without anything about the person', async () => {
  const { code, out } = await verify(container);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    ok: true,
    packetId: manifest.packetId,
    sequence: 7,
    signatory: { commonName: 'kiosk-1', organizationalUnit: 'hanoi' },
    decision: 'match',
    blobs: [{ name: 'finger-2', bytes: 5_000 }],
  });
  expect(out).not.toMatch(/CANARY|L898902C3|1990-01-02/);
});

test('a damaged packet, and a time outside the certificates, end with 1 and a code', async () => {
  const damaged = join(folder, 'damaged.vsm');
  const bytes = readFileSync(container);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(damaged, bytes);
  expect(await verify(damaged)).toEqual({
    code: 1,
    out: expect.stringContaining('"code":"blob_decrypt_failed"'),
  });
  const late = await verify(container, ['--at', '2099-01-01T00:00:00Z']);
  expect(late).toEqual({ code: 1, out: expect.stringContaining('"code":"certificate_expired"') });
});
