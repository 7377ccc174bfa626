/** Whatever is laid before the finger models: a clear error, or a quality near 0 with advice; never a crash, never a match. */
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { type FingerModels, loadFingerModels } from '../../models/finger/index.ts';
import { openLocalFingerGallery } from '../../models/gallery/finger-gallery.ts';
import { thresholdAt } from '../../models/index.ts';
import { faceFrame } from '../../sim/people/face/frames.ts';
import { drawRidges } from '../fixtures/ridges.ts';

const [WIDTH, HEIGHT] = [384, 400];
const drawn = (grey: (x: number, y: number) => number, width = WIDTH, height = HEIGHT) => ({
  width,
  height,
  ppi: 500,
  pixels: Uint8Array.from({ length: width * height }, (_, at) => grey(at % width, Math.floor(at / width))),
});
/** Noise of the same values in every run, coarser with a larger grain. */
const noise = (grain: number, low = 0, high = 255) =>
  drawn((x, y) => {
    const cell = Math.imul(
      Math.floor(x / grain) * 374_761_393 + Math.floor(y / grain) * 668_265_263,
      1_274_126_177,
    );
    return low + (((cell >>> 15) & 0xff) / 255) * (high - low);
  });
/** Soft light and dark, as on cloth or a wall in a photograph. */
const soft = drawn(
  (x, y) => 128 + 60 * Math.sin(x / 37 + Math.sin(y / 53)) + 50 * Math.sin(y / 41 + 2 * Math.sin(x / 67)),
);
/** Lines of print: dark words in rows 60 px apart. */
const page = drawn((x, y) => (y % 60 < 30 && Math.imul(x >> 3, 2_654_435_761) >>> 31 ? 20 : 240));

/** A PNG of one bit a pixel, small however many pixels it has. */
function blackPng(width: number, height: number): Uint8Array {
  const chunk = (type: string, data: Uint8Array): Uint8Array => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    crc.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, crc]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.writeUInt8(1, 8);
  const rows = deflateSync(new Uint8Array(height * (1 + Math.ceil(width / 8))));
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', rows),
    chunk('IEND', new Uint8Array()),
  ]);
}

describe('the finger models', () => {
  let models: FingerModels;
  let print: Uint8Array;
  let threshold: number;
  beforeAll(async () => {
    models = await loadFingerModels();
    print = (await models.extract(drawRidges(1))).template;
    const matching = models.cards.find(card => card.task === 'finger-matching')!;
    threshold = thresholdAt(matching.fmrTable!, 1e-3);
  });

  test.each([
    ['one pixel', drawn(() => 90, 1, 1)],
    ['two columns', drawn((_, y) => (y % 9) * 28, 2, 900)],
    ['black', drawn(() => 0)],
    ['white', drawn(() => 255)],
    ['a grey', drawn(() => 130)],
    ['fine noise', noise(1)],
    ['coarse noise', noise(5)],
    ['faint noise', noise(2, 235, 255)],
    ['a shade', drawn((x, y) => (255 * (x + y)) / (WIDTH + HEIGHT))],
    ['a soft texture', soft],
    ['a page of text', page],
    ['a black half', drawn(x => (x < WIDTH / 2 ? 0 : 255))],
  ])('see no finger in %s', async (_, image) => {
    const { quality, template, minutiae } = await models.extract(image);
    expect(quality.score).toBeLessThan(20);
    expect(quality.advice.length).toBeGreaterThan(0);
    expect(minutiae.length === 0 || quality.score > 0).toBe(true);
    const [self, other] = await models.match(template, [template, print]);
    expect(other).toBeLessThan(threshold);
    if (quality.score === 0) expect(self).toBe(0);
  });

  test('see no finger in a face, and say so', async () => {
    const { quality, template } = await models.extractEncoded(await faceFrame(0, 'neutral', 0), 500);
    expect(quality.score).toBeLessThan(20);
    expect(quality.advice.length).toBeGreaterThan(0);
    expect((await models.match(print, [template]))[0]).toBeLessThan(threshold);
  });

  test('refuse 10,000 x 10,000 pixels before they are decoded, and a size that is no size', async () => {
    const huge = blackPng(10_000, 10_000);
    expect(await sharp(huge, { limitInputPixels: false }).metadata()).toMatchObject({ width: 10_000 });
    await expect(models.extractEncoded(huge, 500)).rejects.toMatchObject({ code: 'MODEL_INPUT' });
    for (const width of [0, -1, 1.5, Number.NaN, 2 ** 40])
      await expect(models.extract({ ...drawn(() => 0), width })).rejects.toMatchObject({
        code: 'MODEL_INPUT',
      });
  });

  test.each([
    ['half', 250],
    ['twice', 1000],
    ['a quarter of', 125],
  ])('never match a print taken for %s its resolution', async (_, ppi) => {
    const { template, quality } = await models.extract({ ...drawRidges(1), ppi });
    expect((await models.match(print, [template]))[0]).toBeLessThan(threshold);
    expect(quality.score).toBeLessThan(100);
  });

  test.each([0, -500, 99, 2001, Number.NaN, Number.POSITIVE_INFINITY])('refuse %d ppi', async ppi => {
    await expect(models.extract({ ...drawRidges(1), ppi })).rejects.toMatchObject({ code: 'MODEL_INPUT' });
  });

  test('refuse templates that are truncated, foreign, or hold what cannot be', async () => {
    const gallery = await openLocalFingerGallery();
    const sealed = (change: (bytes: Uint8Array) => void): Uint8Array => {
      const bytes = print.slice();
      change(bytes);
      new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, -4)), true);
      return bytes;
    };
    const bad = [
      new Uint8Array(0),
      print.subarray(0, print.length >> 1),
      // Floats that are no numbers, as a template of another maker may hold.
      new Uint8Array(new Float32Array(1000).fill(Number.NaN).buffer),
      new Uint8Array(Buffer.from('FMR\x00030\x00', 'latin1')),
      // Of other weights, with a right checksum.
      sealed(bytes => bytes.fill(7, 4, 8)),
      // Descriptors of no length, and minutiae beyond the image.
      sealed(bytes => bytes.fill(0, 22, 22 + 64)),
      sealed(bytes => bytes.fill(255, 16, 20)),
      null as unknown as Uint8Array,
      [1, 2, 3] as unknown as Uint8Array,
      new Float32Array(2000).fill(Number.NaN) as unknown as Uint8Array,
    ];
    for (const template of bad) {
      await expect(models.match(print, [print, template])).rejects.toMatchObject({ code: 'MODEL_INPUT' });
      await expect(models.match(template, [print])).rejects.toMatchObject({ code: 'MODEL_INPUT' });
      expect(() => gallery.put([{ id: 1, templates: [print, template] }])).toThrow(
        expect.objectContaining({ code: 'MODEL_INPUT' }),
      );
      await expect(gallery.search([template], 1)).rejects.toMatchObject({ code: 'MODEL_INPUT' });
    }
    expect(gallery.size).toBe(0);
    expect((await models.match(print, [print]))[0]).toBeGreaterThan(threshold);
  });
});
