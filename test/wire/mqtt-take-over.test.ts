import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { mqttDial } from '../../agent/uplink/dial.ts';

/** MQTT 5 CONNACK, accepted, without properties (OASIS MQTT 5.0, 3.2). */
const ACCEPTED = Buffer.from([0x20, 0x03, 0x00, 0x00, 0x00]);
/** DISCONNECT with the reason "session taken over", without properties (3.14). */
const TAKEN_OVER = Buffer.from([0xe0, 0x02, 0x8e, 0x00]);

it('a broker that says so ends a session as taken over', async () => {
  const broker = createServer(socket => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(ACCEPTED);
      setTimeout(() => socket.end(TAKEN_OVER), 50);
    });
  }).listen(0, '127.0.0.1');
  await once(broker, 'listening');
  try {
    const { port } = broker.address() as AddressInfo;
    const dial = mqttDial({ url: `mqtt://127.0.0.1:${port}`, protocol: '5', keepaliveSeconds: 30 });
    const session = await dial({
      clientId: 'vantay-hanoi-kiosk-1',
      will: { topic: 'state', payload: 'offline' },
      subscriptions: [],
      onMessage: () => undefined,
      signal: AbortSignal.timeout(10_000),
    });
    expect(await session.closed).toMatchObject({ code: 'UPLINK_TAKEN_OVER' });
  } finally {
    broker.close();
  }
});
