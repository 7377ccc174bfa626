import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteOutbox } from '../../agent/outbox/outbox.ts';
import type { OutboxLimits, ReceiptOutcome } from '../../agent/outbox/types.ts';
import { newId } from '../fixtures/messages.ts';

const LIMITS: OutboxLimits = { maxPackets: 5, maxBytes: 10_000, maxAgeMs: 60_000, minimumFreeBytes: 0 };
const CHILD = fileURLToPath(new URL('../fixtures/outbox-child.ts', import.meta.url));

let folder: string;
let path: string;
let nowMs = 1_000_000;
const opened: SqliteOutbox[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantay-outbox-'));
  path = join(folder, 'outbox.sqlite');
});
afterEach(async () => {
  for (const outbox of opened.splice(0)) await outbox[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function open(limits: OutboxLimits = LIMITS): Promise<SqliteOutbox> {
  const outbox = await SqliteOutbox.open({ path, limits, clock: { now: () => new Date(nowMs) } });
  opened.push(outbox);
  return outbox;
}

const packet = (sequence: number, bytes = 100) => ({
  id: newId(),
  sequence,
  container: new Uint8Array(randomBytes(bytes)),
  manifestSha256: randomBytes(32).toString('hex'),
});
const receipt = (id: string, state: ReceiptOutcome['state'] = 'verified') => ({ id, state, code: null });

describe('the outbox', () => {
  it('keeps what it accepted through a restart, and gives the oldest first', async () => {
    const packets = [packet(2), packet(1), packet(3)];
    const first = await open();
    for (const one of packets) await first.accept(one);
    await first[Symbol.asyncDispose]();

    const second = await open();
    const oldest = await second.next([]);
    expect(oldest?.row).toMatchObject({
      id: packets[1]!.id,
      sequence: 1,
      state: 'queued',
      attempts: 0,
      bytes: 100,
    });
    expect(Buffer.from(oldest!.container).equals(packets[1]!.container)).toBe(true);
    expect((await second.next([packets[1]!.id]))?.row.sequence).toBe(2);
    expect(await second.next(packets.map(one => one.id))).toBeNull();
  });

  it('counts boots and sequences over restarts without giving a number twice', async () => {
    const first = await open();
    expect([await first.nextBoot(), await first.nextSequence(), await first.nextSequence()]).toEqual([
      1, 1, 2,
    ]);
    await first[Symbol.asyncDispose]();
    const second = await open();
    expect([await second.nextBoot(), await second.nextSequence()]).toEqual([2, 3]);
  });

  it('takes the same packet twice as one, and refuses another with its id or sequence', async () => {
    const outbox = await open();
    const one = packet(1);
    await outbox.accept(one);
    await outbox.accept(one);
    expect((await outbox.status()).packets).toBe(1);
    await expect(outbox.accept({ ...packet(2), id: one.id })).rejects.toMatchObject({
      code: 'OUTBOX_CONFLICT',
    });
    await expect(outbox.accept(packet(1))).rejects.toMatchObject({ code: 'OUTBOX_CONFLICT' });
  });

  it('deletes the container after verified, keeps the row, and applies receipts once', async () => {
    const outbox = await open();
    const one = packet(1);
    await outbox.accept(one);
    await outbox.markSent(one.id);
    expect(await outbox.find(one.id)).toMatchObject({ state: 'sent', attempts: 1 });
    expect(await outbox.apply(receipt(one.id, 'received'))).toBe('applied');
    expect(await outbox.apply(receipt(one.id, 'received'))).toBe('unchanged');
    expect((await outbox.next([]))?.row.state).toBe('received');
    expect(await outbox.apply(receipt(one.id, 'verified'))).toBe('applied');
    for (const late of ['received', 'verified'] as const) {
      expect(await outbox.apply(receipt(one.id, late))).toBe('unchanged');
    }
    await outbox.markSent(one.id);
    expect(await outbox.find(one.id)).toMatchObject({
      state: 'deleted',
      attempts: 1,
      receiptState: 'verified',
    });
    expect(await outbox.next([])).toBeNull();
    expect(await outbox.status()).toMatchObject({ packets: 0, bytes: 0, oldestAtMs: null });
    expect(await outbox.apply(receipt(newId()))).toBe('unknown');
    const database = new DatabaseSync(path, { readOnly: true });
    expect(database.prepare('SELECT count(*) AS n FROM containers').get()).toEqual({ n: 0 });
    database.close();
  });

  it('keeps the backend’s decision after verified, the first one for good', async () => {
    const outbox = await open();
    const decisions = ['accepted', 'rejected', 'recapture'] as const;
    for (const [index, decision] of decisions.entries()) {
      const one = packet(index + 1);
      await outbox.accept(one);
      await outbox.apply(receipt(one.id, 'verified'));
      expect(await outbox.apply(receipt(one.id, decision))).toBe('applied');
      for (const later of ['received', 'verified', ...decisions] as const) {
        expect(await outbox.apply(receipt(one.id, later))).toBe('unchanged');
      }
      expect(await outbox.find(one.id)).toMatchObject({ state: 'deleted', receiptState: decision });
    }
  });

  it('keeps a rejected packet but sends it no more', async () => {
    const outbox = await open();
    const one = packet(1);
    await outbox.accept(one);
    expect(await outbox.apply({ id: one.id, state: 'rejected', code: 'NO' })).toBe('applied');
    expect(await outbox.next([])).toBeNull();
    expect(await outbox.find(one.id)).toMatchObject({ state: 'rejected', receiptCode: 'NO' });
    expect((await outbox.status()).packets).toBe(1);
  });

  it('refuses what exceeds its limits, early and in words', async () => {
    const outbox = await open();
    for (let sequence = 1; sequence <= 4; sequence += 1) await outbox.accept(packet(sequence));
    await expect(outbox.accept(packet(5, 9_900))).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
    await outbox.accept(packet(5, 9_600));
    expect(await outbox.status()).toMatchObject({ packets: 5, bytes: 10_000, full: 'packets' });
    await expect(outbox.accept(packet(6))).rejects.toMatchObject({ code: 'OUTBOX_FULL' });

    const roomy = { ...LIMITS, maxPackets: 10, maxBytes: 1e9 };
    await outbox[Symbol.asyncDispose]();
    const later = await open(roomy);
    await later.accept(packet(6));
    nowMs += 60_001;
    expect((await later.status()).full).toBe('age');
    await later.accept(packet(8)); // of a visit that began before
    nowMs += 30 * 60_000;
    await expect(later.accept(packet(7))).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
  });

  it('tells who listens of each acceptance, and refuses after its end', async () => {
    const outbox = await open();
    let heard = 0;
    const stop = outbox.onAccepted(() => {
      heard += 1;
    });
    await outbox.accept(packet(1));
    stop();
    await outbox.accept(packet(2));
    expect(heard).toBe(1);
    await outbox[Symbol.asyncDispose]();
    await expect(outbox.accept(packet(3))).rejects.toMatchObject({ code: 'OUTBOX_CLOSED' });
  });
});

describe('a file that is no intact outbox of this version', () => {
  async function expectRefused(code: string): Promise<void> {
    const before = await readFile(path);
    await expect(open()).rejects.toMatchObject({ code });
    expect((await readFile(path)).equals(before)).toBe(true);
  }

  it('is refused when it is no database', async () => {
    await writeFile(path, randomBytes(5000));
    await expectRefused('OUTBOX_CORRUPT');
  });

  it('is refused when it is somebody else’s database', async () => {
    const other = new DatabaseSync(path);
    other.exec('CREATE TABLE songs (title TEXT)');
    other.close();
    await expectRefused('OUTBOX_FOREIGN');
  });

  it('is refused when a newer agent wrote it', async () => {
    await (await open())[Symbol.asyncDispose]();
    const database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 3');
    database.close();
    await expectRefused('OUTBOX_NEWER');
  });

  it('is refused when pages are damaged', async () => {
    const outbox = await open({ ...LIMITS, maxBytes: 1e9 });
    for (let sequence = 1; sequence <= 3; sequence += 1) await outbox.accept(packet(sequence, 30_000));
    await outbox[Symbol.asyncDispose]();
    const bytes = await readFile(path);
    bytes.fill(0xa5, 4096, 4096 * 6);
    await writeFile(path, bytes);
    await expectRefused('OUTBOX_CORRUPT');
  });

  it('is refused when its folder is missing', async () => {
    path = join(folder, 'missing', 'outbox.sqlite');
    await expect(open()).rejects.toMatchObject({ code: 'OUTBOX_IO' });
  });
});

describe('kill -9 in the middle of accepting', () => {
  it('loses nothing that was accepted', async () => {
    const accepted = new Map<string, number>();
    for (let round = 0; round < 4; round += 1) {
      const child = spawn(process.execPath, [CHILD, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      let seen = 0;
      let rest = '';
      const want = 5 + round * 3;
      child.stdout.setEncoding('utf8');
      child.stdout.on('data', (text: string) => {
        const lines = `${rest}${text}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const [id, sequence] = line.split(' ');
          accepted.set(id!, Number(sequence));
          seen += 1;
        }
        // The child is by now in the middle of the next acceptance.
        if (seen >= want) child.kill('SIGKILL');
      });
      await once(child, 'close');
      expect(child.signalCode).toBe('SIGKILL');
    }
    const outbox = await open({ maxPackets: 1e6, maxBytes: 1e12, maxAgeMs: 1e15, minimumFreeBytes: 0 });
    for (const [id, sequence] of accepted) {
      expect(await outbox.find(id)).toMatchObject({ sequence, state: 'queued', bytes: 50_000 });
    }
    const order: number[] = [];
    const taken: string[] = [];
    for (let found = await outbox.next(taken); found !== null; found = await outbox.next(taken)) {
      taken.push(found.row.id);
      order.push(found.row.sequence);
    }
    expect(order).toEqual([...order].sort((a, b) => a - b));
    // At most one more a round: committed, and killed before it could say so.
    expect(order.length - accepted.size).toBeLessThanOrEqual(4);
    expect(await outbox.nextSequence()).toBeGreaterThan(Math.max(...order));
  });
});
