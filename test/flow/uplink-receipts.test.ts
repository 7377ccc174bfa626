import { describe, expect, it } from 'vitest';
import type { Receipt } from '../../agent/contract/packet.ts';
import { newId } from '../fixtures/messages.ts';
import { certify, OFFICE, signerOf } from '../fixtures/pki.ts';
import {
  accept,
  auditEvents,
  fateOf,
  logged,
  outbox,
  pki,
  startReceiver,
  startUplink,
  until,
  useUplinkWorld,
} from '../fixtures/uplink-world.ts';

useUplinkWorld();

/** Times that a packet goes unanswered: a lane that loses sight of it one time in ten would do so here. */
const SILENT = 60;

describe('receipts', () => {
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
    expect(await outbox.find(id)).toMatchObject({ state: 'deleted', receiptState: 'verified' });
    const events = await auditEvents();
    expect(events.map(one => one.event)).toEqual([
      'packet_accepted',
      'receipt_applied',
      'receipt_applied',
      'container_deleted',
      'message_refused',
    ]);
    expect(events.at(-1)).toMatchObject({ topic: 'receipt', code: 'RECEIPT_REPLAYED' });
  });

  it('sends again however often nobody answers, with lanes that wait for a queue beside it', async () => {
    const receiver = await startReceiver();
    receiver.behaviour.onPacket = async ({ packet, repeats }) => {
      if (repeats === SILENT) await receiver.receipt(packet, {});
    };
    const uplink = await startUplink({
      drainWindow: 16,
      receiptTimeoutMs: 20,
      backOff: { firstMs: 1, maximumMs: 3 },
    });
    expect(await fateOf(uplink, await accept(1))).toMatchObject({ state: 'verified' });
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
    // Each kind is in the audit chain, none of it with what it said.
    const events = await auditEvents();
    const refused = events.flatMap(one =>
      one.event === 'message_refused' ? [`${one.topic} ${one.code}`] : [],
    );
    expect(refused.sort()).toEqual([
      'command PACKET_JWS_MALFORMED',
      'receipt PACKET_JWS_MALFORMED',
      'receipt PACKET_SIGNATURE',
      'receipt PACKET_WRONG_ID',
      'receipt PACKET_WRONG_KIOSK',
      'receipt PACKET_WRONG_MANIFEST',
      'receipt PACKET_WRONG_SIGNER',
      'record/answer PACKET_CHUNK',
    ]);
    expect(events.filter(one => one.event === 'container_deleted')).toEqual([]);
  });
});
