import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import composites from '../../sim/people/face/composites.json' with { type: 'json' };
import {
  type FacePose,
  FRAME_HEIGHT,
  FRAME_WIDTH,
  faceFrame,
  facePeople,
  faceSexes,
  frameFromImage,
  referencePortrait,
} from '../../sim/people/face/frames.ts';

const POSES: readonly FacePose[] = [
  'neutral',
  'smile',
  'turned-left',
  'turned-right',
  'blink',
  'too-dark',
  'too-far',
  'nobody',
  'two-faces',
];

async function meanLuminance(jpeg: Uint8Array): Promise<number> {
  const { channels } = await sharp(await sharp(jpeg).greyscale().toBuffer()).stats();
  return channels[0]!.mean;
}

describe('composites', () => {
  test('at least eight people of both sexes, each of six sitters or more', () => {
    expect(facePeople).toBeGreaterThanOrEqual(8);
    expect(new Set(faceSexes)).toEqual(new Set(['F', 'M']));
    for (const { sitters, seed } of composites.people) {
      expect(new Set(sitters).size).toBeGreaterThanOrEqual(6);
      expect(Number.isInteger(seed)).toBe(true);
    }
  });

  test('no two people share more than half of their sitters', () => {
    for (const one of composites.people) {
      for (const other of composites.people) {
        if (one === other) continue;
        const shared = one.sitters.filter(sitter => other.sitters.includes(sitter));
        expect(shared.length * 2).toBeLessThanOrEqual(one.sitters.length);
      }
    }
  });
});

describe('camera frames', () => {
  test('every person in every pose is a JPEG of the camera’s size', async () => {
    for (let person = 0; person < facePeople; person++) {
      for (const pose of POSES) {
        const jpeg = await faceFrame(person, pose, 1);
        const meta = await sharp(jpeg).metadata();
        expect([meta.format, meta.width, meta.height]).toEqual(['jpeg', FRAME_WIDTH, FRAME_HEIGHT]);
        expect(jpeg.byteLength, `${person} ${pose}`).toBeLessThan(64 * 1024);
      }
    }
  });

  test('the same variation gives the same bytes, the next another frame', async () => {
    const [first, again, next] = await Promise.all([7, 7, 8].map(v => faceFrame(0, 'neutral', v)));
    expect(Buffer.from(first!).equals(Buffer.from(again!))).toBe(true);
    expect(Buffer.from(first!).equals(Buffer.from(next!))).toBe(false);
  });

  test('too dark is dark, and a neutral frame is not', async () => {
    expect(await meanLuminance(await faceFrame(1, 'too-dark', 0))).toBeLessThan(35);
    expect(await meanLuminance(await faceFrame(1, 'neutral', 0))).toBeGreaterThan(90);
  });

  test('a person who does not exist is refused', async () => {
    await expect(faceFrame(facePeople, 'neutral', 0)).rejects.toThrow(RangeError);
  });
});

describe('other pictures', () => {
  test('the record’s portrait is a photograph of its own size', async () => {
    const meta = await sharp(await referencePortrait(2)).metadata();
    expect([meta.format, meta.width, meta.height]).toEqual(['jpeg', 413, 531]);
  });

  test('any portrait file fits the camera in every pose', async () => {
    const portrait = await sharp({ create: { width: 700, height: 500, channels: 4, background: '#a86' } })
      .png()
      .toBuffer();
    for (const pose of POSES) {
      const jpeg = await frameFromImage(portrait, pose, 3);
      const meta = await sharp(jpeg).metadata();
      expect([meta.format, meta.width, meta.height]).toEqual(['jpeg', FRAME_WIDTH, FRAME_HEIGHT]);
    }
    const [first, next] = await Promise.all([1, 2].map(v => frameFromImage(portrait, 'neutral', v)));
    expect(Buffer.from(first!).equals(Buffer.from(next!))).toBe(false);
  });
});
