import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EvaluateProgress, evaluateFinger } from '../../models/index.ts';
import { drawRidges, type RidgeView } from '../fixtures/ridges.ts';

let folder: string;
const PAIRS = [
  'a,b,kind',
  'one/1_1,one/1_2,genuine',
  'one/2_1,one/2_2,genuine',
  'one/1_1,one/2_1,impostor',
  'one/1_2,one/2_2,impostor_all',
  'one/1_1,one/3_1,impostor',
  'one/1_1,one/9_1,impostor',
  'one/1_1,two/1_1,pooled',
];

async function save(name: string, finger: number, view: RidgeView = {}): Promise<void> {
  const { width, height, pixels } = drawRidges(finger, view);
  await sharp(pixels, { raw: { width, height, channels: 1 } })
    .png()
    .toFile(join(folder, name));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantay-evaluate-'));
  await mkdir(join(folder, 'one'));
  await mkdir(join(folder, 'two'));
  await save('one/1_1.png', 1);
  await save('one/1_2.png', 1, { turnRad: 0.2, noise: 0.3 });
  await save('one/2_1.png', 2);
  await save('one/2_2.png', 2, { shiftX: 20, noise: 0.3 });
  await save('two/1_1.png', 4, { ppi: 400, width: 256, height: 307 });
  await writeFile(join(folder, 'one/3_1.png'), 'this is no picture');
  await writeFile(join(folder, 'pairs.csv'), PAIRS.join('\r\n'));
  await writeFile(join(folder, 'dpi.csv'), 'set,dpi\none,500\ntwo,400\n');
});
afterAll(() => rm(folder, { recursive: true }));

test('evaluates a folder of prints against a list of pairs', async () => {
  const steps: EvaluateProgress[] = [];
  const out = join(folder, 'scores.csv');
  const plot = join(folder, 'plot.png');
  const result = await evaluateFinger(
    { images: folder, pairs: join(folder, 'pairs.csv'), dpi: join(folder, 'dpi.csv'), out, plot },
    step => steps.push(step),
  );
  expect(result).toMatchObject({ images: 7, pairs: 7, failed: ['one/3_1', 'one/9_1'] });
  expect(result.fte.value).toBeCloseTo(2 / 7, 12);
  expect(result.sets).toHaveLength(1);
  expect(result.sets[0]).toMatchObject({
    set: 'one',
    genuine: 2,
    impostor: 4,
    rates: { eer: { value: 0 }, zeroFmr: { value: 0 } },
  });
  expect(steps.at(-1)).toEqual({ stage: 'match', done: 7, total: 7 });

  const rows = (await readFile(out, 'utf8')).trimEnd().split('\n');
  expect(rows[0]).toBe('a,b,kind,score');
  expect(rows.slice(1).map(row => row.split(',').slice(0, 3).join(','))).toEqual(PAIRS.slice(1));
  expect(rows.filter(row => /3_1|9_1/.test(row)).map(row => Number(row.split(',')[3]))).toEqual([0, 0]);
  expect(Number(rows[1]!.split(',')[3])).toBeGreaterThan(4);
  expect(await sharp(plot).metadata()).toMatchObject({ format: 'png', width: 1400, height: 700 });
});

test('refuses names that leave the folder, and broken resolutions', async () => {
  const outside = join(folder, 'escape.csv');
  await writeFile(outside, 'a,b,kind\n../x,one/1_1,genuine\n');
  await expect(
    evaluateFinger({ images: folder, pairs: outside, out: join(folder, 'x.csv') }),
  ).rejects.toThrow(RangeError);
  const broken = join(folder, 'broken.csv');
  await writeFile(broken, 'set,dpi\none,many\n');
  await expect(
    evaluateFinger({
      images: folder,
      pairs: join(folder, 'pairs.csv'),
      dpi: broken,
      out: join(folder, 'x.csv'),
    }),
  ).rejects.toThrow(RangeError);
});
