/** The kept records on their file: what is found, what is refused, what is gone. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseKeyFile } from '../../agent/records/cache/envelope.ts';
import { CacheStore, type StoreOptions } from '../../agent/records/cache/store.ts';
import { discardFile, wipeFile } from '../../agent/records/cache/wipe.ts';
import {
  claimOf,
  FACE_BYTES,
  KEY,
  Log,
  NOW_MS,
  OTHER_KEY,
  optionsFor,
  TEMPLATE,
} from '../fixtures/kept-records.ts';

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-cache-'));
  path = join(folder, 'records.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = (over: Partial<StoreOptions> = {}) => new CacheStore(optionsFor(path, over), NOW_MS);
const code = (act: () => unknown): string => {
  try {
    act();
    return 'nothing';
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
};
/** Opens the file and lets nothing on it unread. */
const readAll = (records = 20, over: Partial<StoreOptions> = {}): void => {
  using store = open(over);
  store.faces(0, 1000);
  for (let n = 0; n < records; n += 1) store.find(claimOf(n), NOW_MS);
};
const filled = (records = 20): Log => {
  const log = new Log();
  for (let n = 0; n < records; n += 1) log.put(n);
  using store = open();
  store.apply(log.page(0), NOW_MS);
  return log;
};
/** Changes the file as somebody with the disk in their hands would. */
const alter = (sql: string): void => {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
};

describe('records that are kept', () => {
  it('are found by travel document, by residence card when that was renewed, and by nothing else', () => {
    filled();
    using store = open();
    const found = store.find(claimOf(3), NOW_MS);
    expect(found).toMatchObject({ state: 'found', record: { recordId: 'CANARYRECORD-3', version: 4 } });
    expect(store.find(claimOf(3, { travelDocumentNumber: 'canary-doc<3' }), NOW_MS)).toEqual(found);
    expect(store.find(claimOf(3, { travelDocumentNumber: 'RENEWED' }), NOW_MS)).toEqual(found);
    expect(store.find(claimOf(3, { residenceCardNumber: null }), NOW_MS)).toEqual(found);
    for (const claim of [
      claimOf(3, { birthDate: '1990-01-03' }),
      claimOf(3, { nationality: 'D' }),
      claimOf(3, { residenceCardNumber: 'ANOTHER' }),
      claimOf(3, { travelDocumentNumber: 'RENEWED', residenceCardNumber: null }),
      claimOf(99),
    ])
      expect(store.find(claim, NOW_MS)).toBeNull();
  });

  it('come with their templates, and their faces fill a gallery', () => {
    const log = filled();
    using store = open();
    const found = store.find(claimOf(5), NOW_MS);
    expect(found?.state === 'found' && found.record).toEqual(log.present[5]);
    const { ids, bytes, last } = store.faces(0, 1000);
    expect([...ids]).toEqual(Array.from({ length: 20 }, (_, at) => at + 1));
    expect(bytes).toHaveLength(20 * FACE_BYTES);
    expect(store.faces(last ?? 0, 1000).last).toBeNull();
    expect(store.at(6, NOW_MS)?.recordId).toBe('CANARYRECORD-5');
  });

  it('that are locked or twice there say so', () => {
    const log = new Log();
    log.put(1, { state: 'locked' });
    log.put(2, { residenceCardNumber: null });
    log.put(3, { residenceCardNumber: null, travelDocumentNumber: 'CANARYDOC2' });
    using store = open();
    store.apply(log.page(0), NOW_MS);
    expect(store.find(claimOf(1), NOW_MS)).toMatchObject({ state: 'locked' });
    expect(store.find(claimOf(2), NOW_MS)).toEqual({ state: 'several' });
  });

  it('are used until they expire, and emptied then', () => {
    const log = new Log();
    log.put(1, { expiresAtMs: NOW_MS + 10 });
    log.put(2);
    using store = open();
    store.apply(log.page(0), NOW_MS);
    expect(store.find(claimOf(1), NOW_MS + 9)).not.toBeNull();
    expect(store.find(claimOf(1), NOW_MS + 10)).toBeNull();
    expect([...store.expire(NOW_MS + 10)]).toEqual([1]);
    expect([...store.faces(0, 10).ids]).toEqual([2]);
    expect(store.at(1, NOW_MS)).toBeNull();
    // The registry still counts it, and takes it away itself.
    log.revoke(1);
    store.apply(log.page(2), NOW_MS);
    expect(store.status()).toMatchObject({ records: 1, complete: true, root: log.root });
  });

  it('are not used when the registry was not heard of for too long', () => {
    filled();
    using store = open();
    expect(store.find(claimOf(1), store.status().freshUntilMs)).toBeNull();
  });
});

