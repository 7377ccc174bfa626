import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { topicOf } from '../../sim/broker/topics.ts';
import { pkiPaths } from '../../sim/pki/paths.ts';
import { KioskEnd, packetManifest } from './sim-backend-kiosk.ts';

const ADDRESS = { office: 'hanoi', kiosk: 'kiosk-1' };
const TOPIC = topicOf(ADDRESS, 'packet');
const PARTS = join(import.meta.dirname, '../../sim/parts');

let folder: string;
let pki: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-parts-'));
  pki = join(folder, 'pki');
  const arguments_ = ['--folder', pki, '--office', ADDRESS.office, '--kiosk', ADDRESS.kiosk];
  await promisify(execFile)(process.execPath, [join(PARTS, 'pki.ts'), ...arguments_]);
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a part and gives what its ready line says. */
async function start(
  part: string,
  ...argv: string[]
): Promise<{ child: ChildProcess; ready: Record<string, string> }> {
  const child = spawn(process.execPath, [join(PARTS, `${part}.ts`), ...argv], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.add(child);
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
  return { child, ready: JSON.parse(line) as Record<string, string> };
}

const get = async (url: string): Promise<unknown> => (await fetch(url)).json();

test('broker and backend as processes: a killed backend comes back with what it had accepted', async () => {
  const broker = await start('broker');
  const url = broker.ready.url!;
  const service = ['--url', url, '--pki', pki, '--store', join(folder, 'store.sqlite')];
  const kill = JSON.stringify({ kind: 'kill', at: 'after-commit' });
  const first = await start('backend', ...service, '--fault', kill);
  await using kiosk = await KioskEnd.connect({ url }, pkiPaths(pki, ADDRESS.office, ADDRESS.kiosk), ADDRESS);
  const manifest = packetManifest(ADDRESS.office, ADDRESS.kiosk, 1);
  const { container } = await kiosk.seal(manifest);
  const died = once(first.child, 'exit');
  await kiosk.send(TOPIC, String(manifest.packetId), container);
  expect((await died)[1]).toBe('SIGKILL');

  const second = await start('backend', ...service);
  await kiosk.send(TOPIC, String(manifest.packetId), container);
  const receipts = await kiosk.receiptsUntil(['accepted'], AbortSignal.timeout(20_000));
  expect(receipts.map(receipt => receipt.state)).toEqual(['received', 'verified', 'accepted']);
  const packets = (await get(`${second.ready.control}/packets`)) as Record<string, unknown>[];
  expect(packets).toEqual([
    expect.objectContaining({ packetId: manifest.packetId, receiptStates: expect.any(Array) }),
  ]);
  expect(JSON.stringify(packets)).not.toContain('CANARY');
  expect(await get(`${second.ready.control}/refusals`)).toEqual([]);

  const ended = once(second.child, 'exit');
  second.child.kill('SIGTERM');
  expect((await ended)[0]).toBe(0);
});

test('broker with mutual TLS and registry as processes start, take a fault, and end on a signal', async () => {
  const records = join(folder, 'records.json');
  writeFileSync(join(folder, 'face.jpg'), 'x');
  const reference = {
    modality: 'face',
    position: null,
    mediaType: 'image/jpeg',
    file: 'face.jpg',
    ppi: null,
  };
  writeFileSync(
    records,
    JSON.stringify([{ recordId: '1', person: {}, travelDocumentNumber: '1', references: [reference] }]),
  );
  const broker = await start('broker', '--mtls', pki);
  expect(broker.ready.url).toMatch(/^mqtts:/);
  const registry = await start(
    'registry',
    '--url',
    broker.ready.url!,
    '--pki',
    pki,
    '--mtls',
    '--records',
    records,
  );
  const body = JSON.stringify({ kind: 'silent' });
  expect((await fetch(`${registry.ready.control}/fault`, { method: 'POST', body })).status).toBe(200);
  expect((await fetch(`${registry.ready.control}/nothing`)).status).toBe(404);
  for (const { child } of [registry, broker]) {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
  }
});
