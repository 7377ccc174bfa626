import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OutboxStore } from '../../agent/outbox/store.ts';
import { seal } from '../../agent/packet/seal.ts';
import { recipientFromJwk } from '../../agent/packet/signer.ts';
import type { MediumReport } from '../../backend/medium.ts';
import { makePki } from '../../sim/pki/make.ts';
import type { PkiPaths } from '../../sim/pki/paths.ts';
import { run } from '../fixtures/command.ts';
import { packetDraft } from '../fixtures/messages.ts';
import { fileSigner } from '../fixtures/pki.ts';

const ADDRESS = { office: 'hanoi', kiosk: 'kiosk-1' };
const LIMITS = { maxPackets: 100, maxBytes: 2 ** 30, maxAgeMs: 2 ** 40, minimumFreeBytes: 0 };

let folder: string;
let pki: PkiPaths;
let config: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-medium-'));
  pki = await makePki(join(folder, 'pki'), ADDRESS);
  config = join(folder, 'config.yaml');
  const keys = {
    trustRootFile: pki.root.chain,
    certificateChainFile: pki.kiosk.signing.chain,
    signingKeyFile: pki.kiosk.signing.key,
    backendEncryptionKeyFile: pki.backend.encryptionPublic,
    registryEncryptionKeyFile: pki.registry.encryptionPublic,
  };
  const devices = {
    fingerScanner: { kind: 'r30x', path: 'none' },
    camera: { kind: 'ffmpeg', input: 'none' },
    documentReader: { kind: 'serial-mrz', path: 'none' },
  };
  const mqtt = { url: 'mqtt://127.0.0.1:1' };
  writeFileSync(config, JSON.stringify({ ...ADDRESS, stateDir: folder, mqtt, keys, devices }));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Seals packets into the kiosk's outbox; gives their ids. */
async function queue(...sequences: readonly number[]): Promise<string[]> {
  const signer = fileSigner(pki.kiosk.signing);
  const recipient = await recipientFromJwk(readFileSync(pki.backend.encryptionPublic, 'utf8'));
  using store = new OutboxStore(join(folder, 'outbox.sqlite'), LIMITS, { alone: true });
  const ids: string[] = [];
  for (const sequence of sequences) {
    const blobs = [{ name: 'face', mediaType: 'image/jp2', bytes: new Uint8Array(randomBytes(2_000)) }];
    const packet = {
      ...(await seal({ ...packetDraft(sequence), ...ADDRESS }, blobs, signer, recipient)),
      sequence,
    };
    store.call('accept', { packet, nowMs: Date.now() });
    ids.push(packet.id);
  }
  return ids;
}

const held = (): string[] => {
  using store = new OutboxStore(join(folder, 'outbox.sqlite'), LIMITS, { alone: false });
  return store.list(false).map(({ id }) => id);
};

const vantay = async (
  ...words: string[]
): Promise<{ code: number | null; said: Record<string, unknown> }> => {
  const { code, stdout } = await run([...words, '--config', config, '--json']);
  return { code, said: JSON.parse(stdout) as Record<string, unknown> };
};

/** The backend's library as one file, far from this repository: what a backend engineer would import. */
async function bundledBackend(): Promise<typeof import('../../backend/index.ts')> {
  const outfile = join(folder, 'elsewhere', 'backend.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, '../../backend/index.ts')],
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'silent' },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  return (await import(outfile)) as typeof import('../../backend/index.ts');
}

describe('a kiosk without a line', () => {
  it('hands its packets over on a medium, deletes them after the receipts come back, and can show it', async () => {
    const [first, second, third] = await queue(1, 2, 3);
    const medium = join(folder, 'medium');
    expect(await vantay('outbox', 'export', '--to', medium)).toMatchObject({ code: 0, said: { packets: 3 } });
    expect(readdirSync(medium).sort()).toEqual(
      [`${first}.vsm`, 'list.jws', `${second}.vsm`, `${third}.vsm`].sort(),
    );
    // Nothing is deleted by copying it.
    expect(held()).toEqual([first, second, third]);

    // On its way one packet is damaged, and a stranger's file is put beside them.
    writeFileSync(join(medium, `${second}.vsm`), randomBytes(500));
    writeFileSync(join(medium, 'stranger.vsm'), 'x');
    const { Intake, loadServiceKeys, PacketStore, takeMedium } = await bundledBackend();
    const { root, backend } = pki;
    const files = { root: root.chain, signing: backend.signing, encryption: [backend.encryption] };
    using store = new PacketStore(join(folder, 'backend.sqlite'));
    const intake = new Intake({ keys: loadServiceKeys(files), store });
    const report: MediumReport = await takeMedium(medium, intake);
    expect(report).toEqual({
      ...{ ...ADDRESS, accepted: 2, repeated: 0, refused: [] },
      ...{ damaged: [`${second}.vsm`], unlisted: ['stranger.vsm'] },
    });
    expect(await takeMedium(medium, intake)).toMatchObject({ accepted: 2, repeated: 2 });

    // Another's word among the receipts changes nothing, and is told.
    const receipts = readFileSync(join(medium, 'receipts.jws'), 'latin1');
    writeFileSync(join(medium, 'receipts.jws'), `${receipts}nonsense\n`);
    expect(await vantay('outbox', 'import', medium)).toMatchObject({
      code: 1,
      said: { applied: 6, unchanged: 0, refused: { PACKET_JWS_MALFORMED: 1 } },
    });
    expect(await vantay('outbox', 'list', '--all')).toMatchObject({
      said: {
        packets: 1,
        list: [
          { packetId: first, state: 'deleted', receiptState: 'accepted' },
          { packetId: second, state: 'queued' },
          { packetId: third, state: 'deleted' },
        ],
      },
    });
    const { said } = await vantay('audit', 'verify');
    expect(said).toMatchObject({ intact: true });
    const { entries, sha256 } = said.head as { entries: number; sha256: string };
    expect(await vantay('audit', 'verify', '--head', `${entries + 1}:${sha256}`)).toEqual({
      code: 1,
      said: { intact: false, index: entries + 1, reason: 'truncated' },
    });
  }, 120_000);

  it('is not believed when the list on the medium is not its own', async () => {
    const medium = join(folder, 'medium');
    const { Intake, loadServiceKeys, PacketStore, takeMedium } = await import('../../backend/index.ts');
    const { root, backend } = pki;
    const files = { root: root.chain, signing: backend.signing, encryption: [backend.encryption] };
    using store = new PacketStore(':memory:');
    const intake = new Intake({ keys: loadServiceKeys(files), store });
    const list = readFileSync(join(medium, 'list.jws'), 'latin1');
    for (const [forged, code] of [
      [list.replace(/\.[^.]{10}/, '.AAAAAAAAAA'), 'signature_invalid'],
      ['nonsense', 'jws_malformed'],
    ] as const) {
      writeFileSync(join(medium, 'list.jws'), forged);
      await expect(takeMedium(medium, intake)).rejects.toMatchObject({ code });
    }
    expect(store.count()).toBe(0);
    renameSync(medium, join(folder, 'used'));
  });
});
