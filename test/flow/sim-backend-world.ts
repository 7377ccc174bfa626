/** A trust set and a broker, with backends and kiosk ends as the tests of the simulated backend need them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { Message } from '../../backend/sealed/jws.ts';
import { startBackend } from '../../sim/backend/backend.ts';
import type { BackendOptions } from '../../sim/backend/options.ts';
import { type SimulatedBroker, startBroker } from '../../sim/broker/broker.ts';
import { topicOf } from '../../sim/broker/topics.ts';
import { makePki } from '../../sim/pki/make.ts';
import type { PkiPaths } from '../../sim/pki/paths.ts';
import { serviceKeys } from '../../sim/pki/use.ts';
import { KioskEnd, packetManifest } from './sim-backend-kiosk.ts';

export const OFFICE = 'hanoi';
export const KIOSK = 'kiosk-1';
export const ADDRESS = { office: OFFICE, kiosk: KIOSK };
export const TOPIC = topicOf(ADDRESS, 'packet');

export let folder: string;
export let pki: PkiPaths;
export let broker: SimulatedBroker;
let sequence = 0;

export const soon = (): AbortSignal => AbortSignal.timeout(15_000);
export const manifestOf = (): Message => packetManifest(OFFICE, KIOSK, ++sequence);

/** To be called once in a test file: a trust set and a broker for all its tests. */
export function useBackendWorld(): void {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vantay-backend-'));
    pki = await makePki(join(folder, 'pki'), ADDRESS);
    broker = await startBroker();
  });

  afterAll(async () => {
    await broker.stop();
    rmSync(folder, { recursive: true });
  });
}

export const backendWith = (options: Partial<BackendOptions> = {}) =>
  startBackend({ broker: { url: broker.url }, keys: serviceKeys(pki.folder, 'backend'), ...options });
export const kioskEnd = (paths: PkiPaths = pki) => KioskEnd.connect({ url: broker.url }, paths, ADDRESS);

/** Sends one container and gives the receipt that ends it. */
export async function lastReceipt(kiosk: KioskEnd, id: string, container: Uint8Array, topic = TOPIC) {
  await kiosk.send(topic, id, container);
  return (await kiosk.receiptsUntil(['accepted', 'rejected'], soon())).at(-1)!;
}
