/** The main job on real captures: people joined from faces and fingers of the development data visit the kiosk. */
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasStackTrace, run } from '../fixtures/command.ts';
import { DATA_FOLDER } from './shared-data.ts';

/** As many as there are fingers in the set. */
const ALL = 10;
/** People who come: some in every run, all with VANTAY_PEOPLE=10 (`npm run check:people`). */
const PEOPLE = Number(process.env.VANTAY_PEOPLE ?? 4);
const DEADLINE_MS = 170_000;

let folder = '';
const person = (index: number): string => join(folder, `person-${index}`);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-people-'));
  const london = readdirSync(join(DATA_FOLDER, 'face/london'));
  // 03 is the neutral portrait, which becomes the record; 08 the smiling one, which is live.
  const sitters = london
    .filter(name => name.endsWith('_03.jpg') && london.includes(name.replace('_03', '_08')))
    .map(name => name.slice(0, 3))
    .sort();
  for (let i = 0; i < ALL; i += 1) {
    const prints = join(person(i), 'finger/right_index');
    mkdirSync(join(person(i), 'face'), { recursive: true });
    mkdirSync(prints, { recursive: true });
    for (const pose of ['03', '08']) {
      const name = `${sitters[i]}_${pose}.jpg`;
      copyFileSync(join(DATA_FOLDER, 'face/london', name), join(person(i), 'face', name));
    }
    const impressions = readdirSync(join(DATA_FOLDER, 'finger/fvc2002_db1_b'))
      .filter(name => name.startsWith(`${101 + i}_`))
      .sort();
    expect(impressions).toHaveLength(8);
    for (const name of impressions)
      copyFileSync(join(DATA_FOLDER, 'finger/fvc2002_db1_b', name), join(prints, name));
    writeFileSync(join(person(i), 'finger/ppi.txt'), '500\n');
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function visit(words: readonly string[]) {
  const ended = await run(['simulate', 'visit', ...words, '--json'], DEADLINE_MS);
  expect(hasStackTrace(ended)).toBe(false);
  const result = JSON.parse(ended.stdout) as {
    outcome: string;
    decision: { face: { score: number }; finger: { score: number } } | null;
    receipt: { state: string } | null;
  };
  return { code: ended.code, result, text: ended.stdout };
}

const everybody = Array.from({ length: PEOPLE }, (_, i) => i);

describe('a person from image files', () => {
  it.each(everybody)(
    'person %i with their own papers is a match',
    async i => {
      const { code, result, text } = await visit(['--person', person(i)]);
      expect(result.outcome, text).toBe('match');
      expect(result.receipt).toEqual({ state: 'accepted' });
      expect(code).toBe(0);
    },
    DEADLINE_MS,
  );

  it.each(everybody)(
    "person %i with somebody else's papers is no match",
    async i => {
      const { code, result, text } = await visit(['--person', person(i), '--claims', person((i + 1) % ALL)]);
      expect(result.outcome, text).toBe('no_match');
      expect(result.receipt).toEqual({ state: 'accepted' });
      expect(code).toBe(0);
    },
    DEADLINE_MS,
  );
});
