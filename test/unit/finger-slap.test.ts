/** Slaps of the simulator's fingers, taken apart again. */
import { beforeAll, expect, test } from 'vitest';
import { segmentSlap } from '../../models/finger/slap.ts';
import { makeGrowthKernels, makeImpression, makeMaster } from '../../sim/people/finger/index.ts';
import type { FingerCode } from '../../sim/people/position.ts';
import { type Laid, slapImage } from '../../sim/sbi/slap.ts';

const RIGHT: readonly FingerCode[] = [2, 3, 4, 5];
const LEFT: readonly FingerCode[] = [10, 9, 8, 7];
const DEGREE = Math.PI / 180;
const images = new Map<FingerCode, Laid['prints'][number]['image']>();

beforeAll(() => {
  const kernels = makeGrowthKernels();
  const masters = [7202, 7203].map(seed => makeMaster(seed, undefined, kernels));
  for (const finger of [...RIGHT, ...LEFT]) {
    const look = { width: 256, height: 288, greyLevels: 256, seed: finger % 5, difficulty: 0.2 };
    images.set(finger, makeImpression(masters[finger % 2]!, look).image);
  }
}, 60_000);

const slap = (fingers: readonly FingerCode[], degrees = 0, phalanges = false) =>
  slapImage({
    phalanges,
    prints: fingers.map(finger => ({ finger, image: images.get(finger)! })),
    rotationRad: degrees * DEGREE,
  });

test('four fingers are parted from left to right, turned by up to 20 degrees, and no hand is taken for the other', () => {
  let told = 0;
  for (const degrees of [-20, -10, 0, 10, 20]) {
    for (const [other, fingers] of [
      ['left', RIGHT],
      ['right', LEFT],
    ] as const) {
      const found = segmentSlap(slap(fingers, degrees), 4);
      expect(found.fingers).toHaveLength(4);
      const lefts = found.fingers.map(({ box }) => box.left);
      expect(lefts).toEqual([...lefts].sort((a, b) => a - b));
      for (const { box, image } of found.fingers) {
        expect(image.pixels).toHaveLength(box.width * box.height);
        expect(image.ppi).toBe(500);
      }
      expect(found.hand).not.toBe(other);
      if (found.hand !== null) told += 1;
    }
  }
  expect(told).toBeGreaterThan(0);
});

test('of a hand that lies flat the lower phalanges are left out, turned by up to 20 degrees', () => {
  for (const degrees of [-20, -10, 0, 10, 20]) {
    for (const fingers of [RIGHT, LEFT]) {
      const tips = segmentSlap(slap(fingers, degrees), 4).fingers.map(({ box }) => box);
      const flat = segmentSlap(slap(fingers, degrees, true), 4).fingers.map(({ box }) => box);
      expect(flat, `${degrees}`).toEqual(tips);
    }
  }
});

test('a lower phalanx that hangs together with the tip is cut off at the crease', () => {
  for (const fingers of [RIGHT, LEFT]) {
    const tips = segmentSlap(slap(fingers), 4).fingers.map(({ box }) => box);
    const { pixels, ...flat } = slap(fingers, 0, true);
    for (const { left, top, width, height } of tips)
      for (let y = top + height - 48; y < top + height + 64; y += 1)
        for (let x = left + width / 2 - 64; x < left + width / 2 + 64; x += 1)
          pixels[y * flat.width + x] = (x >> 2) % 2 ? 60 : 220;
    const cut = segmentSlap({ ...flat, pixels }, 4).fingers.map(({ box }) => box);
    expect(cut).toHaveLength(4);
    cut.forEach((box, at) => {
      expect(Math.abs(box.height - tips[at]!.height)).toBeLessThanOrEqual(80);
      expect(box).toMatchObject({ top: tips[at]!.top });
    });
  }
});

test('two and three fingers are found, without a hand', () => {
  for (const count of [1, 2, 3]) {
    const found = segmentSlap(slap(RIGHT.slice(0, count)), count);
    expect(found.fingers).toHaveLength(count);
    expect(found.hand).toBeNull();
  }
});

test('an empty glass and one of noise hold no finger', () => {
  const glass = { width: 1600, height: 1500, ppi: 500, pixels: new Uint8Array(1600 * 1500).fill(240) };
  expect(segmentSlap(glass, 4).fingers).toEqual([]);
  const dusty = { ...glass, pixels: glass.pixels.map((value, at) => value - ((at * 7919) % 9)) };
  expect(segmentSlap(dusty, 4).fingers).toEqual([]);
});

test('fingers that touch are parted at the narrow place', () => {
  const { width, height, ppi, pixels } = slap(RIGHT);
  const joined = Uint8Array.from(pixels);
  // A bridge of print between the first two fingers, three squares high.
  const { box } = segmentSlap({ width, height, ppi, pixels }, 4).fingers[0]!;
  const { box: second } = segmentSlap({ width, height, ppi, pixels }, 4).fingers[1]!;
  const y = box.top + Math.round(box.height / 2);
  for (let row = y; row < y + 32; row += 1)
    for (let x = box.left + box.width - 48; x < second.left + 48; x += 1)
      joined[row * width + x] = (x >> 2) % 2 ? 60 : 220;
  expect(segmentSlap({ width, height, ppi, pixels: joined }, 4).fingers).toHaveLength(4);
});
