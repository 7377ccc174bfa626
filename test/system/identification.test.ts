/** People joined from real faces and real prints, searched for among made-up ones through the command line. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeJoinedPeople } from '../../bench/records/joined.ts';
import { run } from '../fixtures/command.ts';
import { DATA_FOLDER } from './shared-data.ts';

const DEADLINE_MS = 600_000;
const PERSONS = 8;
const SIZE = 1_500;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-identification-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it(
  'people are found by face and two fingers, and nobody else is taken for them',
  async () => {
    const people = join(folder, 'people.csv');
    await writeJoinedPeople(DATA_FOLDER, people, PERSONS);
    const [faces, fingers] = [join(DATA_FOLDER, 'face'), join(DATA_FOLDER, 'finger')];
    const ended = await run(
      [
        ...['evaluate', 'identification', '--people', people, '--faces', faces, '--fingers', fingers],
        ...['--dpi', join(fingers, 'dpi.csv'), '--size', String(SIZE), '--json'],
        ...['--out', join(folder, 'found.csv')],
      ],
      DEADLINE_MS,
    );
    expect(ended.code, ended.stderr).toBe(0);
    const found = JSON.parse(ended.stdout);
    expect(found).toMatchObject({ size: SIZE, real: PERSONS, prints: 2 * SIZE, fpir: 0.01 });
    expect(found.searches).toBeGreaterThan(3 * PERSONS);
    expect(found.fnir.value).toBe(0);
    expect(found.quantisation.largestChange).toBeLessThan(0.01);
  },
  DEADLINE_MS,
);
