import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FaceModels, loadFaceModels } from '../../models/face/index.ts';
import { overlap } from '../../models/face/overlap.ts';
import { faceFrame, facePeople, referencePortrait } from '../../sim/people/face/frames.ts';

let models: FaceModels;
let frame: Uint8Array;
let reference: Float32Array;
/** The strictest threshold of the card: what no impostor of the development data reached. */
let strict: number;

beforeAll(async () => {
  models = await loadFaceModels();
  frame = await faceFrame(0, 'neutral', 1);
  reference = (await models.analyse(await referencePortrait(0))).face!.embedding;
  strict = models.cards.find(({ task }) => task === 'face-embedding')!.fmrTable![0]!.threshold;
});

const refusal = expect.objectContaining({ code: 'MODEL_INPUT' });

describe('pictures as nobody wants them', () => {
  it.each<[string, () => Promise<Uint8Array>]>([
    ['a grey JPEG', () => sharp(frame).greyscale().jpeg().toBuffer()],
    ['a 16-bit PNG', () => sharp(frame).toColourspace('rgb16').png().toBuffer()],
    ['a CMYK JPEG', () => sharp(frame).toColourspace('cmyk').jpeg().toBuffer()],
    [
      'a JPEG that lies on its side and says so (EXIF)',
      () => sharp(frame).rotate(-90).withMetadata({ orientation: 6 }).jpeg().toBuffer(),
    ],
  ])('%s still shows the person', async (_, make) => {
    const { faceCount, face } = await models.analyse(await make());
    expect(faceCount).toBe(1);
    expect(models.compare(face!.embedding, reference)).toBeGreaterThan(strict);
  });

  it('a grey one is told from a natural one', async () => {
    const { quality } = await models.analyse(await sharp(frame).greyscale().jpeg().toBuffer());
    expect(quality.advice).toContain('poor_picture');
  });

  it('upside down it is never taken as a portrait, nor as somebody else', async () => {
    const { face, quality } = await models.analyse(await sharp(frame).rotate(180).jpeg().toBuffer());
    expect(quality.advice.length).toBeGreaterThan(0);
    const stranger = (await models.analyse(await referencePortrait(3))).face!.embedding;
    if (face) expect(models.compare(face.embedding, stranger)).toBeLessThan(strict);
  });

  it('12,000 pixels wide it is read, and found to be too far away', async () => {
    const wide = sharp({ create: { width: 12_000, height: 640, channels: 3, background: '#888' } });
    const picture = await wide
      .composite([{ input: Buffer.from(frame), left: 5_760, top: 0 }])
      .jpeg()
      .toBuffer();
    const { width, quality } = await models.analyse(picture);
    expect(width).toBe(12_000);
    expect(quality.advice.length).toBeGreaterThan(0);
  });

  it.each<[string, () => Promise<Uint8Array>]>([
    ['cut off', async () => frame.subarray(0, frame.length / 3)],
    ['1 x 1', () => sharp(frame).resize(1, 1).jpeg().toBuffer()],
  ])('%s it is refused', async (_, make) => {
    await expect(models.analyse(await make())).rejects.toThrow(refusal);
  });
});

describe('people as nobody wants them', () => {
  it('nobody: a reason, and no vector', async () => {
    const { faceCount, face, quality } = await models.analyse(await faceFrame(0, 'nobody', 1));
    expect({ faceCount, face, advice: quality.advice }).toEqual({
      faceCount: 0,
      face: undefined,
      advice: ['no_face'],
    });
  });

  it('two side by side: only one, please', async () => {
    const { faceCount, quality } = await models.analyse(await faceFrame(0, 'two-faces', 1));
    expect(faceCount).toBe(2);
    expect(quality.advice[0]).toBe('several_faces');
  });

  it('a face in a poster behind: the applicant is who is judged', async () => {
    const poster = await sharp(await referencePortrait(3))
      .resize(84, 108)
      .toBuffer();
    const picture = await sharp(frame)
      .composite([{ input: poster, left: 4, top: 4 }])
      .jpeg()
      .toBuffer();
    const { face, quality } = await models.analyse(picture);
    expect(models.compare(face!.embedding, reference)).toBeGreaterThan(strict);
    expect(quality.advice).not.toContain('several_faces');
  });

  it('a poster alone, with nobody before it, is too far away', async () => {
    const poster = await sharp(await referencePortrait(3))
      .resize(84, 108)
      .toBuffer();
    const empty = await faceFrame(0, 'nobody', 1);
    const { quality } = await models.analyse(
      await sharp(empty)
        .composite([{ input: poster, left: 4, top: 4 }])
        .jpeg()
        .toBuffer(),
    );
    expect(['come_closer', 'no_face']).toContain(quality.advice[0]);
  });

  it.each([
    ['too-dark', 'too_dark'],
    ['too-far', 'come_closer'],
    ['turned-left', 'look_straight'],
    ['turned-right', 'look_straight'],
    ['blink', 'open_eyes'],
    ['two-faces', 'several_faces'],
    ['nobody', 'no_face'],
  ] as const)('%s: %s, live and still', async (pose, advice) => {
    for (let person = 0; person < facePeople; person += 1) {
      const live = person % 2 === 0;
      const { quality } = await models.analyse(await faceFrame(person, pose, person), { live });
      expect(quality.advice[0], `person ${person}`).toBe(advice);
    }
  });

  it('a face that is followed: found where it was, whoever is smaller elsewhere', async () => {
    const far = await faceFrame(0, 'too-far', 1);
    const { face } = await models.analyse(far);
    const followed = await models.analyse(far, { live: true, near: face!.box });
    expect(overlap(followed.face!.box, face!.box)).toBeGreaterThan(0.7);
    // Somebody who left is looked for everywhere.
    const other = await models.analyse(await faceFrame(1, 'neutral', 1), { live: true, near: face!.box });
    expect(other.faceCount).toBe(1);
  });
});
