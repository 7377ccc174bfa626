import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyChain } from '../../agent/audit/verify.ts';
import type { AuditEntry } from '../../agent/contract/audit.ts';
import { VisitGate } from '../../agent/outbox/gate.ts';
import { OutboxStore } from '../../agent/outbox/store.ts';
import type { OutboxLimits, OutboxStatus } from '../../agent/outbox/types.ts';
import { newId } from '../fixtures/messages.ts';

const LIMITS: OutboxLimits = { maxPackets: 100, maxBytes: 2 ** 30, maxAgeMs: 60_000, minimumFreeBytes: 0 };
const NOW = 1_000_000_000_000;

let folder: string;
let path: string;
let store: OutboxStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-store-'));
  path = join(folder, 'outbox.sqlite');
  store = new OutboxStore(path, LIMITS, { alone: true });
});
afterEach(() => {
  store[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

function reopen(limits: Partial<OutboxLimits> = {}): void {
  store[Symbol.dispose]();
  store = new OutboxStore(path, { ...LIMITS, ...limits }, { alone: true });
}

const packet = (sequence: number, bytes = 100) => ({
  id: newId(),
  sequence,
  container: new Uint8Array(randomBytes(bytes)),
  manifestSha256: randomBytes(32).toString('hex'),
});

function accept(sequence: number, bytes = 100): string {
  const one = packet(sequence, bytes);
  store.call('accept', { packet: one, nowMs: NOW });
  return one.id;
}
const apply = (id: string, state: 'received' | 'verified' | 'accepted' | 'rejected') =>
  store.call('apply', { outcome: { id, state, code: null }, nowMs: NOW });
const stateOf = (id: string) => store.call('find', { id })?.state;
const full = () => store.call('status', { nowMs: NOW }).full;
const events = () => [...store.auditEntries()].map(({ text }) => (JSON.parse(text) as AuditEntry).event);

describe('calls that waited for one commit', () => {
  it('share the next one, and one that is refused spoils no other', () => {
    const [good, other] = [packet(1), packet(2)];
    const outcomes = store.batch([
      { name: 'accept', takes: { packet: good, nowMs: NOW } },
      { name: 'accept', takes: { packet: { ...other, sequence: 1 }, nowMs: NOW } },
      { name: 'accept', takes: { packet: other, nowMs: NOW } },
      { name: 'count', takes: { name: 'sequence' } },
    ]);
    expect(outcomes).toMatchObject([
      { ok: true },
      { ok: false, code: 'OUTBOX_CONFLICT' },
      { ok: true },
      { ok: true, gives: 1 },
    ]);
    expect([...store.held()].map(({ row }) => row.id)).toEqual([good.id, other.id]);
    expect(events().map(one => one.event)).toEqual(['packet_accepted', 'packet_accepted']);
  });
});

describe('a verified packet', () => {
  it('is deleted with an entry in the audit chain, and not before its receipt', () => {
    const id = accept(1, 50_000);
    store.settle(NOW);
    expect(stateOf(id)).toBe('queued');
    apply(id, 'verified');
    expect(stateOf(id)).toBe('verified');
    expect(existsInContainers(id)).toBe(true);
    store.settle(NOW);
    expect([stateOf(id), existsInContainers(id)]).toEqual(['deleted', false]);
    expect(events().map(one => one.event)).toEqual([
      'packet_accepted',
      'receipt_applied',
      'container_deleted',
    ]);
    expect(verifyChain(store.auditEntries(), [store.call('auditHead', null)])).toMatchObject({
      intact: true,
    });
    expect(store.call('status', { nowMs: NOW })).toMatchObject({ packets: 0, bytes: 0 });
  });

  it('whose deletion a crash forestalled is deleted at the next start', () => {
    const id = accept(1);
    apply(id, 'verified');
    reopen();
    store.settle(NOW);
    expect(stateOf(id)).toBe('deleted');
  });

  const existsInContainers = (id: string): boolean => {
    const database = new DatabaseSync(path, { readOnly: true });
    const found = database.prepare('SELECT 1 FROM containers WHERE id = ?').get(id);
    database.close();
    return found !== undefined;
  };
});

describe('a rejected packet', () => {
  it('goes back into the queue when an officer says so, which is noted', () => {
    const id = accept(1);
    expect(store.retry(id, NOW)).toBe(false);
    apply(id, 'rejected');
    expect([...store.held()]).toEqual([]);
    expect(store.retry(id, NOW)).toBe(true);
    expect(store.call('next', { except: [], atLeast: 1 })?.row).toMatchObject({ id, state: 'queued' });
    expect(events().at(-1)).toEqual({ event: 'packet_retried', packetId: id });
  });
});

describe('the audit chain in the outbox', () => {
  it('can be neither altered nor shortened through SQL', () => {
    accept(1);
    const database = new DatabaseSync(path);
    expect(() => database.exec("UPDATE audit SET text = ''")).toThrow('append-only');
    expect(() => database.exec('DELETE FROM audit')).toThrow('append-only');
    database.close();
  });

  it('is carried on by a command line beside the agent', () => {
    accept(1);
    {
      using beside = new OutboxStore(path, LIMITS, { alone: false });
      beside.call('record', { event: { event: 'stopped' }, nowMs: NOW });
    }
    accept(2);
    expect(verifyChain(store.auditEntries())).toMatchObject({ intact: true, head: { entries: 3 } });
  });
});

describe('the file', () => {
  it('belongs to one agent at a time', () => {
    expect(() => new OutboxStore(path, LIMITS, { alone: true })).toThrow(
      expect.objectContaining({ code: 'OUTBOX_IN_USE' }),
    );
  });

  it('of version 1 is taken over with all it holds', () => {
    store[Symbol.dispose]();
    rmSync(path);
    const old = new DatabaseSync(path);
    old.exec(`
      CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
      INSERT INTO counters VALUES ('boot', 7), ('sequence', 9);
      CREATE TABLE packets (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL UNIQUE, manifest_sha256 TEXT NOT NULL,
        container_sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, state TEXT NOT NULL CHECK (state IN ('queued', 'sent',
        'received', 'verified', 'rejected')), attempts INTEGER NOT NULL DEFAULT 0, accepted_at_ms INTEGER NOT NULL,
        changed_at_ms INTEGER NOT NULL, receipt_state TEXT, receipt_code TEXT) STRICT;
      CREATE INDEX packets_undelivered ON packets (sequence) WHERE state <> 'verified';
      CREATE TABLE containers (id TEXT PRIMARY KEY REFERENCES packets (id), container BLOB NOT NULL) STRICT;
      INSERT INTO packets VALUES ('a', 1, 'm', 'c', 3, 'verified', 1, 1, 1, 'verified', NULL),
        ('b', 2, 'm', '${'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'}', 3, 'sent', 1, 1, 1, NULL, NULL);
      INSERT INTO containers VALUES ('b', x'616263');
      PRAGMA application_id = 0x564f4258; PRAGMA user_version = 1;`);
    old.close();
    store = new OutboxStore(path, LIMITS, { alone: true });
    expect([stateOf('a'), stateOf('b')]).toEqual(['deleted', 'sent']);
    expect(store.call('next', { except: [], atLeast: 1 })?.row.id).toBe('b');
    expect(store.call('status', { nowMs: 2 })).toMatchObject({ packets: 1, bytes: 3 });
    expect(store.call('count', { name: 'boot' })).toBe(8);
    apply('b', 'verified');
    store.settle(NOW);
    expect(store.call('status', { nowMs: NOW })).toMatchObject({ packets: 0, bytes: 0 });
  });

  it('shrinks again after a long outage', () => {
    const ids = Array.from({ length: 40 }, (_, index) => accept(index + 1, 500_000));
    store.settle(NOW);
    const before = statSync(path).size;
    for (const id of ids) apply(id, 'accepted');
    for (let turn = 0; turn < 5; turn += 1) store.settle(NOW);
    expect(before).toBeGreaterThan(10_000_000);
    expect(statSync(path).size).toBeLessThan(before / 2);
  });
});

describe('commands', () => {
  it('are remembered over restarts', () => {
    const takes = { id: newId(), expiresAtMs: NOW + 1, nowMs: NOW };
    expect(store.call('admitCommand', takes)).toBe(true);
    reopen();
    expect(store.call('admitCommand', { ...takes, nowMs: NOW + 1_000 })).toBe(false);
  });
});

describe('space', () => {
  const reserve = () => `${path}.reserve`;

  it('is set aside, and new visits are refused while it is not', () => {
    expect(statSync(reserve()).size).toBe(4 * 1024 * 1024);
    expect(full()).toBeNull();
    rmSync(reserve());
    expect(full()).toBe('disk');
    store.settle(NOW);
    expect([existsSync(reserve()), full()]).toEqual([true, null]);
    writeFileSync(reserve(), 'cut short');
    expect(full()).toBe('disk');
    store.settle(NOW);
    expect(full()).toBeNull();
  });

  it('has to be left for a visit: each limit says so before it is reached', () => {
    reopen({ minimumFreeBytes: 2 ** 60 });
    expect(full()).toBe('disk');
    reopen({ maxBytes: 3 * 1024 * 1024 });
    expect(full()).toBeNull();
    accept(1, 1024 * 1024 + 1);
    expect(full()).toBe('bytes');
    reopen({ maxPackets: 1 });
    expect(full()).toBe('packets');
    reopen();
    expect(store.call('status', { nowMs: NOW + 60_001 }).full).toBe('age');
  });
});

describe('the gate before a visit', () => {
  const statusOf = (value: OutboxStatus['full']): OutboxStatus => ({
    packets: 0,
    bytes: 0,
    oldestAtMs: null,
    full: value,
  });
  const step = (kind: string, visitId: string | null) => ({ kind, visitId, refused: null });

  it('tells the applicant why not, in the words of the screen', async () => {
    for (const [limit, reason] of [
      [null, null],
      ['packets', 'outbox_full'],
      ['bytes', 'outbox_full'],
      ['age', 'outbox_overdue'],
      ['disk', 'disk_full'],
    ] as const) {
      const outbox = { status: async () => statusOf(limit), record: async () => {} };
      await using gate = await VisitGate.open(outbox, () => {});
      expect(gate.refusal).toBe(reason);
    }
  });

  it('notes which visits there were, and lets nobody in once that cannot be written', async () => {
    const written: string[] = [];
    let broken = false;
    const failures: unknown[] = [];
    const outbox = {
      status: async () => statusOf(null),
      record: async ({ event }: { event: string }) => {
        if (broken) throw new Error('no space');
        written.push(event);
      },
    };
    const gate = await VisitGate.open(outbox, error => void failures.push(error));
    const [first, second] = [newId(), newId()];
    gate.follow(step('language', first), step('idle', null));
    gate.follow(step('fingers', first), step('language', first));
    gate.follow(step('idle', null), step('receipt', first));
    gate.follow({ ...step('refused', second), refused: 'outbox_full' }, step('idle', null));
    gate.follow(step('idle', null), { ...step('refused', second), refused: 'outbox_full' });
    await gate[Symbol.asyncDispose]();
    expect(written).toEqual(['visit_began', 'visit_ended', 'visit_refused']);
    broken = true;
    gate.follow(step('language', newId()), step('idle', null));
    await gate[Symbol.asyncDispose]();
    expect([gate.refusal, failures.length]).toEqual(['disk_full', 1]);
  });
});
