import { createConnection, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { decodeChunk } from '../../agent/packet/chunk.ts';
import {
  accept,
  broker,
  fateOf,
  logged,
  messages,
  outbox,
  startReceiver,
  startUplink,
  until,
  useUplinkWorld,
} from '../fixtures/uplink-world.ts';

useUplinkWorld();

describe('delivery', () => {
  it('takes packets to the backend, oldest first, and deletes them after its signed word', async () => {
    const receiver = await startReceiver();
    const ids = [await accept(1, 200_000), await accept(2), await accept(3, 70_000)];
    const uplink = await startUplink({ receiptTimeoutMs: 20_000 });
    for (const id of ids)
      expect(await fateOf(uplink, id)).toMatchObject({ state: 'verified', receiptState: 'verified' });
    expect(receiver.packets.map(one => one.packetId)).toEqual(ids);
    expect(await outbox.status()).toMatchObject({ packets: 0, bytes: 0 });
    expect(receiver.errors).toEqual([]);
    const later = await accept(4);
    expect(await fateOf(uplink, later)).toMatchObject({ state: 'verified' });
  });

  it('keeps a packet through a broker that is away, dies, and comes back', async () => {
    await broker.down();
    const uplink = await startUplink();
    const id = await accept(1, 500_000);
    expect(await fateOf(uplink, id, 300)).toEqual({ state: 'pending' });
    await broker.up();
    await until(() => messages('packet').length > 2); // in the middle of the first packet, with nobody listening
    await broker.down();
    expect(uplink.online || (await outbox.find(id))?.state).not.toBe('verified');
    await broker.up();
    await startReceiver();
    expect(await fateOf(uplink, id)).toMatchObject({ state: 'verified' });
  });

  it('notices a connection that is open but dead, and delivers over a new one', async () => {
    await startReceiver();
    const swallowing = new Set<Socket>();
    const sockets = new Set<Socket>();
    const proxy = createServer(near => {
      const far = createConnection(broker.port, '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.on('data', bytes => !swallowing.has(from) && to.write(bytes));
        from.on('error', () => {});
        from.on('close', () => to.destroy());
      }
    });
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const uplink = await startUplink({}, 5000, { url: `mqtt://127.0.0.1:${port}`, keepaliveSeconds: 1 });
    await until(() => uplink.online);
    for (const socket of sockets) swallowing.add(socket);
    const id = await accept(1);
    expect(await fateOf(uplink, id)).toMatchObject({ state: 'verified' });
    expect(logged.some(line => line.includes('UPLINK_DISCONNECTED'))).toBe(true);
    await uplink[Symbol.asyncDispose]();
    for (const socket of sockets) socket.destroy();
    await new Promise(resolve => proxy.close(resolve));
  });

  it('survives chunks that are lost, doubled and out of order', async () => {
    const receiver = await startReceiver();
    const held: Uint8Array[] = [];
    receiver.behaviour.onChunk = (message, index) => {
      if (index === 1) return []; // lost
      if (index === 2) {
        held.push(message);
        return [];
      }
      return index === 3 ? [message, message, ...held] : [message, message];
    };
    let asked = false;
    receiver.client.on('message', (topic, payload) => {
      if (!topic.endsWith('/packet') || asked || decodeChunk(payload).index !== 4) return;
      asked = true;
      const id = decodeChunk(payload).id;
      const packet = { manifest: { packetId: id }, manifestSha256: null } as never;
      // All five came, but the second is missing.
      void receiver.receipt(packet, { state: 'resend', chunks: [1], manifestSha256: null });
    });
    const uplink = await startUplink({ receiptTimeoutMs: 10_000 });
    expect(await fateOf(uplink, await accept(1, 300_000))).toMatchObject({ state: 'verified' });
    expect(messages('packet')).toHaveLength(6);
  });

  it('goes on to the next packet when one gets no answer', async () => {
    const receiver = await startReceiver();
    receiver.behaviour.onPacket = async ({ packet }) => {
      if (packet.manifest.sequence !== 1) await receiver.receipt(packet, {});
    };
    const [stuck, next] = [await accept(1), await accept(2)];
    const uplink = await startUplink({ receiptTimeoutMs: 60, backOff: { firstMs: 100, maximumMs: 200 } });
    expect(await fateOf(uplink, next)).toMatchObject({ state: 'verified' });
    await until(() => receiver.packets.filter(one => one.packetId === stuck).length >= 2);
    expect((await outbox.find(stuck))?.state).toBe('sent');
  });

  it('goes on at the chunk that was not acknowledged when a connection breaks', async () => {
    const receiver = await startReceiver();
    const uplink = await startUplink({ receiptTimeoutMs: 20_000 });
    await until(() => uplink.online);
    let broken = false;
    receiver.client.on('message', (_topic, payload) => {
      if (broken || decodeChunk(payload).index !== 4) return;
      broken = true;
      broker.cutLast(); // the kiosk's
    });
    const id = await accept(1, 600_000);
    expect(await fateOf(uplink, id)).toMatchObject({ state: 'verified' });
    const { count } = decodeChunk(Buffer.from(messages('packet').at(-1)!.raw));
    expect(broken && count).toBe(10);
    // One chunk may have gone twice: sent, and its acknowledgement lost.
    expect(messages('packet').length).toBeLessThanOrEqual(count + 1);
  });

  it('has several packets under way while many wait, begun with the oldest', async () => {
    const receiver = await startReceiver();
    const first = new Set<string>();
    const gate = Promise.withResolvers<void>();
    receiver.behaviour.onPacket = async ({ packet }) => {
      first.add(packet.manifest.packetId);
      // With one at a time, nobody would ever be answered.
      if (first.size === 3) gate.resolve();
      void gate.promise.then(() => receiver.receipt(packet, {}));
    };
    const ids: string[] = [];
    for (let sequence = 1; sequence <= 6; sequence += 1) ids.push(await accept(sequence));
    const uplink = await startUplink({ window: 1, drainWindow: 3, receiptTimeoutMs: 20_000 });
    for (const id of ids) expect(await fateOf(uplink, id)).toMatchObject({ state: 'verified' });
    expect([...first].slice(0, 3).sort()).toEqual(ids.slice(0, 3));
    expect(receiver.packets).toHaveLength(6);
    expect(await outbox.status()).toMatchObject({ packets: 0 });
  });
});
