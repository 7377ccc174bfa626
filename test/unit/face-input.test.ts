import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { decodeFrame } from '../../models/face/image/decode.ts';
import { type FaceModels, loadFaceModels } from '../../models/face/index.ts';

const refusal = expect.objectContaining({ code: 'MODEL_INPUT' });

/** A plain picture, darker to the right and to the bottom, so that turning and scaling show. */
function picture(width = 320, height = 240) {
  const pixels = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    pixels.fill(
      255 - Math.floor((128 * (i % width)) / width) - Math.floor((64 * i) / (width * height)),
      3 * i,
      3 * i + 3,
    );
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

/** A small JPEG whose frame header says 20,000 x 20,000. */
async function hugeJpeg(): Promise<Buffer> {
  const jpeg = await picture().jpeg().toBuffer();
  const header = jpeg.indexOf(Buffer.of(0xff, 0xc0));
  jpeg.writeUInt16BE(20_000, header + 5);
  jpeg.writeUInt16BE(20_000, header + 7);
  return jpeg;
}

describe('decoding a frame', () => {
  it('honours EXIF orientation', async () => {
    const sideways = await picture().withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const { image, width, height, scale } = await decodeFrame(sideways);
    expect([width, height, image.width, image.height, scale]).toEqual([240, 320, 240, 320, 1]);
    // The bright corner of the file lies top left; turned by a quarter it lies top right.
    expect(image.pixels[239 * 3]!).toBeGreaterThan(image.pixels[0]!);
  });

  it.each([
    ['grey JPEG', () => picture().greyscale().jpeg().toBuffer()],
    ['16-bit PNG', () => picture().toColourspace('rgb16').png().toBuffer()],
    ['16-bit grey PNG', () => picture().toColourspace('grey16').png().toBuffer()],
    ['CMYK JPEG', () => picture().toColourspace('cmyk').jpeg().toBuffer()],
    ['PNG with alpha', () => picture().ensureAlpha(1).png().toBuffer()],
    ['WebP', () => picture().webp({ lossless: true }).toBuffer()],
  ])('makes 8-bit colour of a %s', async (_, encode) => {
    const { image } = await decodeFrame(await encode());
    expect(image.pixels.length).toBe(320 * 240 * 3);
    expect(Math.abs(image.pixels[0]! - 255)).toBeLessThan(16);
    expect(Math.abs(image.pixels[319 * 3]! - 128)).toBeLessThan(24);
  });

  it('reads PGM, also of 16 bits', async () => {
    const header = Buffer.from('P5\n# comment\n40 32\n65535\n');
    const { image } = await decodeFrame(Buffer.concat([header, Buffer.alloc(40 * 32 * 2, 0x80)]));
    expect([...image.pixels.subarray(0, 3)]).toEqual([128, 128, 128]);
    await expect(decodeFrame(Buffer.concat([header, Buffer.alloc(9)]))).rejects.toThrow(refusal);
  });

  it('makes a wide picture smaller and says by how much', async () => {
    const wide = await picture(12_000, 600).jpeg().toBuffer();
    const { image, width, scale } = await decodeFrame(wide);
    expect(width).toBe(12_000);
    expect(image.width).toBe(1280);
    expect(scale).toBeCloseTo(12_000 / 1280, 9);
  });

  it.each([
    ['nothing', async () => Buffer.alloc(0)],
    ['noise', async () => Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251))],
    ['a picture of 1 x 1', () => picture(1, 1).png().toBuffer()],
    ['a cut-off JPEG', async () => (await picture().jpeg().toBuffer()).subarray(0, 1200)],
    ['a JPEG header', async () => (await picture().jpeg().toBuffer()).subarray(0, 20)],
    ['more pixels than any camera has', () => hugeJpeg()],
    ['an SVG', async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"/>')],
  ])('refuses %s', async (_, make) => {
    await expect(decodeFrame(await make())).rejects.toThrow(refusal);
  });

  it('takes a JPEG with stray bytes between its markers, as some cameras send', async () => {
    const jpeg = await picture().jpeg().toBuffer();
    const strayed = Buffer.concat([jpeg.subarray(0, jpeg.length - 2), Buffer.alloc(30), jpeg.subarray(-2)]);
    expect((await decodeFrame(strayed)).width).toBe(320);
  });
});

describe('the face models', () => {
  let models: FaceModels;
  beforeAll(async () => {
    models = await loadFaceModels();
  });

  it('bring a card for each graph, and a table of FMR with the one that decides', () => {
    expect(models.cards.map(card => card.task).sort()).toEqual([
      'eye-state',
      'face-detection',
      'face-embedding',
      'face-landmarks',
      'head-pose',
    ]);
    const table = models.cards.find(card => card.task === 'face-embedding')?.fmrTable ?? [];
    const strictestFirst = table.toSorted((a, b) => a.fmr - b.fmr);
    expect(table).toEqual(strictestFirst);
    expect(table.map(point => point.threshold)).toEqual(
      table.map(point => point.threshold).toSorted((a, b) => b - a),
    );
  });

  it('find nobody in an empty frame and say so', async () => {
    const { faceCount, face, quality } = await models.analyse(await picture().jpeg().toBuffer());
    expect({ faceCount, face, advice: quality.advice }).toEqual({
      faceCount: 0,
      face: undefined,
      advice: ['no_face'],
    });
  });

  it('blame the light in a frame that is black or white', async () => {
    const plain = (level: number) =>
      sharp({
        create: { width: 640, height: 480, channels: 3, background: { r: level, g: level, b: level } },
      })
        .jpeg()
        .toBuffer();
    expect((await models.analyse(await plain(3))).quality.advice).toEqual(['too_dark', 'no_face']);
    expect((await models.analyse(await plain(255))).quality.advice).toEqual(['too_bright', 'no_face']);
  });

  it('refuse bytes that are no picture', async () => {
    await expect(models.analyse(Buffer.from('no picture'))).rejects.toThrow(refusal);
  });

  it('compare directions, not lengths', () => {
    const a = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i));
    expect(
      models.compare(
        a,
        a.map(value => 3 * value),
      ),
    ).toBeCloseTo(1, 6);
    expect(
      models.compare(
        a,
        a.map(value => -value),
      ),
    ).toBeCloseTo(-1, 6);
  });

  it.each([
    ['zeros', new Float32Array(512)],
    ['NaN', new Float32Array(512).fill(Number.NaN)],
    ['an infinity', new Float32Array(512).fill(1).fill(Number.POSITIVE_INFINITY, 0, 1)],
    ['another length', new Float32Array(128).fill(1)],
    ['nothing', new Float32Array(0)],
  ])('never match %s', (_, broken) => {
    const whole = new Float32Array(512).fill(1);
    expect(() => models.compare(broken, whole)).toThrow(refusal);
    expect(() => models.compare(whole, broken)).toThrow(refusal);
    expect(() => models.compare(broken, broken)).toThrow(refusal);
  });
});