describe('a synchronisation', () => {
  it('goes on where it stopped, takes changes and revocations, and ends at what the registry signed', () => {
    const log = new Log();
    for (let n = 0; n < 30; n += 1) log.put(n);
    {
      using store = open();
      store.apply(log.page(0, 10), NOW_MS);
      expect(store.status()).toMatchObject({ version: 10, complete: false, records: 10 });
      expect(code(() => store.apply(log.page(20), NOW_MS))).toBe('RECORDS_SYNC_GAP');
    }
    using store = open();
    log.put(3);
    log.revoke(4);
    while (!store.status().complete) store.apply(log.page(store.status().version, 10), NOW_MS);
    expect(store.status()).toMatchObject({ records: 29, version: 32, root: log.root });
    expect(store.find(claimOf(3), NOW_MS)).toMatchObject({ record: { version: 31 } });
    expect(store.find(claimOf(4), NOW_MS)).toBeNull();
    log.revoke(5);
    const { put, removed } = store.apply(log.page(32), NOW_MS);
    expect([put.ids.length, [...removed]]).toEqual([0, [6]]);
  });

  it('that does not end at what was signed changes nothing', () => {
    const log = filled();
    log.put(50);
    using store = open();
    const before = store.status();
    const page = log.page(20, 1000, { changes: [] });
    expect(code(() => store.apply(page, NOW_MS))).toBe('RECORDS_SYNC_MISMATCH');
    expect(store.status()).toEqual(before);
    expect(store.restart()).toHaveLength(20);
    store.apply(log.page(0), NOW_MS);
    expect(store.status()).toMatchObject({ records: 21, complete: true });
  });

  it('begins anew when the registry does, or when other models make the templates', () => {
    const log = filled();
    log.renew();
    {
      using store = open();
      expect(store.apply(log.page(0), NOW_MS).removed).toHaveLength(20);
      expect(store.status()).toMatchObject({ records: 20, complete: true });
    }
    {
      using store = open({ models: 'face 2, finger 1' });
      expect(store.status()).toMatchObject({ records: 0, epoch: null, complete: false });
      store.apply(log.page(0), NOW_MS);
    }
    using store = open({ models: 'face 2, finger 1' });
    expect(store.status()).toMatchObject({ records: 20, complete: true });
  });
});

describe('keys', () => {
  it('a foreign one opens nothing', () => {
    filled();
    expect(code(() => readAll(1, { wrapping: parseKeyFile(OTHER_KEY) }))).toBe('RECORDS_KEY_FOREIGN');
    expect(code(() => parseKeyFile('too short'))).toBe('RECORDS_KEY');
    expect(code(() => parseKeyFile('# nothing'))).toBe('RECORDS_KEY');
  });

  it('are exchanged: records are sealed anew in batches, and nothing is under the former ones', () => {
    const log = filled(150);
    {
      using store = open({ wrapping: parseKeyFile(`${OTHER_KEY}\n${KEY} # former`) });
      expect(store.status()).toMatchObject({ keyGeneration: 2, toSealAnew: 150 });
      expect(store.sealAnew()).toBe(true);
      expect(store.status()).toMatchObject({ toSealAnew: 86 });
      for (const n of [0, 149]) expect(store.find(claimOf(n), NOW_MS)).not.toBeNull();
      log.put(149);
      store.apply(log.page(150), NOW_MS);
    }
    using store = open({ wrapping: parseKeyFile(OTHER_KEY) });
    while (store.sealAnew());
    expect(store.status()).toMatchObject({ keyGeneration: 2, toSealAnew: 0, root: log.root });
    for (let n = 0; n < 150; n += 1) expect(store.find(claimOf(n), NOW_MS)).not.toBeNull();
    store.rotate(NOW_MS + 1);
    while (store.sealAnew());
    expect(store.status()).toMatchObject({ keyGeneration: 3, keyMadeAtMs: NOW_MS + 1 });
    expect(store.faces(0, 1000).ids).toHaveLength(150);
  });
});

