/** The models on real captures: at least as good as their cards say, measured through the command line. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../fixtures/command.ts';
import { DATA_FOLDER } from './shared-data.ts';

const DEADLINE_MS = 900_000;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-accuracy-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const card = <Shape>(name: string): Shape =>
  JSON.parse(
    readFileSync(new URL(`../../models/weights/${name}.card.json`, import.meta.url), 'utf8'),
  ) as Shape;

async function evaluate(words: readonly string[]): Promise<unknown> {
  const ended = await run(['evaluate', ...words, '--json'], DEADLINE_MS);
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout);
}

interface FaceCard {
  readonly measured: readonly {
    readonly set: string;
    readonly at: readonly { threshold: number; fmrUpper95: number; fnmr: number }[];
  }[];
}

describe('faces', () => {
  const SETS = [
    ['london', 'studio portraits'],
    ['meds', 'MEDS'],
    ['orl', 'ORL'],
  ] as const;

  it(
    'are told apart at the thresholds of the card as well as the card says',
    async () => {
      const [header = '', ...rows] = readFileSync(join(DATA_FOLDER, 'face/pairs.csv'), 'utf8').split('\n');
      const wanted = rows.filter(row => SETS.some(([set]) => row.startsWith(`${set},`)));
      const pairs = join(folder, 'face-pairs.csv');
      const out = join(folder, 'face-scores.csv');
      writeFileSync(pairs, [header, ...wanted, ''].join('\n'));
      const images = join(DATA_FOLDER, 'face');
      const found = (await evaluate(['face', '--images', images, '--pairs', pairs, '--out', out])) as {
        sets: { dataset: string; fte: { value: number } }[];
      };
      expect(found.sets.map(({ dataset }) => dataset).sort()).toEqual(SETS.map(([set]) => set).sort());
      for (const { dataset, fte } of found.sets) expect(fte.value, dataset).toBeLessThanOrEqual(0.02);
      const scored = readFileSync(out, 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map(row => row.split(','))
        .map(([set, , , same, score]) => ({
          set,
          genuine: same === '1',
          // An image without a face is a false non-match at every threshold.
          score: score ? Number(score) : Number.NEGATIVE_INFINITY,
        }));
      for (const [set, name] of SETS) {
        const points = card<FaceCard>('face-embedding').measured.find(entry =>
          entry.set.startsWith(name),
        )!.at;
        const genuine = scored.filter(pair => pair.set === set && pair.genuine);
        const impostor = scored.filter(pair => pair.set === set && !pair.genuine);
        expect(Math.min(genuine.length, impostor.length), set).toBeGreaterThan(50);
        for (const { threshold, fmrUpper95, fnmr } of points) {
          const missed = genuine.filter(({ score }) => score < threshold).length;
          const taken = impostor.filter(({ score }) => score >= threshold).length;
          expect(taken / impostor.length, `${set} FMR at ${threshold}`).toBeLessThanOrEqual(fmrUpper95);
          // One pair more than on the card: its figures are rounded.
          expect(missed, `${set} FNMR at ${threshold}`).toBeLessThanOrEqual(fnmr * genuine.length + 1);
        }
      }
    },
    DEADLINE_MS,
  );
});

interface FingerCard {
  readonly errorRates: {
    readonly sets: Readonly<
      Record<string, { eer: { value: number }; fnmrAtFmr01: { value: number }; zeroFmr: { value: number } }>
    >;
  };
}

describe('fingers', () => {
  it.each([
    ['fvc2002_db1_b', 'finger-match', []],
    ['fvc2000_db1_b', 'finger-match', []],
    ['fvc2000_db1_b', 'finger-minutiae', ['--minutiae']],
  ] as const)(
    '%s has the error rates of the card of %s, or lower',
    async (set, model, how) => {
      const out = join(folder, `${set}-${model}.csv`);
      const finger = join(DATA_FOLDER, 'finger');
      const found = (await evaluate([
        ...['finger', '--images', finger, '--pairs', join(finger, `pairs/${set}.csv`)],
        ...['--dpi', join(finger, 'dpi.csv'), '--out', out, ...how],
      ])) as {
        sets: { set: string; rates: Record<'eer' | 'fmr1000' | 'zeroFmr', { value: number }> }[];
        fte: { value: number };
      };
      const rates = found.sets.find(entry => entry.set === set)!.rates;
      const claimed = card<FingerCard>(model).errorRates.sets[set]!;
      // The card is in percent, rounded to a hundredth.
      const ROUNDING = 0.006;
      expect(found.fte.value).toBe(0);
      expect(100 * rates.eer.value).toBeLessThanOrEqual(claimed.eer.value + ROUNDING);
      expect(100 * rates.fmr1000.value).toBeLessThanOrEqual(claimed.fnmrAtFmr01.value + ROUNDING);
      expect(100 * rates.zeroFmr.value).toBeLessThanOrEqual(claimed.zeroFmr.value + ROUNDING);
    },
    DEADLINE_MS,
  );
});
