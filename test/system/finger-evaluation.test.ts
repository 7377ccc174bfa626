/** Our figures against those of another program that reads the same scores: vantay evaluate finger, and shared/tools/finger-eval.mjs. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { run } from '../fixtures/command.ts';
import { DATA_FOLDER } from './shared-data.ts';

const TOOL = join(DATA_FOLDER, '../tools/finger-eval.mjs');
const DEADLINE_MS = 900_000;
const SETS = ['fvc2004_db2_b', 'fvc2000_db2_b'] as const;
const RATES = { eer: 'eer_full', fmr100: 'fmr100', fmr1000: 'fmr1000', zeroFmr: 'zerofmr' } as const;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-finger-evaluation-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface OurSet {
  readonly set: string;
  readonly genuine: number;
  readonly impostor: number;
  readonly eerFvc: number;
  readonly rates: Record<keyof typeof RATES, { value: number; low: number; high: number }>;
}
type TheirSet = Record<'genuine' | 'impostor_full' | 'eer_fvc' | (typeof RATES)[keyof typeof RATES], number>;

it(
  'agrees with an independent program to the last digit, failed extractions among them',
  async () => {
    expect(existsSync(TOOL), TOOL).toBe(true);
    const finger = join(DATA_FOLDER, 'finger');
    const [header, ...rows] = SETS.flatMap((set, at) =>
      readFileSync(join(finger, `pairs/${set}.csv`), 'utf8')
        .trim()
        .split(/\r?\n/)
        .slice(at === 0 ? 0 : 1),
    );
    // A name without a picture: its pairs score 0 in both programs.
    const missing = `${SETS[0]}/101_9,${SETS[0]}/101_1,genuine`;
    const [pairs, out, plot] = ['pairs.csv', 'scores.csv', 'plot.png'].map(name => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(pairs, `${[header, ...rows, missing].join('\r\n')}\r\n`);
    const ended = await run(
      [
        ...['evaluate', 'finger', '--images', finger, '--pairs', pairs, '--dpi', join(finger, 'dpi.csv')],
        ...['--out', out, '--plot', plot, '--json'],
      ],
      DEADLINE_MS,
    );
    expect(ended.code, ended.stderr).toBe(0);
    const ours = JSON.parse(ended.stdout) as { sets: OurSet[]; failed: string[]; fte: { value: number } };
    expect(ours.failed).toEqual([`${SETS[0]}/101_9`]);
    expect(ours.fte.value).toBeCloseTo(1 / 161, 12);

    const written = readFileSync(out, 'utf8').trimEnd().split('\n');
    expect(written).toHaveLength(rows.length + 2);
    expect(written.at(-1)).toBe(`${missing},0`);
    const json = join(folder, 'theirs.json');
    execFileSync(process.execPath, [TOOL, out, '--json', json]);
    const theirs = JSON.parse(readFileSync(json, 'utf8')) as { sets: Record<string, TheirSet> };
    expect(ours.sets.map(({ set }) => set)).toEqual([...SETS].sort());
    for (const { set, genuine, impostor, eerFvc, rates } of ours.sets) {
      const their = theirs.sets[set]!;
      expect([genuine, impostor], set).toEqual([their.genuine, their.impostor_full]);
      expect(eerFvc, `${set} EER of FVC`).toBeCloseTo(their.eer_fvc, 12);
      for (const rate of Object.keys(RATES) as (keyof typeof RATES)[]) {
        const { value, low, high } = rates[rate];
        expect(value, `${set} ${rate}`).toBeCloseTo(their[RATES[rate]], 12);
        expect(low, `${set} ${rate}`).toBeLessThanOrEqual(value);
        expect(high, `${set} ${rate}`).toBeGreaterThanOrEqual(value);
      }
    }
    expect(await sharp(plot).metadata()).toMatchObject({ format: 'png', width: 1400 });
  },
  DEADLINE_MS,
);
