/** Kept records under kill -9: 200 random points of a synchronisation and of sealing anew. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CacheStore } from '../../agent/records/cache/store.ts';
import { discardFile } from '../../agent/records/cache/wipe.ts';
import { crash } from '../chaos/records-crash.ts';
import { Log, NOW_MS, optionsFor } from '../fixtures/kept-records.ts';

const KILLS = 100;
const DEADLINE_MS = 600_000;

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-records-crash-'));
  path = join(folder, 'records.sqlite');
});
afterEach(() => rmSync(folder, { recursive: true }));

it(
  'a synchronisation that is cut off anywhere loses nothing and goes on',
  async () => {
    const result = await crash('follow', path, KILLS, () => discardFile(path));
    expect(result.lost).toEqual([]);
    expect(result.completed).toBeGreaterThan(0);
  },
  DEADLINE_MS,
);

it(
  'sealing anew that is cut off anywhere loses nothing and goes on',
  async () => {
    const log = Log.long();
    {
      using store = new CacheStore(optionsFor(path), NOW_MS);
      store.apply(log.page(0), NOW_MS);
    }
    const result = await crash('rotate', path, KILLS, () => {});
    expect(result.lost).toEqual([]);
    expect(result.completed).toBeGreaterThan(0);
  },
  DEADLINE_MS,
);
