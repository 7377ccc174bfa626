import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { discardAt, evaluateFingerQuality } from '../../models/evaluate/finger-quality.ts';
import { drawRidges, type RidgeView } from '../fixtures/ridges.ts';

describe('error versus discard at a threshold', () => {
  const at = (points: ReturnType<typeof discardAt>, share: number) =>
    points.find(({ discarded }) => discarded === share)!;

  test('falls to nothing with a quality that knows the scores', () => {
    const pairs = Array.from({ length: 100 }, (_, score) => ({ score, qualityScore: score }));
    const points = discardAt(pairs, 10);
    expect(at(points, 0)).toEqual({ discarded: 0, fnmr: 0.1, bestFnmr: 0.1 });
    expect(at(points, 0.05).fnmr).toBeCloseTo(5 / 95, 12);
    expect(at(points, 0.1).fnmr).toBe(0);
    for (const { fnmr, bestFnmr } of points) expect(fnmr).toBeCloseTo(bestFnmr, 12);
  });

  test('stays where it was with a quality that is the same for all, in whatever order', () => {
    const pairs = Array.from({ length: 40 }, (_, index) => ({ score: index < 4 ? 0 : 9, qualityScore: 50 }));
    for (const order of [pairs, pairs.toReversed()])
      for (const { fnmr } of discardAt(order, 5)) expect(fnmr).toBeCloseTo(0.1, 12);
  });

  test('never lies below what a perfect quality reaches', () => {
    const pair = fc.record({
      score: fc.integer({ min: 0, max: 9 }),
      qualityScore: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 60 }), fc.integer({ min: 0, max: 10 }), (pairs, threshold) => {
        for (const { fnmr, bestFnmr } of discardAt(pairs, threshold)) {
          expect(fnmr).toBeGreaterThanOrEqual(bestFnmr - 1e-12);
          expect(fnmr).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});

describe('evaluating the quality on a folder of prints', () => {
  let folder: string;
  const save = async (name: string, finger: number, view: RidgeView = {}): Promise<void> => {
    const { width, height, pixels } = drawRidges(finger, view);
    await sharp(pixels, { raw: { width, height, channels: 1 } })
      .png()
      .toFile(join(folder, name));
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vantay-quality-'));
    await save('1_1.png', 1);
    await save('1_2.png', 1, { turnRad: 0.2 });
    await save('1_3.png', 1, { width: 64, height: 64, shiftX: 130 });
    await writeFile(join(folder, '1_4.png'), 'this is no picture');
    await writeFile(
      join(folder, 'pairs.csv'),
      'a,b,kind\n1_1,1_2,genuine\n1_1,1_3,genuine\n1_1,1_4,genuine\n1_1,9_9,impostor\n',
    );
    await writeFile(join(folder, 'other.csv'), 'name,other\n1_1,50\n1_2,1\n1_3,90\n1_4,90\n');
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('compares our score with another on the same pairs', async () => {
    const [out, plot] = [join(folder, 'out.csv'), join(folder, 'plot.png')];
    const options = { images: folder, pairs: join(folder, 'pairs.csv'), out, plot };
    const found = await evaluateFingerQuality({
      ...options,
      compare: join(folder, 'other.csv'),
      column: 'other',
    });
    expect(found).toMatchObject({ images: 4, genuine: 3 });
    expect(found.failed).toContain('1_4');
    expect(found.curves.map(({ quality, fmr }) => [quality, fmr])).toEqual([
      [expect.stringMatching(/^vantay-finger-quality \d/), 0.001],
      ['other', 0.001],
      [expect.stringMatching(/^vantay-finger-quality \d/), 0.0001],
      ['other', 0.0001],
    ]);
    const [ours, others] = found.curves;
    expect(ours!.points[0]!.fnmr).toBeCloseTo(2 / 3, 12);
    // A third left out: ours leaves out a pair that fails, the other one the pair that matches.
    const third = (points: typeof ours) => points!.points.find(({ discarded }) => discarded === 0.3)!.fnmr;
    expect(third(ours)).toBeCloseTo(1 / 2, 12);
    expect(third(others)).toBeCloseTo(1, 12);

    const rows = (await readFile(out, 'utf8')).trimEnd().split('\n');
    expect(rows[0]).toBe('name,quality,area,ridgeClarity,contrast,moisture,minutiae,advice');
    expect(rows).toHaveLength(5);
    expect(Number(rows[1]!.split(',')[1])).toBeGreaterThan(80);
    expect(rows[4]).toBe('1_4,,,,,,,');
    expect(await sharp(plot).metadata()).toMatchObject({ format: 'png' });
  });

  test('refuses another score that is none', async () => {
    const broken = join(folder, 'broken.csv');
    await writeFile(broken, 'name,nfiq2_est\n1_1,good\n');
    await expect(
      evaluateFingerQuality({
        images: folder,
        pairs: join(folder, 'pairs.csv'),
        out: join(folder, 'x.csv'),
        compare: broken,
      }),
    ).rejects.toThrow(RangeError);
  });
});