describe('a disk in the wrong hands', () => {
  it('yields no template, name or number', () => {
    filled();
    using store = open();
    store.find(claimOf(1), NOW_MS);
    const bytes = Buffer.concat(readdirSync(folder).map(name => readFileSync(join(folder, name))));
    expect(bytes.length).toBeGreaterThan(10_000);
    const face = Buffer.alloc(8, 6);
    for (const secret of ['CANARY', TEMPLATE.subarray(0, 8), face, '1990-01-02'])
      expect(bytes.includes(secret)).toBe(false);
    for (const encoding of ['base64', 'hex', 'utf16le'] as const) {
      const encoded =
        encoding === 'utf16le' ? Buffer.from('CANARY', encoding) : Buffer.from('CANARY').toString(encoding);
      expect(bytes.includes(encoded)).toBe(false);
    }
  });

  it.each([
    [
      'RECORDS_DAMAGED',
      "UPDATE boxes SET sealed = CAST(substr(sealed, 1, 40) || x'00' || substr(sealed, 42) AS BLOB) WHERE row = 4",
    ],
    [
      'RECORDS_DAMAGED',
      "UPDATE records SET face = CAST(substr(face, 1, 20) || x'00' || substr(face, 22) AS BLOB) WHERE row = 4",
    ],
    ['RECORDS_DAMAGED', 'UPDATE records SET expires_at_ms = 99999999999999 WHERE row = 4'],
    [
      'RECORDS_DAMAGED',
      "UPDATE head SET sealed = CAST(substr(sealed, 1, 30) || x'0000' || substr(sealed, 33) AS BLOB)",
    ],
    [
      'RECORDS_DAMAGED',
      "UPDATE keys SET wrapped = CAST(substr(wrapped, 1, 30) || x'0000' || substr(wrapped, 33) AS BLOB)",
    ],
    ['RECORDS_SWAPPED', 'UPDATE boxes SET sealed = (SELECT sealed FROM boxes WHERE row = 5) WHERE row = 4'],
    ['RECORDS_SWAPPED', 'UPDATE records SET face = (SELECT face FROM records WHERE row = 5) WHERE row = 4'],
    ['RECORDS_SWAPPED', 'UPDATE names SET row = 4 WHERE row = 5'],
    ['RECORDS_TAMPERED', 'DELETE FROM records WHERE row = 4'],
    ['RECORDS_TAMPERED', 'DELETE FROM boxes WHERE row = 4'],
    ['RECORDS_TAMPERED', 'DELETE FROM head'],
    ['RECORDS_TAMPERED', 'DELETE FROM keys'],
    [
      'RECORDS_TAMPERED',
      'INSERT INTO records SELECT 99, randomblob(32), 1, NULL, face FROM records WHERE row = 5',
    ],
    ['RECORDS_TAMPERED', 'UPDATE records SET generation = 7 WHERE row = 4'],
  ])('is refused with %s: %s', (wanted, sql) => {
    filled();
    alter(sql);
    expect(code(() => readAll())).toBe(wanted);
  });

  it('cannot put a former version of a record back', () => {
    const log = filled();
    const former = new DatabaseSync(path);
    const [record, box] = ['records', 'boxes'].map(table =>
      former.prepare(`SELECT * FROM ${table} WHERE row = 4`).get(),
    );
    former.close();
    log.put(3);
    {
      using store = open();
      store.apply(log.page(20), NOW_MS);
    }
    const database = new DatabaseSync(path);
    database.prepare('UPDATE boxes SET sealed = ? WHERE row = 4').run(box?.sealed ?? null);
    database.close();
    expect(code(() => readAll())).toBe('RECORDS_DAMAGED');
    const again = new DatabaseSync(path);
    again
      .prepare('UPDATE records SET leaf = ?, face = ? WHERE row = 4')
      .run(record?.leaf ?? null, record?.face ?? null);
    again.close();
    expect(code(() => readAll())).toBe('RECORDS_TAMPERED');
  });

  it('cannot put a former copy of the file back, also not one from before a wipe', () => {
    const log = filled();
    const copy = join(folder, 'copy.sqlite');
    cpSync(path, copy);
    let serial = 0;
    {
      using store = open();
      log.revoke(3);
      store.apply(log.page(20), NOW_MS);
      serial = store.status().serial;
    }
    expect(code(() => readAll(1, { leastSerial: serial }))).toBe('nothing');
    cpSync(copy, path);
    expect(code(() => readAll(1, { leastSerial: serial }))).toBe('RECORDS_ROLLED_BACK');
    {
      using store = open();
      store.wipe();
      serial = store.status().serial;
    }
    cpSync(copy, path);
    expect(code(() => readAll(1, { leastSerial: serial }))).toBe('RECORDS_ROLLED_BACK');
    discardFile(path);
    using anew = open({ leastSerial: serial });
    expect(anew.status().serial).toBeGreaterThan(serial);
  });

  it('flips bits anywhere: never another person, never another content', () => {
    const log = filled();
    const whole = readFileSync(path);
    const codes = new Map<string, number>();
    for (let trial = 0; trial < 150; trial += 1) {
      const bytes = Buffer.from(whole);
      const at = Math.floor((trial / 150) * bytes.length) + (trial % 97);
      bytes[at % bytes.length]! ^= 1 << (trial % 8);
      writeFileSync(path, bytes);
      for (const end of ['-wal', '-shm']) rmSync(path + end, { force: true });
      const outcome = code(() => {
        using store = open();
        for (const record of log.present) {
          const found = store.find(claimOf(record.version - 1), NOW_MS);
          if (found) expect(found.state === 'found' && found.record).toEqual(record);
        }
        const { ids, bytes: faces } = store.faces(0, 1000);
        for (const [index, id] of ids.entries()) expect(faces[index * FACE_BYTES]).toBe(id);
      });
      codes.set(outcome, (codes.get(outcome) ?? 0) + 1);
    }
    expect([...codes.keys()].toSorted()).toEqual(expect.arrayContaining(['RECORDS_DAMAGED', 'nothing']));
    for (const found of codes.keys()) expect(found).toMatch(/^(nothing|RECORDS_[A-Z_]+)$/);
  });
});

