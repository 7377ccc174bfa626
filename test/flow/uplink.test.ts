import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Receipt } from '../../agent/contract/packet.ts';
import { CommandAnswer, DeviceStates, Health, KioskState } from '../../agent/contract/uplink.ts';
import { systemClock } from '../../agent/ops/clock.ts';
import { SqliteOutbox } from '../../agent/outbox/outbox.ts';
import { canonicalJson } from '../../agent/packet/canonical.ts';
import { decodeChunk } from '../../agent/packet/chunk.ts';
import { signJws } from '../../agent/packet/jws.ts';
import { seal } from '../../agent/packet/seal.ts';
import { type MqttSettings, mqttDial } from '../../agent/uplink/dial.ts';
import type { DeliverySettings } from '../../agent/uplink/publisher.ts';
import { Uplink } from '../../agent/uplink/uplink.ts';
import { newId, packetDraft } from '../fixtures/messages.ts';
import { certify, decryptionKeyOf, KIOSK, makePki, OFFICE, signerOf, type TestPki } from '../fixtures/pki.ts';
import { BASE, Receiver } from '../fixtures/receiver.ts';

/** An aedes broker on a real socket that can be taken down and brought back on the same port. */
class Broker {
  aedes: Aedes | null = null;
  #server: Server | null = null;
  readonly #sockets = new Set<Socket>();
  port = 0;
  readonly published: { topic: string; payload: string; retain: boolean }[] = [];

  async up(): Promise<void> {
    const aedes = await Aedes.createBroker();
    aedes.on('publish', packet => {
      if (packet.topic.startsWith('vantay/')) {
        this.published.push({
          topic: packet.topic,
          payload: packet.payload.toString('utf8'),
          retain: packet.retain,
        });
      }
    });
    const server = createServer(socket => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      aedes.handle(socket);
    });
    await new Promise<void>(resolve => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as { port: number }).port;
    this.aedes = aedes;
    this.#server = server;
  }

  /** Breaks every connection without a word. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async down(): Promise<void> {
    this.cut();
    await new Promise<void>(resolve => (this.#server ? this.#server.close(() => resolve()) : resolve()));
    await new Promise<void>(resolve => (this.aedes ? this.aedes.close(() => resolve()) : resolve()));
    this.#server = null;
    this.aedes = null;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }
}

const FAST: DeliverySettings = {
  window: 1,
  receiptTimeoutMs: 300,
  verifyTimeoutMs: 600,
  maxResends: 3,
  backOff: { firstMs: 20, maximumMs: 100 },
};
const CLAIM = {
  nationality: 'UTO',
  travelDocumentNumber: 'X1',
  birthDate: '1990-01-02',
  residenceCardNumber: null,
};
const never = new AbortController().signal;

let pki: TestPki;
let folder: string;
let broker: Broker;
let outbox: SqliteOutbox;
let logged: string[];
const closing: AsyncDisposable[] = [];

beforeAll(async () => {
  pki = await makePki();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantay-uplink-'));
  broker = new Broker();
  await broker.up();
  const limits = { maxPackets: 1000, maxBytes: 1e9, maxAgeMs: 1e9, minimumFreeBytes: 0 };
  outbox = await SqliteOutbox.open({ path: join(folder, 'outbox.sqlite'), limits, clock: systemClock });
  logged = [];
});
afterEach(async () => {
  for (const one of closing.splice(0).reverse()) await one[Symbol.asyncDispose]();
  await outbox[Symbol.asyncDispose]();
  await broker.down();
  await rm(folder, { recursive: true });
});

async function startUplink(
  delivery: Partial<DeliverySettings> = {},
  lookupTimeoutMs = 5000,
  mqtt: Partial<MqttSettings> = {},
): Promise<Uplink> {
  const note = (fields: object, message: string) => void logged.push(JSON.stringify({ ...fields, message }));
  const { kid, publicKey } = await decryptionKeyOf(pki.registry);
  const uplink = new Uplink({
    dial: mqttDial({ url: broker.url, protocol: 'auto', keepaliveSeconds: 30, ...mqtt }),
    outbox,
    self: { office: OFFICE, kiosk: KIOSK, boot: 3, agentVersion: '0.0.0' },
    keys: {
      signer: signerOf(pki.kiosk, pki.office),
      trust: { roots: [pki.root.der] },
      registry: { kid, publicKey },
    },
    lookupTimeoutMs,
    newId,
    clock: systemClock,
    log: { info: note, warn: note },
    reconnect: { firstMs: 20, maximumMs: 100 },
    delivery: { ...FAST, ...delivery },
  });
  closing.push(uplink);
  uplink.start();
  return uplink;
}

async function startReceiver(): Promise<Receiver> {
  const receiver = await Receiver.connect(broker.url, pki);
  closing.push(receiver);
  return receiver;
}

/** Seals a packet and puts it into the outbox; gives its id. */
async function accept(sequence: number, blobBytes = 1000): Promise<string> {
  const blobs = [{ name: 'face', mediaType: 'image/jp2', bytes: Buffer.alloc(blobBytes, sequence) }];
  const sealed = await seal(
    packetDraft(sequence),
    blobs,
    signerOf(pki.kiosk, pki.office),
    await decryptionKeyOf(pki.backend),
  );
  await outbox.accept({ ...sealed, sequence });
  return sealed.id;
}

