import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SimulatedBroker, startBroker } from '../../sim/broker/broker.ts';
import { connectClient, disconnectClient } from '../../sim/broker/client.ts';
import { addressOf, topicOf } from '../../sim/broker/topics.ts';
import { makePki } from '../../sim/pki/make.ts';
import { kioskTlsFiles, tlsFiles } from '../../sim/pki/use.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-broker-'));
  await makePki(folder, { office: 'hanoi', kiosk: 'kiosk-1' });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** One message there and back. */
async function echo(broker: SimulatedBroker, tls?: ReturnType<typeof tlsFiles>): Promise<string> {
  const client = await connectClient({ url: broker.url, ...(tls && { tls }) }, 'echo');
  try {
    await client.subscribeAsync('echo', { qos: 1 });
    const arrived = new Promise<string>(resolve =>
      client.once('message', (_topic, payload) => resolve(payload.toString())),
    );
    await client.publishAsync('echo', 'hello', { qos: 1 });
    return await arrived;
  } finally {
    await disconnectClient(client);
  }
}

test('carries messages, and after a restart again on the same port', async () => {
  await using broker = await startBroker();
  const { port } = broker;
  expect(await echo(broker)).toBe('hello');
  await broker.restart();
  expect(broker.port).toBe(port);
  expect(await echo(broker)).toBe('hello');
});

test('a stop breaks every connection, those in mid-handshake too, and frees the port', async () => {
  await using broker = await startBroker();
  const idle = connect(broker.port, '127.0.0.1');
  await once(idle, 'connect');
  const client = await connectClient({ url: broker.url }, 'kept');
  const [closed, gone] = [
    once(idle, 'close'),
    new Promise<void>(resolve => client.once('close', () => resolve())),
  ];
  await broker.stop();
  await Promise.all([closed, gone]);
  client.end(true);
  expect(broker.running).toBe(false);
  await using other = await startBroker({ port: broker.port });
  expect(other.port).toBe(broker.port);
});

test('a port that is taken is an error', async () => {
  await using broker = await startBroker();
  await expect(startBroker({ port: broker.port })).rejects.toThrow('EADDRINUSE');
});

test('with mutual TLS, who has a certificate is served and who has none is not', async () => {
  await using broker = await startBroker({ tls: tlsFiles(folder, 'server') });
  expect(await echo(broker, kioskTlsFiles(folder, 'hanoi', 'kiosk-1'))).toBe('hello');
  const { ca } = tlsFiles(folder, 'server');
  const { root } = await makePki(folder, { office: 'hanoi', kiosk: 'kiosk-1' });
  const stranger = { ca, certificate: root.chain, key: root.key };
  await expect(
    connectClient({ url: broker.url, tls: stranger }, 'x', AbortSignal.timeout(700)),
  ).rejects.toThrow('no connection');
});

test('topics belong to one kiosk each', () => {
  const address = { office: 'hanoi', kiosk: 'kiosk-1' };
  expect(topicOf(address, 'record/answer')).toBe('vantay/1/hanoi/kiosk-1/record/answer');
  expect(addressOf('vantay/1/hanoi/kiosk-1/packet', 'packet')).toEqual(address);
  for (const topic of [
    'vantay/1/hanoi/kiosk-1/receipt',
    'vantay/2/hanoi/kiosk-1/packet',
    'vantay/1/../etc/packet',
    'packet',
  ])
    expect(addressOf(topic, 'packet'), topic).toBeNull();
});
