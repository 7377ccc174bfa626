/** What several impressions and several fingers are worth together, on a folder of drawn prints. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluateFingerFusion } from '../../models/evaluate/finger-fusion.ts';
import { fmrTableOf } from '../../models/evaluate/fmr-table.ts';
import { drawRidges } from '../fixtures/ridges.ts';

describe('evaluating fingers together', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vantay-fusion-'));
    await mkdir(join(folder, 'set'));
    const rows = ['a,b,kind'];
    for (const person of [1, 2]) {
      for (const finger of [1, 2]) {
        for (const impression of [1, 2, 3]) {
          const view = { turnRad: 0.1 * impression, noise: 0.2 * impression, width: 256, height: 288 };
          const { width, height, pixels } = drawRidges(10 * person + finger, view);
          const name = `set/${person}-${finger}_${impression}`;
          rows.push(`${name},${name},genuine`);
          await sharp(pixels, { raw: { width, height, channels: 1 } })
            .png()
            .toFile(join(folder, `${name}.png`));
        }
      }
    }
    rows.push('set/3-1_1,set/1-1_1,impostor');
    await writeFile(join(folder, 'pairs.csv'), `${rows.join('\r\n')}\r\n`);
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('counts records of one to three impressions, persons, and every pair of different fingers', async () => {
    const found = await evaluateFingerFusion({ images: folder, pairs: join(folder, 'pairs.csv') });
    expect(found).toMatchObject({ images: 13, failed: ['set/3-1_1'] });
    // Of each finger 3, 2 and 1 records, compared with the 2, 1 and 0 impressions that they do not hold; with 6 or 7 others'.
    expect(found.severalReferences.map(({ references, genuine }) => [references, genuine])).toEqual([
      [1, 24],
      [2, 8],
      [3, 0],
    ]);
    expect(found.severalReferences.map(({ fnmr }) => fnmr.value)).toEqual([0, 0, 0]);
    expect(found.persons).toMatchObject({ genuine: 6, impostor: 9, fnmrAtZeroFmr: { value: 0 } });
    // Drawn ridges of one period are more alike than fingers are, so the loosest promise is none about them.
    expect(found.persons!.observed.slice(1)).toEqual([
      { claimedFmr: 0.01, fmr: 0 },
      { claimedFmr: 0.001, fmr: 0 },
    ]);
    // 6 pairs of 4 fingers with 3 by 3 impressions, and the one that could not be read with 12.
    expect(found.impostorComparisons).toBe(66);
  });
});

describe('a table of FMR', () => {
  const impostors = Array.from({ length: 1000 }, (_, at) => ({
    score: Math.max(0, at - 899) / 10,
    genuine: false,
    subjectA: `a${at % 7}`,
    subjectB: `b${at % 11}`,
  }));
  test('lets no more through than each of its rates, and holds nothing stricter than was seen', () => {
    const table = fmrTableOf(impostors);
    expect(table[0]).toMatchObject({ fmr: 2e-5, threshold: 10.0001 });
    expect(table.find(({ fmr }) => fmr === 0.01)!.threshold).toBeCloseTo(9.0001, 6);
    expect(table.at(-1)).toMatchObject({ fmr: 0.1, threshold: 0.0001 });
    for (const { fmr, threshold, fmrUpper95 } of table) {
      const matched = impostors.filter(({ score }) => score >= threshold).length;
      expect(matched).toBeLessThanOrEqual(fmr * 1000 + 1e-9);
      expect(fmrUpper95).toBeGreaterThanOrEqual(Math.max(0.003, matched / 1000));
    }
  });
});
