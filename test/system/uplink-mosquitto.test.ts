/** The agent's uplink, as it is, on Debian's mosquitto with mutual TLS: what a real broker says and does. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBackend } from '../../sim/backend/backend.ts';
import { makePki } from '../../sim/pki/make.ts';
import { serviceKeys, tlsFiles } from '../../sim/pki/use.ts';
import { startRegistry } from '../../sim/registry/registry.ts';
import { DeliveringKiosk, type KioskSettings } from '../chaos/kiosk.ts';
import { Mosquitto } from './mosquitto.ts';

const ADDRESS = { office: 'hanoi', kiosk: 'kiosk-1' };
/** Just above a receipt with its chain, far below a packet and its usual chunks. */
const MAX_PACKET_BYTES = 5_000;
const DEADLINE_MS = 120_000;

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-uplink-'));
  await makePki(folder, ADDRESS);
});
afterAll(() => rmSync(folder, { recursive: true }));

const service = (broker: Mosquitto, name: 'backend' | 'registry') => ({
  broker: { url: broker.url, protocol: '5', tls: tlsFiles(folder, name) } as const,
  keys: serviceKeys(folder, name),
});

/** @param name of its folder: two of them are two machines with one identity */
function kioskOn(broker: Mosquitto, name: string, more: Partial<KioskSettings>): Promise<DeliveringKiosk> {
  const state = join(folder, name);
  mkdirSync(state, { recursive: true });
  return DeliveringKiosk.start({
    ...{ ...ADDRESS, state, keys: folder, url: broker.url, keepaliveSeconds: 30 },
    ...more,
  });
}

async function deliver(kiosk: DeliveringKiosk, bytes: number): Promise<void> {
  const packet = await kiosk.seal(randomBytes(bytes));
  await kiosk.outbox.accept(packet);
  const fate = await kiosk.uplink.fateOf(packet.id, DEADLINE_MS, new AbortController().signal);
  expect(fate).toMatchObject({ state: 'verified' });
}

/** Whether a kiosk's audit chain says that its name is contested. Mosquitto 2.0.11 does not tell whom it closed why. */
function knowsOfAnother(name: string): boolean {
  const database = new DatabaseSync(join(folder, name, 'outbox.sqlite'), { readOnly: true });
  try {
    return database.prepare("SELECT 1 FROM audit WHERE text LIKE '%name_contested%'").get() !== undefined;
  } finally {
    database.close();
  }
}

test(
  'a broker that takes small packets, and two at a time, gets no more than that',
  async () => {
    await using stack = new AsyncDisposableStack();
    const limits = [`max_packet_size ${MAX_PACKET_BYTES}`, 'max_inflight_messages 2'];
    const broker = stack.use(await Mosquitto.start(folder, tlsFiles(folder, 'server'), limits));
    const backend = stack.use(await startBackend(service(broker, 'backend')));
    stack.use(await startRegistry({ ...service(broker, 'registry'), chunkBytes: 3_000 }));
    const kiosk = stack.use(await kioskOn(broker, 'small', { delivery: { window: 4, drainWindow: 4 } }));
    await Promise.all([1, 2, 3, 4, 5].map(() => deliver(kiosk, 60_000)));
    expect(backend.count()).toBe(5);
    expect(backend.refusals()).toEqual([]);
    const claim = {
      nationality: 'UTO',
      travelDocumentNumber: 'X1',
      birthDate: '1990-01-02',
      residenceCardNumber: null,
    };
    const reply = await kiosk.uplink.requestRecord(claim, new AbortController().signal);
    expect(reply).toMatchObject({ kind: 'answer', answer: { state: 'not_found' } });
  },
  DEADLINE_MS,
);

test(
  'a second machine under the same name is noticed and noted; both go on, and no packet is lost',
  async () => {
    await using stack = new AsyncDisposableStack();
    const broker = stack.use(await Mosquitto.start(folder, tlsFiles(folder, 'server')));
    stack.use(await startBackend(service(broker, 'backend')));
    const reconnect = { firstMs: 100, maximumMs: 1_000 };
    const rightful = stack.use(await kioskOn(broker, 'rightful', { reconnect }));
    await deliver(rightful, 1_000);
    {
      await using _copied = await kioskOn(broker, 'copied', { reconnect });
      const deadline = Date.now() + 30_000;
      while (!knowsOfAnother('rightful')) {
        expect(Date.now(), 'the second machine was not noticed').toBeLessThan(deadline);
        await sleep(100);
      }
    }
    await deliver(rightful, 1_000);
  },
  DEADLINE_MS,
);
