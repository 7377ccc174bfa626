/** Keys on a real PKCS #11 module and a real TPM 2.0: provisioning, their failures, and whole visits signed by them. */

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pkcs11Ring } from '../../agent/keys/pkcs11-ring.ts';
import type { KeyRing } from '../../agent/keys/ring.ts';
import { tpm2Ring } from '../../agent/keys/tpm2-ring.ts';
import { chunksOf } from '../../agent/packet/chunk.ts';
import { verifyFile } from '../../backend/verify.ts';
import { makePki } from '../../sim/pki/make.ts';
import { signRequest } from '../../sim/pki/sign-request.ts';
import { play } from '../../sim/play.ts';
import { SCENARIOS } from '../../sim/scenarios/index.ts';
import { ADDRESS, keyFolder } from '../../sim/world/world.ts';
import { run } from '../fixtures/command.ts';
import { provisioningSuite } from '../fixtures/provisioning.ts';
import { makeSoftHsm, SoftTpm } from './tokens.ts';

let folder: string;
let tpm: SoftTpm;
let token: Awaited<ReturnType<typeof makeSoftHsm>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantay-keys-'));
  [token, tpm] = await Promise.all([makeSoftHsm(folder), SoftTpm.start(folder)]);
});
afterAll(async () => {
  await tpm?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

provisioningSuite('a PKCS #11 token', async () => pkcs11Ring({ ...token, keyLabel: 'suite' }));
provisioningSuite('a TPM', async () => tpm2Ring({ ...tpm.settings, handle: 0x81020020 }));

/** A visit on a machine that has much else to do, in milliseconds. */
const VISIT_DEADLINE_MS = 600_000;

/** As the uplink cuts them where the broker does not ask for less. */
const CHUNK_BYTES = 64 * 1024;

const bytes = Buffer.from('to be signed');

describe('a TPM that loses its power', () => {
  it('again and again goes on signing, where nobody can guess: such a start counts as a failed try', async () => {
    const home = join(folder, 'cut');
    const signal = AbortSignal.timeout(120_000);
    // More than swtpm allows in a row (TPM_PT_MAX_AUTH_FAIL).
    for (let cut = 0; cut < 6; cut += 1) {
      await using powered = await SoftTpm.start(home);
      const { tcti, handle } = powered.settings;
      const ring = tpm2Ring({ tcti, handle });
      const key = (await ring.list(signal))[0] ?? (await ring.make(signal));
      expect(await key.sign(bytes, signal)).toHaveLength(64);
    }
  });
});

describe('a token that fails', () => {
  const soon = () => AbortSignal.timeout(30_000);
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'done',
      (error: { code?: string }) => error.code,
    );

  it('says how, on PKCS #11', async () => {
    const settings = { ...token, keyLabel: 'failing' };
    const key = await pkcs11Ring(settings).make(soon());
    const wrongPin = join(folder, 'wrong-pin');
    await writeFile(wrongPin, '000000', { mode: 0o600 });
    const openPin = join(folder, 'open-pin');
    await writeFile(openPin, '271828', { mode: 0o644 });
    const signWith = async (change: Partial<typeof token>) => {
      const ring = pkcs11Ring({ ...settings, ...change });
      return codeOf((await ring.list(soon()))[0]!.sign(bytes, soon()));
    };
    expect(await signWith({})).toBe('done');
    expect(await signWith({ pinFile: wrongPin })).toBe('KEY_PIN_WRONG');
    expect(await signWith({ pinFile: openPin })).toBe('KEY_EXPOSED');
    expect(await signWith({ pinFile: join(folder, 'no-pin') })).toBe('KEY_PIN_MISSING');
    const list = (change: Partial<typeof token>) =>
      codeOf(pkcs11Ring({ ...settings, ...change }).list(soon()));
    expect(await list({ tokenLabel: 'unplugged' })).toBe('KEY_TOKEN_MISSING');
    expect(await list({ moduleFile: join(folder, 'no-module.so') })).toBe('KEY_TOKEN_MISSING');
    await pkcs11Ring(settings).remove(key, soon());
    expect(await codeOf(key.sign(bytes, soon()))).toBe('KEY_NOT_FOUND');
  });

  it('says how, on a TPM; and a frozen one stops nothing but the signature', async () => {
    const settings = { ...tpm.settings, handle: 0x81020030 };
    const key = await tpm2Ring(settings).make(soon());
    const wrong = join(folder, 'wrong-auth');
    await writeFile(wrong, 'wrong', { mode: 0o600 });
    const signWith = async (ring: KeyRing) => codeOf((await ring.list(soon()))[0]!.sign(bytes, soon()));
    expect(await signWith(tpm2Ring(settings))).toBe('done');
    expect(await signWith(tpm2Ring({ ...settings, authFile: wrong }))).toBe('KEY_PIN_WRONG');
    expect(await codeOf(tpm2Ring({ ...settings, tcti: `swtpm:path=${folder}/none` }).list(soon()))).toBe(
      'KEY_TOKEN_MISSING',
    );

    tpm.freeze();
    const impatient = key.sign(bytes, AbortSignal.timeout(500));
    await expect(impatient).rejects.toMatchObject({ name: 'TimeoutError' });
    tpm.thaw();
    expect(await codeOf(key.sign(bytes, soon()))).toBe('done');

    await tpm2Ring(settings).remove(key, soon());
    expect(await codeOf(key.sign(bytes, soon()))).toBe('KEY_NOT_FOUND');
    // The TPM refuses even the right value after too many wrong ones.
    const again = await tpm2Ring(settings).make(soon());
    const [stubborn] = await tpm2Ring({ ...settings, authFile: wrong }).list(soon());
    let last: string | undefined;
    for (let tries = 0; tries < 40 && last !== 'KEY_PIN_LOCKED'; tries += 1)
      last = await codeOf(stubborn!.sign(bytes, soon()));
    expect(await codeOf(again.sign(bytes, soon()))).toBe('KEY_PIN_LOCKED');
  });
});

describe('a whole visit', () => {
  const SCHEMA = fileURLToPath(new URL('../../agent/contract/generated/packet.schema.json', import.meta.url));

  it.each(['pkcs11', 'tpm2'] as const)(
    'is signed by %s, provisioned on the command line',
    async kind => {
      await using own = await SoftTpm.start(join(folder, kind));
      const home = join(folder, `visit-${kind}`);
      const pki = await makePki(keyFolder(home), ADDRESS);
      const file = (name: string) => join(home, 'own', name);
      const keys = {
        trustRootFile: file('root.pem'),
        certificateChainFile: file('kiosk.pem'),
        backendEncryptionKeyFile: file('backend.jwks'),
        registryEncryptionKeyFile: file('registry.jwks'),
        [kind]: kind === 'pkcs11' ? token : own.settings,
      };
      const settings = join(home, 'provision.yaml');
      const devices = {
        fingerScanner: { kind: 'r30x', path: 'none' },
        camera: { kind: 'mjpeg-http', url: 'http://127.0.0.1:9' },
        documentReader: { kind: 'serial-mrz', path: 'none' },
      };
      const mqtt = { url: 'mqtt://127.0.0.1:9' };
      // JSON is YAML.
      await writeFile(settings, JSON.stringify({ ...ADDRESS, stateDir: file('state'), mqtt, keys, devices }));
      const request = file('request.pem');
      const made = await run(['provision', 'request', '--config', settings, '--out', request]);
      expect(made, made.stderr).toMatchObject({ code: 0 });
      const chain = file('chain.pem');
      await writeFile(chain, await signRequest(pki.folder, await readFile(request, 'utf8'), ADDRESS));
      const installed = await run([
        ...[
          'provision',
          'install',
          '--config',
          settings,
          '--json',
          '--chain',
          chain,
          '--root',
          pki.root.chain,
        ],
        ...['--backend-key', pki.backend.encryptionPublic, '--registry-key', pki.registry.encryptionPublic],
      ]);
      expect(installed, installed.stderr).toMatchObject({ code: 0 });
      expect(JSON.parse(installed.stdout).changed).toHaveLength(4);

      const happy = SCENARIOS.find(({ name }) => name === 'happy')!;
      const signal = AbortSignal.timeout(VISIT_DEADLINE_MS);
      const patient = { screen: { port: 0, stepTimeoutSeconds: 900 } };
      const config = { keys, ...patient };
      const { result, complaint } = await play({ scenario: happy, signal, folder: home, config });
      expect(complaint).toBeNull();
      expect(result).toMatchObject({ outcome: 'match', receipt: { state: 'accepted' } });

      const packet = join(home, 'packet.vsm');
      const judged = await verifyFile({
        ...{
          container: packet,
          key: pki.backend.encryption,
          root: pki.root.chain,
          schema: SCHEMA,
          at: new Date(),
        },
      });
      expect(judged.signatory).toMatchObject({
        commonName: ADDRESS.kiosk,
        organizationalUnit: ADDRESS.office,
      });
      const verified = await run([
        ...['packet', 'verify', packet, '--key', pki.backend.encryption, '--root', pki.root.chain, '--json'],
      ]);
      const { blobs, ...found } = JSON.parse(verified.stdout) as { blobs: { bytes: number }[] };
      expect(found).toMatchObject({ verified: true, outcome: 'match' });
      // All that goes over the wire, against the records it carries.
      const recordBytes = blobs.reduce((sum, blob) => sum + blob.bytes, 0);
      const container = await readFile(packet);
      const chunks = [...chunksOf(judged.packetId, container, CHUNK_BYTES)];
      const wireBytes = chunks.reduce((sum, { length }) => sum + length, 0);
      expect(wireBytes / recordBytes).toBeLessThanOrEqual(1.03);
      // The PIN and the authorisation value stay where they are.
      const log = await readFile(join(home, 'agent.log'), 'utf8');
      expect(log).not.toMatch(/271828|a value of the test/);
    },
    VISIT_DEADLINE_MS,
  );
});
