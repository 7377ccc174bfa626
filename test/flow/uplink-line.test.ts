import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DeviceStates, Health, KioskState } from '../../agent/contract/uplink.ts';
import { type MqttSettings, mqttDial } from '../../agent/uplink/dial.ts';
import {
  broker,
  folder,
  logged,
  messages,
  never,
  startUplink,
  until,
  useUplinkWorld,
} from '../fixtures/uplink-world.ts';

useUplinkWorld();

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
      records: null,
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

  it('names a connection that is let in and closed again and again, and then waits the longest', async () => {
    const uplink = await startUplink();
    while (!logged.some(line => line.includes('UPLINK_UNSTABLE'))) {
      await until(() => uplink.online);
      broker.cut();
      await until(() => !uplink.online);
    }
    const lost = logged.filter(line => line.includes('not connected'));
    expect(lost.findIndex(line => line.includes('UPLINK_UNSTABLE'))).toBe(2);
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
