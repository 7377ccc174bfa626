import { describe, expect, it } from 'vitest';
import { CommandAnswer } from '../../agent/contract/uplink.ts';
import { canonicalJson } from '../../agent/packet/canonical.ts';
import { signJws } from '../../agent/packet/jws.ts';
import { newId } from '../fixtures/messages.ts';
import { KIOSK, OFFICE, signerOf } from '../fixtures/pki.ts';
import {
  auditEvents,
  broker,
  CLAIM,
  messages,
  never,
  pki,
  startReceiver,
  startUplink,
  until,
  useUplinkWorld,
} from '../fixtures/uplink-world.ts';

useUplinkWorld();

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
    const uplink = await startUplink({}, 3000);
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

  it('that were carried out are remembered when the agent starts again, and noted for good', async () => {
    const receiver = await startReceiver();
    const before = await startUplink();
    await until(() => before.online);
    const jws = await signJws(
      'vantay.command',
      canonicalJson(command({ name: 'ping' })),
      signerOf(pki.backend),
    );
    await receiver.send('command', jws);
    await until(() => messages('command/answer').length === 1);
    await before[Symbol.asyncDispose]();
    const after = await startUplink();
    await until(() => after.online);
    await receiver.send('command', jws);
    await until(() => messages('command/answer').length === 2);
    const codes = (await auditEvents()).flatMap(one => (one.event === 'command' ? [one.code] : []));
    expect(codes).toEqual([null, 'COMMAND_REPLAYED']);
  });
});
