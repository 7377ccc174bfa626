import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { BackendLogEntry } from '../../sim/backend/options.ts';
import {
  ADDRESS,
  backendWith,
  broker,
  folder,
  kioskEnd,
  lastReceipt,
  manifestOf,
  soon,
  TOPIC,
  useBackendWorld,
} from './sim-backend-world.ts';

useBackendWorld();

describe('a good packet', () => {
  test('is received, verified and accepted, and a repeated one gets the same receipts once more', async () => {
    const log: BackendLogEntry[] = [];
    await using backend = await backendWith({ log: entry => log.push(entry) });
    await using kiosk = await kioskEnd();
    const manifest = manifestOf();
    const id = String(manifest.packetId);
    const { container, manifestSha256 } = await kiosk.seal(manifest);
    for (const round of [1, 2]) {
      await kiosk.send(TOPIC, id, container);
      const receipts = await kiosk.receiptsUntil(['accepted'], soon());
      expect(receipts.map(receipt => receipt.state)).toEqual(['received', 'verified', 'accepted']);
      for (const receipt of receipts)
        expect(receipt).toMatchObject({ packetId: id, ...ADDRESS, manifestSha256 });
      expect(backend.count(), `round ${round}`).toBe(1);
    }
    const [packet] = await backend.packets();
    expect(packet).toMatchObject({ packetId: id, bytes: container.length, manifestSha256 });
    expect(packet?.blobs).toEqual([{ name: 'finger-2', bytes: 5_000 }]);
    expect(packet?.manifest).toMatchObject(manifest);
    expect(packet?.receiptStates).toHaveLength(6);
    expect(JSON.stringify(log)).not.toMatch(/CANARY|L898902C3|1990-01-02/);
  });

  test('may come in any order, with chunks twice', async () => {
    await using _backend = await backendWith();
    await using kiosk = await kioskEnd();
    const manifest = manifestOf();
    const { container } = await kiosk.seal(manifest);
    const last = Math.ceil(container.length / 2_000) - 1;
    const only = [last, last, ...Array.from({ length: last }, (_, index) => last - 1 - index)];
    await kiosk.send(TOPIC, String(manifest.packetId), container, { only });
    expect((await kiosk.receiptsUntil(['accepted'], soon())).at(-1)).toMatchObject({ state: 'accepted' });
  });

  test('stays one packet over a crash between commit and receipt', async () => {
    const store = join(folder, 'store.sqlite');
    await using kiosk = await kioskEnd();
    const manifest = manifestOf();
    const { container } = await kiosk.seal(manifest);
    const killed = Promise.withResolvers<void>();
    await backendWith({ store, fault: { kind: 'kill', at: 'after-commit' }, onKill: killed.resolve });
    await kiosk.send(TOPIC, String(manifest.packetId), container);
    await killed.promise;
    await using backend = await backendWith({ store });
    expect(backend.count()).toBe(1);
    expect(await lastReceipt(kiosk, String(manifest.packetId), container)).toMatchObject({
      state: 'accepted',
    });
    expect(backend.count()).toBe(1);
  });

  test('is taken after a crash before the commit, when it comes again', async () => {
    const store = join(folder, 'store-before.sqlite');
    await using kiosk = await kioskEnd();
    const manifest = manifestOf();
    const { container } = await kiosk.seal(manifest);
    const killed = Promise.withResolvers<void>();
    await backendWith({ store, fault: { kind: 'kill', at: 'before-commit' }, onKill: killed.resolve });
    await kiosk.send(TOPIC, String(manifest.packetId), container);
    await killed.promise;
    await using backend = await backendWith({ store });
    expect(backend.count()).toBe(0);
    expect(await lastReceipt(kiosk, String(manifest.packetId), container)).toMatchObject({
      state: 'accepted',
    });
  });

  test('goes on after the broker came back', async () => {
    await using _backend = await backendWith();
    await using kiosk = await kioskEnd();
    await broker.restart();
    const manifest = manifestOf();
    const { container } = await kiosk.seal(manifest);
    // The backend may be a moment later than the kiosk: a kiosk repeats until it is answered.
    const timer = setInterval(() => void kiosk.send(TOPIC, String(manifest.packetId), container), 500);
    const receipts = await kiosk.receiptsUntil(['accepted'], soon()).finally(() => clearInterval(timer));
    expect(receipts.at(-1)).toMatchObject({ state: 'accepted' });
  });
});
