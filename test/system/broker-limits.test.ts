import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../sim/backend/backend.ts';
import { makePki } from '../../sim/pki/make.ts';
import { serviceKeys, tlsFiles } from '../../sim/pki/use.ts';
import { DeliveringKiosk } from '../chaos/kiosk.ts';
import { Mosquitto } from './mosquitto.ts';

const ADDRESS = { office: 'hanoi', kiosk: 'kiosk-1' };
/** Just above a receipt with its chain, far below a packet and its usual chunks. */
const MAX_PACKET_BYTES = 5_000;

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-limits-'));
  await makePki(folder, ADDRESS);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('a broker that takes small packets, and two at a time, gets no more than that', async () => {
  await using stack = new AsyncDisposableStack();
  const limits = [`max_packet_size ${MAX_PACKET_BYTES}`, 'max_inflight_messages 2'];
  const broker = stack.use(await Mosquitto.start(folder, tlsFiles(folder, 'server'), limits));
  const tls = tlsFiles(folder, 'backend');
  const backend = stack.use(
    await startBackend({
      broker: { url: broker.url, protocol: '5', tls },
      keys: serviceKeys(folder, 'backend'),
    }),
  );
  const kiosk = stack.use(
    await DeliveringKiosk.start({
      ...{ ...ADDRESS, state: folder, keys: folder, url: broker.url, keepaliveSeconds: 30 },
      delivery: { window: 4, drainWindow: 4 },
    }),
  );
  const ids: string[] = [];
  for (let count = 0; count < 5; count += 1) {
    const packet = await kiosk.seal(randomBytes(60_000));
    await kiosk.outbox.accept(packet);
    ids.push(packet.id);
  }
  for (const id of ids) {
    const fate = await kiosk.uplink.fateOf(id, 100_000, new AbortController().signal);
    expect(fate).toMatchObject({ state: 'verified' });
  }
  expect(backend.count()).toBe(ids.length);
  expect(backend.refusals()).toEqual([]);
}, 120_000);
