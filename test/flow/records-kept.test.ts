/** Records that are kept: fetched from the registry, used without it, searched, refused when altered, wiped on command. */
import { readFileSync } from 'node:fs';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../agent/contract/audit.ts';
import { AuditEntry } from '../../agent/contract/audit.ts';
import type { ImmigrationRecord } from '../../sim/registry/records.ts';
import { type KeptKiosk, KeptWorld } from '../fixtures/kept-kiosk.ts';

const PEOPLE = ['a', 'b', 'c', 'd'] as const;
type Who = (typeof PEOPLE)[number] | 'e';
const face = (who: Who, pose = 'neutral'): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../sim/people/face/frames/${who}-${pose}.jpg`, import.meta.url)));

const recordOf = (who: Who, over: Partial<ImmigrationRecord> = {}): ImmigrationRecord => ({
  recordId: `record-${who}`,
  person: {
    surname: `SURNAME${who}`,
    givenNames: '',
    birthDate: '1990-01-02',
    sex: 'female',
    nationality: 'UTO',
  },
  travelDocumentNumber: `DOC${who}`,
  residenceCardNumber: `CARD${who}`,
  onFile: { face: true, finger: false },
  references: [{ modality: 'face', position: null, mediaType: 'image/jpeg', bytes: face(who), ppi: null }],
  ...over,
});
const claimOf = (who: Who) => ({
  nationality: 'UTO',
  travelDocumentNumber: `DOC${who}`,
  birthDate: '1990-01-02',
  residenceCardNumber: `CARD${who}`,
});

const WAIT = { timeout: 20_000, interval: 20 };
let kept: KeptWorld;
const open: KeptKiosk[] = [];
const start = async (gallery: 'exact' | 'off' = 'off'): Promise<KeptKiosk> => {
  const kiosk = await kept.kiosk(gallery);
  open.push(kiosk);
  return kiosk;
};
const stop = async (): Promise<void> => {
  for (const kiosk of open.splice(0)) await kiosk[Symbol.asyncDispose]();
};
const found = async ({ keeper }: KeptKiosk, who: Who) => (await keeper.find(claimOf(who)))?.state ?? null;
const complete = ({ keeper }: KeptKiosk) =>
  expect.poll(async () => (await keeper.health()).complete, WAIT).toBe(true);
const events = async ({ outbox }: KeptKiosk): Promise<AuditEvent[]> =>
  (await outbox.auditPage(null, '"records_', 50)).map(({ text }) => AuditEntry.parse(JSON.parse(text)).event);
/** Whom a face is nearest to, by record. */
async function nearest({ keeper }: KeptKiosk, who: Who): Promise<string | null> {
  const probe = (await kept.models.face.analyse(face(who, 'smile'))).face?.embedding;
  const search = probe && (await keeper.gallery?.search([probe], 1));
  const candidate = search?.candidates[0]?.[0];
  return candidate ? ((await keeper.at(candidate.id))?.recordId ?? null) : null;
}

beforeAll(async () => {
  kept = await KeptWorld.start();
  for (const who of PEOPLE) kept.world.registry.addRecord(recordOf(who));
}, 60_000);
afterEach(stop);
afterAll(() => kept[Symbol.asyncDispose]());

describe('records that are kept', () => {
  it('come from the registry, are found without it, and follow its changes', async () => {
    const kiosk = await start('exact');
    await complete(kiosk);
    expect(await found(kiosk, 'a')).toBe('found');
    await expect.poll(() => nearest(kiosk, 'b'), WAIT).toBe('record-b');

    kept.world.registry.addRecord(recordOf('e'));
    await expect.poll(() => nearest(kiosk, 'e'), WAIT).toBe('record-e');
    kept.world.registry.deleteRecord('record-e');
    await expect.poll(() => found(kiosk, 'e'), WAIT).toBeNull();
    await expect.poll(() => nearest(kiosk, 'e'), WAIT).not.toBe('record-e');
    kept.world.registry.addRecord(recordOf('d', { locked: true }));
    await expect.poll(() => found(kiosk, 'd'), WAIT).toBe('locked');
    kept.world.registry.addRecord(recordOf('d'));

    await kept.world.broker?.stop();
    expect(await found(kiosk, 'a')).toBe('found');
    await stop();
    const later = await start('exact');
    await expect.poll(() => found(later, 'c'), WAIT).toBe('found');
    await expect.poll(() => nearest(later, 'c'), WAIT).toBe('record-c');
    await kept.world.broker?.start();
    await complete(later);
    const noted = await events(later);
    expect(noted[0]).toMatchObject({ event: 'records_synchronised', records: 4 });
  }, 60_000);

  it('that the registry does not sign for are not kept, and a forged page changes nothing', async () => {
    const kiosk = await start();
    await complete(kiosk);
    const { registry } = kept.world;
    for (const kind of ['forged-signature', 'garbage'] as const) {
      const refused = () => [...kiosk.uplink.dropped.values()].reduce((sum, count) => sum + count, 0);
      const before = refused();
      registry.setFault({ kind });
      registry.addRecord(recordOf('e'));
      await expect.poll(refused, WAIT).toBeGreaterThan(before);
      expect([await found(kiosk, 'a'), await found(kiosk, 'e')]).toEqual(['found', null]);
      registry.setFault(null);
      registry.deleteRecord('record-e');
    }
    registry.setFault({ kind: 'wrong-root' });
    registry.addRecord(recordOf('a'));
    await expect.poll(async () => (await kiosk.keeper.health()).complete, WAIT).toBe(false);
    registry.setFault(null);
    registry.addRecord(recordOf('b'));
    await complete(kiosk);
    await expect.poll(() => found(kiosk, 'a'), WAIT).toBe('found');
  }, 60_000);

  it('that were altered are refused, noted, and fetched anew', async () => {
    const before = await start();
    await complete(before);
    await stop();
    const database = new DatabaseSync(kept.recordsFile);
    const of = (row: string) => `row = (SELECT ${row}(row) FROM records)`;
    database.exec(
      `UPDATE boxes SET sealed = (SELECT sealed FROM boxes WHERE ${of('max')}) WHERE ${of('min')}`,
    );
    database.close();
    const kiosk = await start();
    await expect.poll(async () => (await kiosk.keeper.health()).state, WAIT).toBe('ready');
    for (const who of PEOPLE) await kiosk.keeper.find(claimOf(who));
    await expect
      .poll(() => events(kiosk), WAIT)
      .toContainEqual({ event: 'records_refused', code: 'RECORDS_SWAPPED' });
    await expect.poll(() => found(kiosk, 'a'), WAIT).toBe('found');
  }, 60_000);

  it('that are an older copy are refused', async () => {
    const before = await start();
    await complete(before);
    await stop();
    const copy = `${kept.recordsFile}.copy`;
    await cp(kept.recordsFile, copy);
    const between = await start();
    kept.world.registry.deleteRecord('record-c');
    await expect.poll(() => found(between, 'c'), WAIT).toBeNull();
    await expect.poll(async () => (await events(between))[0], WAIT).toMatchObject({ records: 3 });
    await stop();
    await cp(copy, kept.recordsFile);
    const kiosk = await start();
    await expect
      .poll(() => events(kiosk), WAIT)
      .toContainEqual({
        event: 'records_refused',
        code: 'RECORDS_ROLLED_BACK',
      });
    await complete(kiosk);
    expect(await found(kiosk, 'c')).toBeNull();
    kept.world.registry.addRecord(recordOf('c'));
  }, 60_000);

  it('under a key that is not there stay closed until it is, and say so', async () => {
    const before = await start();
    await complete(before);
    await stop();
    const keyFile = kept.config.records?.keyFile ?? '';
    const key = await readFile(keyFile);
    await writeFile(keyFile, Buffer.alloc(32, 9).toString('base64'));
    const kiosk = await start();
    await expect.poll(async () => (await kiosk.keeper.health()).code, WAIT).toBe('RECORDS_KEY_FOREIGN');
    expect(await found(kiosk, 'a')).toBeNull();
    await stop();
    await writeFile(keyFile, key);
    await complete(await start());
  }, 60_000);

  it('are wiped, gallery and all, and come again only when that is allowed', async () => {
    const kiosk = await start('exact');
    await complete(kiosk);
    await expect.poll(() => kiosk.keeper.gallery, WAIT).not.toBeNull();
    await kiosk.keeper.command('rotate-records-key');
    await kiosk.keeper.command('wipe-records');
    await expect.poll(async () => (await kiosk.keeper.health()).state, WAIT).toBe('wiped');
    expect([await found(kiosk, 'a'), kiosk.keeper.gallery]).toEqual([null, null]);
    await stop();
    const again = await start();
    await expect.poll(async () => (await again.keeper.health()).state, WAIT).toBe('wiped');
    kept.world.registry.addRecord(recordOf('e'));
    expect(await found(again, 'a')).toBeNull();
    await again.keeper.command('sync-records');
    await complete(again);
    expect(await found(again, 'e')).toBe('found');
    expect((await events(again)).map(({ event }) => event)).toContain('records_wiped');
  }, 60_000);
});