const fateOf = (uplink: Uplink, id: string, timeoutMs = 20_000) => uplink.fateOf(id, timeoutMs, never);
const messages = (topic: string) => broker.published.filter(one => one.topic === `${BASE}/${topic}`);
const until = async (found: () => unknown): Promise<void> => {
  while (!found()) await new Promise(resolve => setTimeout(resolve, 5));
};

describe('delivery', () => {
  it('takes packets to the backend, oldest first, and deletes them after its signed word', async () => {
    const receiver = await startReceiver();
    const ids = [await accept(1, 200_000), await accept(2), await accept(3, 70_000)];
    const uplink = await startUplink();
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

  it('sends again when receipts are lost, and takes repeated ones once', async () => {
    const receiver = await startReceiver();
    receiver.behaviour.onPacket = async ({ packet, repeats }) => {
      if (repeats === 0) return; // the first receipt is lost
      await receiver.receipt(packet, { state: 'received' });
      await receiver.receipt(packet, {});
      await receiver.receipt(packet, {});
      await receiver.receipt(packet, { state: 'received' });
    };
    const uplink = await startUplink();
    const id = await accept(1);
    expect(await fateOf(uplink, id)).toMatchObject({ state: 'verified' });
    expect(receiver.packets.length).toBeGreaterThanOrEqual(2);
    await until(() => logged.filter(line => line.includes('"unchanged"')).length >= 2);
    expect(await outbox.find(id)).toMatchObject({ state: 'verified', receiptState: 'verified' });
  });

  it('waits on a packet that was received but not yet verified', async () => {
    const receiver = await startReceiver();
    receiver.behaviour.onPacket = async ({ packet }) => {
      await receiver.receipt(packet, { state: 'received' });
      await new Promise(resolve => setTimeout(resolve, 450)); // longer than a first receipt may take
      await receiver.receipt(packet, { state: 'accepted' });
    };
    const uplink = await startUplink({ verifyTimeoutMs: 10_000 });
    expect(await fateOf(uplink, await accept(1))).toMatchObject({
      state: 'verified',
      receiptState: 'accepted',
    });
    expect(receiver.packets).toHaveLength(1);
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

  it('sets a rejected packet aside with the backend’s code', async () => {
    const receiver = await startReceiver();
    receiver.behaviour.onPacket = ({ packet }) =>
      receiver.receipt(packet, { state: 'rejected', code: 'NOT_AN_OFFICE' });
    const uplink = await startUplink();
    const id = await accept(1);
    expect(await fateOf(uplink, id)).toEqual({
      state: 'rejected',
      receiptState: 'rejected',
      code: 'NOT_AN_OFFICE',
    });
    expect((await outbox.status()).packets).toBe(1);
  });

  it('believes no forged, foreign or broken receipt', async () => {
    const receiver = await startReceiver();
    const namesake = await certify(`CN=backend, OU=${OFFICE}`, pki.office);
    receiver.behaviour.onPacket = async ({ packet, repeats }) => {
      if (repeats > 0) return;
      const forge = (over: Partial<Receipt>, by = signerOf(pki.backend)) =>
        receiver.receipt(packet, over, by);
      await forge({}, signerOf(pki.kiosk, pki.office));
      await forge({}, signerOf(namesake, pki.office));
      await forge({}, { ...signerOf(pki.backend), sign: bytes => signerOf(pki.registry).sign(bytes) });
      await forge({ kiosk: 'kiosk-2' });
      await forge({ packetId: newId() });
      await forge({ manifestSha256: 'f'.repeat(64) });
      await forge({ manifestSha256: null });
      await receiver.send('receipt', 'nonsense');
      await receiver.send('receipt', Buffer.alloc(200_000, 0x41));
      await receiver.send('record/answer', 'nonsense');
      await receiver.send('command', '');
    };
    const uplink = await startUplink({ receiptTimeoutMs: 20_000 });
    const id = await accept(1);
    await until(() => [...uplink.dropped.values()].reduce((sum, count) => sum + count, 0) >= 11);
    expect(await outbox.find(id)).toMatchObject({ state: 'sent', receiptState: null });
    expect(Object.fromEntries(uplink.dropped)).toEqual({
      PACKET_WRONG_SIGNER: 2,
      PACKET_SIGNATURE: 1,
      PACKET_WRONG_KIOSK: 1,
      PACKET_WRONG_ID: 1,
      PACKET_WRONG_MANIFEST: 2,
      PACKET_JWS_MALFORMED: 3,
      PACKET_CHUNK: 1,
    });
    expect(logged.join('\n')).not.toContain('nonsense');
  });
});

describe('dialling', () => {
  const request = {
    clientId: 'x',
    will: { topic: 't', payload: '' },
    subscriptions: [],
    onMessage: () => {},
    signal: never,
  };
  const settings = { protocol: 'auto', keepaliveSeconds: 30 } as const;

  it('names what is wrong', async () => {
    const codeOf = (over: Partial<MqttSettings>) =>
      mqttDial({ ...settings, url: broker.url, ...over })(request).then(
        () => 'connected',
        (error: { code: string }) => error.code,
      );
    const junk = join(folder, 'junk.pem');
    await writeFile(junk, 'nonsense');
    const tls = broker.url.replace('mqtt:', 'mqtts:');
    expect(await codeOf({ protocol: '5' })).toBe('UPLINK_PROTOCOL_VERSION');
    expect(await codeOf({ caFile: join(folder, 'none.pem') })).toBe('UPLINK_CREDENTIALS');
    expect(await codeOf({ url: tls, certificateFile: junk, keyFile: junk })).toBe('UPLINK_CREDENTIALS');
    await broker.down();
    expect(await codeOf({})).toBe('UPLINK_UNREACHABLE');
    await broker.up();
  });

  it('gives up when it is told to', async () => {
    const silent = createServer(() => {});
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const stop = new AbortController();
    const dialled = mqttDial({ ...settings, url: `mqtt://127.0.0.1:${port}` })({
      ...request,
      signal: stop.signal,
    });
    stop.abort(new Error('enough'));
    await expect(dialled).rejects.toThrow('enough');
    await new Promise(resolve => silent.close(resolve));
  });
});

describe('record requests', () => {
  it('are answered with the registry’s sealed record', async () => {
    const receiver = await startReceiver();
    const asked: string[] = [];
    receiver.behaviour.onRequest = async request => {
      asked.push(request.claim.travelDocumentNumber);
      await receiver.answer(request, {});
    };
    const uplink = await startUplink();
    const reply = await uplink.requestRecord(CLAIM, never);
    expect(asked).toEqual(['X1']);
    expect(reply).toMatchObject({ kind: 'answer', answer: { state: 'not_found' } });
    expect(reply.kind === 'answer' && reply.blobs.get('face')?.length).toBe(150_000);
  });

  it('end as unavailable, never in an exception, when nobody answers or nobody is there', async () => {
    const uplink = await startUplink({}, 200);
    await until(() => uplink.online);
    expect(await uplink.requestRecord(CLAIM, never)).toEqual({ kind: 'unavailable', reason: 'timeout' });
    await broker.down();
    await until(() => !uplink.online);
    expect(await uplink.requestRecord(CLAIM, never)).toEqual({ kind: 'unavailable', reason: 'offline' });
    await broker.up();
  });

  it('believe no forged answer, and still take the true one after it', async () => {
    const receiver = await startReceiver();
    receiver.behaviour.onRequest = request => receiver.answer(request, {}, signerOf(pki.backend));
    const uplink = await startUplink({}, 700);
    await until(() => uplink.online);
    expect(await uplink.requestRecord(CLAIM, never)).toEqual({ kind: 'unavailable', reason: 'refused' });
    expect(uplink.dropped.get('PACKET_WRONG_SIGNER')).toBe(1);
    receiver.behaviour.onRequest = async request => {
      await receiver.answer(request, {}, signerOf(pki.kiosk, pki.office));
      await receiver.answer(request, {});
    };
    expect(await uplink.requestRecord(CLAIM, never)).toMatchObject({ kind: 'answer' });
  });

  it('are asked again over a new connection, and can be called off', async () => {
    const uplink = await startUplink({}, 20_000);
    await until(() => uplink.online);
    const reply = uplink.requestRecord(CLAIM, never);
    await until(() => messages('record/request').length === 1);
    await broker.down();
    await broker.up();
    await startReceiver();
    expect(await reply).toMatchObject({ kind: 'answer' });
    const calledOff = new AbortController();
    const other = uplink.requestRecord(CLAIM, calledOff.signal);
    calledOff.abort(new Error('called off'));
    await expect(other).rejects.toThrow('called off');
  });
});

describe('presence', () => {
  const states = () => messages('state').map(one => KioskState.parse(JSON.parse(one.payload)).state);

  it('says online on every connection, offline by last will, stopped on purpose', async () => {
    const uplink = await startUplink();
    await until(() => uplink.online);
    expect(states()).toEqual(['online']);
    await uplink.publishDevices([
      { role: 'camera', state: 'ready', driver: 'mjpeg-http', model: 'm', serial: 's', error: null },
    ]);
    const measured = {
      uptimeSeconds: 1,
      outboxPackets: 0,
      outboxBytes: 0,
      outboxFull: null,
      audit: { entries: 0, sha256: '0'.repeat(64) },
      eventLoopDelayP99Ms: 1,
      residentBytes: 1,
      modelRestarts: 0,
      keys: { holder: 'file' as const, validUntil: '2030-01-01T00:00:00.000Z', findings: [] },
    };
    await uplink.publishHealth(measured);
    expect(Health.parse(JSON.parse(messages('health')[0]!.payload)).boot).toBe(3);
    expect(DeviceStates.parse(JSON.parse(messages('devices').at(-1)!.payload)).devices).toHaveLength(1);

    broker.cut();
    await until(() => states().length >= 3 && messages('devices').length >= 3);
    expect(states()).toEqual(['online', 'offline', 'online']);
    await uplink[Symbol.asyncDispose]();
    expect(states()).toEqual(['online', 'offline', 'online', 'stopped']);
    expect([...messages('state'), ...messages('devices')].every(one => one.retain)).toBe(true);
  });

  it('says stopped also when it is stopped while it says online', async () => {
    for (let turn = 0; turn < 3; turn += 1) {
      const seen = states().length;
      const uplink = await startUplink();
      await until(() => states().length > seen);
      await uplink[Symbol.asyncDispose]();
      expect(states().at(-1)).toBe('stopped');
    }
  });

  it('keeps trying while there is no broker, and stops cleanly without one', async () => {
    await broker.down();
    const uplink = await startUplink();
    await until(() => logged.filter(line => line.includes('UPLINK_UNREACHABLE')).length >= 3);
    await uplink[Symbol.asyncDispose]();
    expect(uplink.online).toBe(false);
    await broker.up();
  });
});

describe('commands', () => {
  const command = (over: object = {}) => ({
    type: 'vantay.command',
    schemaVersion: 1,
    commandId: newId(),
    office: OFFICE,
    kiosk: KIOSK,
    name: 'resend-states',
    issuedAt: new Date(Date.now() - 1000).toISOString(),
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
    ...over,
  });

  it('of the backend are carried out once and in time; others change nothing', async () => {
    const receiver = await startReceiver();
    const uplink = await startUplink();
    await until(() => uplink.online);
    const send = async (value: object, by = signerOf(pki.backend)) =>
      receiver.send('command', await signJws('vantay.command', canonicalJson(value), by));
    const answers = () => messages('command/answer').map(one => CommandAnswer.parse(JSON.parse(one.payload)));
    const first = command();
    await send(first);
    await send(first);
    await send(command({ expiresAt: new Date(Date.now() - 1).toISOString() }));
    await send(command(), signerOf(pki.registry));
    await send(command({ kiosk: 'kiosk-2' }));
    await send(command({ name: 'ping' }));
    await until(() => answers().length >= 4);
    expect(answers().map(one => [one.result, one.code])).toEqual([
      ['done', null],
      ['refused', 'COMMAND_REPLAYED'],
      ['refused', 'COMMAND_EXPIRED'],
      ['done', null],
    ]);
    expect(messages('state')).toHaveLength(2);
    expect(Object.fromEntries(uplink.dropped)).toEqual({ PACKET_WRONG_SIGNER: 1, PACKET_WRONG_KIOSK: 1 });
  });
});
