import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type FingerModels, loadFingerModels } from '../../models/finger/index.ts';
import { ModelError, thresholdAt } from '../../models/index.ts';
import { drawRidges } from '../fixtures/ridges.ts';

const WIDTH = 320;
const HEIGHT = 384;
const drawn = (grey: (x: number, y: number) => number, width = WIDTH, height = HEIGHT) => ({
  width,
  height,
  ppi: 500,
  pixels: Uint8Array.from({ length: width * height }, (_, at) => grey(at % width, Math.floor(at / width))),
});
/** The same noise for every run. */
const noise = (x: number, y: number): number =>
  ((Math.imul(x * 374761393 + y * 668265263, 1274126177) >>> 16) % 256) & 255;

describe('the fingerprint graphs', () => {
  let models: FingerModels;
  let threshold: number;
  beforeAll(async () => {
    models = await loadFingerModels();
    const matching = models.cards.find(card => card.task === 'finger-matching')!;
    threshold = thresholdAt(matching.fmrTable!, 1e-4);
  });
  const templateOf = async (...args: Parameters<typeof drawRidges>): Promise<Uint8Array> =>
    (await models.extract(drawRidges(...args))).template;

  test('find the same finger turned, moved, noisy, at another resolution and in part, and no other', async () => {
    const probe = await templateOf(1);
    const same = await Promise.all([
      templateOf(1, { turnRad: 0.78 }),
      templateOf(1, { turnRad: -0.5, shiftX: 30, shiftY: 20, noise: 0.5 }),
      templateOf(1, { ppi: 400, width: 256, height: 307 }),
      templateOf(1, { ppi: 1000, width: 640, height: 768 }),
      templateOf(1, { width: 240, height: 240 }),
    ]);
    const others = await Promise.all([2, 3, 4].map(finger => templateOf(finger)));
    for (const score of await models.match(probe, same)) expect(score).toBeGreaterThan(threshold);
    for (const score of await models.match(probe, others)) expect(score).toBeLessThan(threshold);
  });

  test('score a pair alike both ways and in any batch', async () => {
    const [a, b, c] = await Promise.all([
      templateOf(1),
      templateOf(1, { turnRad: 0.4, noise: 0.6 }),
      templateOf(2),
    ]);
    const [forward] = await models.match(a, [b]);
    const [backward] = await models.match(b, [a]);
    const batch = await models.match(a, [...Array(40).fill(c), b]);
    expect(Math.abs(forward! - backward!)).toBeLessThan(0.02);
    expect(batch).toHaveLength(41);
    expect(Math.abs(batch[40]! - forward!)).toBeLessThan(1e-3);
  });

  test.each([
    ['one pixel', drawn(() => 0, 1, 1)],
    ['a thin strip', drawn(y => (y % 9) * 25, 400, 3)],
    ['black', drawn(() => 0)],
    ['white', drawn(() => 255)],
    ['noise', drawn(noise)],
    ['a shade', drawn(x => (x * 255) / WIDTH)],
    ['a checkerboard', drawn((x, y) => (((x >> 3) + (y >> 3)) % 2) * 255)],
  ])('see no finger in %s, and match it with nothing', async (_, image) => {
    const { quality, template, minutiae } = await models.extract(image);
    expect(quality).toMatchObject({ score: 0, advice: ['place_finger'] });
    expect(minutiae).toEqual([]);
    expect(await models.match(template, [template, await templateOf(1)])).toEqual([0, 0]);
  });

  test('grade a faint, noisy or small print below a good one', async () => {
    const good = (await models.extract(drawRidges(1))).quality;
    const noisy = (await models.extract(drawRidges(1, { noise: 2 }))).quality;
    const small = (await models.extract(drawRidges(1, { width: 120, height: 120 }))).quality;
    expect(good.score).toBeGreaterThan(80);
    expect(good.advice).toEqual([]);
    expect(noisy.score).toBeLessThan(good.score);
    expect(small.score).toBeLessThan(60);
    expect(small.advice.length).toBeGreaterThan(0);
    expect(good).toMatchObject({
      algorithm: 'vantay-finger-quality',
      version: expect.stringMatching(/^\d+\.\d+$/),
    });
  });

  test('tell a wet print from a dry one', async () => {
    const shaded = (shift: number) => {
      const image = drawRidges(1);
      return {
        ...image,
        pixels: image.pixels.map(grey => (grey === 235 ? grey : grey + shift > 140 ? 230 : 50)),
      };
    };
    expect((await models.extract(shaded(-80))).quality.components.moisture).toBeLessThan(70);
    expect((await models.extract(shaded(0))).quality.components.moisture).toBeGreaterThan(70);
  });

  test('take PNG and JPEG references, and refuse what is no picture', async () => {
    const { width, height, pixels } = drawRidges(1);
    const raw = sharp(pixels, { raw: { width, height, channels: 1 } });
    const probe = await templateOf(1);
    const png = await models.extractEncoded(await raw.clone().png().toBuffer(), 500);
    const jpeg = await models.extractEncoded(await raw.clone().jpeg({ quality: 80 }).toBuffer(), 500);
    expect(png.template).toEqual(probe);
    expect((await models.match(probe, [jpeg.template]))[0]).toBeGreaterThan(threshold);
    const truncated = (await raw.clone().png().toBuffer()).subarray(0, 900);
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"/>');
    for (const bytes of [new Uint8Array(0), new Uint8Array(500).fill(7), truncated, svg]) {
      await expect(models.extractEncoded(bytes, 500)).rejects.toMatchObject({ code: 'MODEL_INPUT' });
    }
    await expect(
      models.extractEncoded(await raw.clone().png().toBuffer(), Number.NaN),
    ).rejects.toBeInstanceOf(ModelError);
  });

  test('refuse a damaged template on either side', async () => {
    const good = await templateOf(1);
    const bad = good.slice(0, -1);
    await expect(models.match(bad, [good])).rejects.toMatchObject({ code: 'MODEL_INPUT' });
    await expect(models.match(good, [good, bad])).rejects.toMatchObject({ code: 'MODEL_INPUT' });
  });
});

test('weights that are missing or not those of their card do not load', async () => {
  const nowhere = new URL('./nowhere/', import.meta.url);
  await expect(loadFingerModels({ weights: nowhere })).rejects.toMatchObject({ code: 'MODEL_MISSING' });
});
