/** A few of the crashes that test/system/records-crash.test.ts has in hundreds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { discardFile } from '../../agent/records/cache/wipe.ts';
import { crash } from '../chaos/records-crash.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-records-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each(['follow', 'rotate'] as const)('kept records that are killed lose nothing: %s', async task => {
  const path = join(folder, 'records.sqlite');
  const result = await crash(task, path, 5, () => discardFile(path));
  expect(result).toMatchObject({ kills: 5, lost: [] });
});