describe('a wipe', () => {
  it('leaves nothing, not even under the key, until records are allowed again', () => {
    const log = filled();
    {
      using store = open();
      store.wipe();
      expect(store.status()).toMatchObject({ state: 'wiped', records: 0 });
      expect(code(() => store.find(claimOf(1), NOW_MS))).toBe('RECORDS_WIPED');
      expect(code(() => store.apply(log.page(0), NOW_MS))).toBe('RECORDS_WIPED');
    }
    const database = new DatabaseSync(path);
    for (const table of ['keys', 'head', 'records', 'boxes', 'names'])
      expect(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n, table).toBe(0);
    database.close();
    expect(readFileSync(path).length).toBeLessThan(80_000);
    using store = open();
    expect(store.status().state).toBe('wiped');
    const { serial } = store.status();
    store.allow(NOW_MS);
    expect(store.status()).toMatchObject({ state: 'ready', records: 0 });
    expect(store.status().serial).toBeGreaterThan(serial);
    store.apply(log.page(0), NOW_MS);
    expect(store.find(claimOf(1), NOW_MS)).not.toBeNull();
  });

  it('needs no key, and a copy from before it is not believed', () => {
    filled();
    const copy = join(folder, 'copy.sqlite');
    cpSync(path, copy);
    const serial = wipeFile(path, 1);
    {
      using store = open({ leastSerial: serial, wrapping: parseKeyFile(OTHER_KEY) });
      expect(store.status()).toMatchObject({ state: 'wiped', serial });
    }
    cpSync(copy, path);
    expect(code(() => readAll(1, { leastSerial: serial }))).toBe('RECORDS_ROLLED_BACK');
    writeFileSync(path, 'no database at all');
    expect(wipeFile(path, serial)).toBeGreaterThan(serial);
  });

  it('that a crash cut off is finished at the next start', () => {
    filled();
    alter("DELETE FROM keys; DELETE FROM head; INSERT INTO facts VALUES ('wiped', '9')");
    using store = open();
    expect(store.status()).toMatchObject({ state: 'wiped', serial: 9 });
    const database = new DatabaseSync(path);
    expect(database.prepare('SELECT count(*) AS n FROM boxes').get()?.n).toBe(0);
    database.close();
  });
});

it('one process at a time holds the records; a foreign file is left alone', () => {
  filled();
  using store = open();
  expect(store.status().state).toBe('ready');
  expect(code(() => open())).toBe('RECORDS_IN_USE');
  const other = join(folder, 'other.sqlite');
  const database = new DatabaseSync(other);
  database.exec('CREATE TABLE t (a)');
  database.close();
  expect(code(() => new CacheStore(optionsFor(other), NOW_MS))).toBe('RECORDS_FOREIGN');
});
