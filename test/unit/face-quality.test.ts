import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { subjectsOf } from '../../models/evaluate/subjects.ts';
import { Pyramid } from '../../models/face/image/pyramid.ts';
import { measureBackground } from '../../models/face/quality/background.ts';
import {
  CHIP_EYE_DISTANCE,
  CHIP_EYES_Y,
  CHIP_HEIGHT,
  CHIP_WIDTH,
  type Chip,
  cutChip,
} from '../../models/face/quality/chip.ts';
import { toLab } from '../../models/face/quality/colour.ts';
import { gradeComponents } from '../../models/face/quality/components.ts';
import { measureCover } from '../../models/face/quality/cover.ts';
import { measureGeometry } from '../../models/face/quality/geometry.ts';
import { measureLight } from '../../models/face/quality/light.ts';
import { LIMITS } from '../../models/face/quality/limits.ts';
import type { Measures } from '../../models/face/quality/measures.ts';
import { measureArtefacts } from '../../models/face/quality/noise.ts';
import { measureSharpness } from '../../models/face/quality/sharpness.ts';

/** A chip whose three channels are one function of its coordinates. */
function chip(value: (x: number, y: number) => number): Chip {
  const luma = Float32Array.from({ length: CHIP_WIDTH * CHIP_HEIGHT }, (_, i) =>
    value(i % CHIP_WIDTH, Math.floor(i / CHIP_WIDTH)),
  );
  return { red: luma, green: luma, blue: luma, luma };
}

const texture = (x: number, y: number) => 128 + 40 * Math.sin(x * 1.9) + 40 * Math.cos(y * 2.3);

/** 68 points of a face that looks straight, with 60 pixels between the eyes, its eyes' middle at (x, y). */
function straightFace(x: number, y: number, eyeDistance = 60): Float32Array {
  const points = new Float32Array(136);
  const put = (index: number, dx: number, dy: number) =>
    points.set([x + dx * eyeDistance, y + dy * eyeDistance], 2 * index);
  for (let i = 0; i < 68; i++) put(i, 0, 0.6);
  put(8, 0, 1.75);
  for (const [first, side] of [
    [36, -0.5],
    [42, 0.5],
  ] as const) {
    put(first, side - 0.2, 0);
    put(first + 1, side - 0.08, -0.07);
    put(first + 2, side + 0.08, -0.07);
    put(first + 3, side + 0.2, 0);
    put(first + 4, side + 0.08, 0.07);
    put(first + 5, side - 0.08, 0.07);
  }
  for (const index of [48, 60]) put(index, -0.39, 1.15);
  for (const index of [54, 64]) put(index, 0.39, 1.15);
  put(62, 0, 1.14);
  put(66, 0, 1.16);
  return points;
}

const good: Measures = {
  secondFaceShare: 0,
  confidence: 1,
  yawDeg: 0,
  pitchDeg: 0,
  rollDeg: 0,
  eyeOpenProbability: 1,
  sharpness: 0.6,
  background: { gradient: 4, edgeShare: 0 },
  burntShare: 0,
  skinA: 12,
  skinB: 15,
  light: {
    meanLuma: 0.5,
    lumaVariance: 0.02,
    darkShare: 0,
    brightShare: 0,
    entropyBits: 6.4,
    sideGradient: 0.03,
  },
  artefacts: { noise: 0.5, blockiness: 1.2 },
  cover: { darkEyesShare: 0.12, mouthColourDistance: 4 },
  geometry: measureGeometry(straightFace(320, 220, 90), { width: 640, height: 480 }, 0),
};

const adviceFor = (measures: Measures) => {
  const scores = gradeComponents(measures);
  return [...LIMITS].flatMap(([name, { least, advice }]) =>
    (scores[name] ?? 100) < least ? [advice(measures)] : [],
  );
};

const at = (x: number, y: number, eyeDistance: number): Measures => ({
  ...good,
  geometry: measureGeometry(straightFace(x, y, eyeDistance), { width: 640, height: 480 }, 0),
});

describe('a portrait', () => {
  it('that is good gets no advice, and every score is a whole number of 0 to 100', () => {
    expect(adviceFor(good)).toEqual([]);
    for (const score of Object.values(gradeComponents(good))) {
      expect(Number.isInteger(score)).toBe(true);
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(100);
    }
  });

  it.each<[string, Measures, string]>([
    ['two faces', { ...good, secondFaceShare: 0.8 }, 'several_faces'],
    ['a face too far away', at(320, 220, 30), 'come_closer'],
    ['a face too near', at(320, 240, 170), 'move_back'],
    ['a face at the edge', at(110, 220, 80), 'centre_face'],
    ['a turned head', { ...good, yawDeg: -25 }, 'look_straight'],
    ['a lowered head', { ...good, pitchDeg: -30 }, 'look_straight'],
    ['a tilted head', { ...good, rollDeg: 20 }, 'look_straight'],
    [
      'closed eyes',
      { ...good, eyeOpenProbability: 0.01, geometry: { ...good.geometry, lidOpening: 0.03 } },
      'open_eyes',
    ],
    ['an open mouth', { ...good, geometry: { ...good.geometry, lipOpening: 0.3 } }, 'close_mouth'],
    ['a broad smile', { ...good, geometry: { ...good.geometry, mouthWidth: 1.02 } }, 'neutral_expression'],
    ['darkness', { ...good, light: { ...good.light, darkShare: 0.5, meanLuma: 0.1 } }, 'too_dark'],
    ['glare', { ...good, light: { ...good.light, brightShare: 0.7, meanLuma: 0.95 } }, 'too_bright'],
    ['light from one side', { ...good, light: { ...good.light, sideGradient: 0.18 } }, 'uneven_light'],
    ['blur', { ...good, sharpness: 0.2 }, 'hold_still'],
    ['dark glasses', { ...good, cover: { ...good.cover, darkEyesShare: 1 } }, 'uncover_face'],
    ['a mask', { ...good, cover: { ...good.cover, mouthColourDistance: 44 } }, 'uncover_face'],
    ['a patterned wall', { ...good, background: { gradient: 160, edgeShare: 0.5 } }, 'plain_background'],
    ['a poster on the wall', { ...good, background: { gradient: 30, edgeShare: 0.1 } }, 'plain_background'],
    [
      'a dark face in glaring light',
      { ...good, burntShare: 0.5, light: { ...good.light, brightShare: 0.03 } },
      'too_bright',
    ],
    ['sensor noise', { ...good, artefacts: { ...good.artefacts, noise: 19 } }, 'poor_picture'],
    ['strong compression', { ...good, artefacts: { ...good.artefacts, blockiness: 4.4 } }, 'poor_picture'],
    ['no colour', { ...good, skinA: 0, skinB: 0 }, 'poor_picture'],
  ])('with %s gets the advice that helps', (_, measures, advice) => {
    expect(adviceFor(measures)).toContain(advice);
  });

  it('whose background cannot be seen is not blamed for it', () => {
    const { backgroundUniformity } = gradeComponents({ ...good, background: undefined });
    expect(backgroundUniformity).toBeUndefined();
  });
});

describe('measures of a face', () => {
  it('find blur in any direction and do not take contrast for sharpness', () => {
    const crisp = measureSharpness(chip(texture));
    const faint = measureSharpness(chip((x, y) => 128 + (texture(x, y) - 128) / 8));
    const smeared = measureSharpness(chip((x, y) => 128 + 40 * Math.sin(x * 0.05) + 40 * Math.cos(y * 2.3)));
    const slanting = measureSharpness(
      chip((x, y) => 128 + 40 * Math.sin((x + y) * 0.05) + 40 * Math.cos((x - y) * 1.6)),
    );
    expect(faint).toBeCloseTo(crisp, 2);
    expect(smeared).toBeLessThan(crisp / 2);
    expect(slanting).toBeLessThan(crisp / 2);
  });

  it('read the slope of the light, the same for dark and for fair skin', () => {
    // Brightness grows by 20 % over the distance between the eyes.
    const lit = (level: number) => chip(x => level * 1.2 ** ((x - CHIP_WIDTH / 2) / CHIP_EYE_DISTANCE));
    expect(measureLight(lit(150)).sideGradient).toBeCloseTo(Math.log(1.2), 1);
    expect(Math.abs(measureLight(lit(150)).sideGradient - measureLight(lit(80)).sideGradient)).toBeLessThan(
      0.02,
    );
    expect(measureLight(chip(() => 90)).sideGradient).toBe(0);
  });

  it('count dark and bright pixels and the bits of tone', () => {
    const black = measureLight(chip(() => 10));
    expect(black).toMatchObject({ darkShare: 1, brightShare: 0, entropyBits: 0 });
    expect(measureLight(chip(() => 250)).brightShare).toBe(1);
    expect(measureLight(chip((x, y) => ((x + y) % 2) * 100)).entropyBits).toBeCloseTo(1, 2);
  });

  it('see dark glasses whatever the skin', () => {
    const glasses = (skin: number) => chip((_, y) => (Math.abs(y - CHIP_EYES_Y) < 14 ? 0.1 * skin : skin));
    expect(measureCover(glasses(180)).darkEyesShare).toBe(1);
    expect(measureCover(glasses(60)).darkEyesShare).toBe(1);
    expect(measureCover(chip(() => 60)).darkEyesShare).toBe(0);
  });

  it('find noise and the edges of compression blocks', async () => {
    const box = { x: 0, y: 0, width: 160, height: 160 };
    const make = (value: (x: number, y: number) => number) => {
      const pixels = new Uint8Array(160 * 160 * 3);
      for (let i = 0; i < 160 * 160; i++) pixels.fill(value(i % 160, Math.floor(i / 160)), 3 * i, 3 * i + 3);
      return { width: 160, height: 160, pixels };
    };
    const slope = make((x, y) => 60 + x / 2 + y / 3);
    expect(measureArtefacts(slope, box).noise).toBeLessThan(1);
    expect(measureArtefacts(slope, box).blockiness).toBeLessThan(1.3);
    const blocks = make((x, y) => 20 * (((x >> 3) * 7 + (y >> 3) * 5) % 9));
    expect(measureArtefacts(blocks, box).blockiness).toBeGreaterThan(10);
    const { data } = await sharp({
      create: {
        width: 160,
        height: 160,
        channels: 3,
        background: '#808080',
        noise: { type: 'gaussian', mean: 128, sigma: 12 },
      },
    })
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(measureArtefacts({ width: 160, height: 160, pixels: data }, box).noise).toBeGreaterThan(9);
    expect(measureArtefacts({ width: 160, height: 160, pixels: data }, box).noise).toBeLessThan(15);
  });

  it('look at the background beside and above the head only', () => {
    const paint = (inHead: number, outside: (x: number) => number) => {
      const pixels = new Uint8Array(320 * 240 * 3);
      for (let i = 0; i < 320 * 240; i++) {
        const [x, y] = [i % 320, Math.floor(i / 320)];
        const head = Math.abs(x - 160) < 50 && y > 30;
        pixels.fill(head ? inHead : outside(x), 3 * i, 3 * i + 3);
      }
      return new Pyramid({ width: 320, height: 240, pixels });
    };
    const face = straightFace(160, 110, 32);
    expect(
      measureBackground(
        paint(90, () => 200),
        face,
      ),
    ).toEqual({ gradient: 0, edgeShare: 0 });
    expect(
      measureBackground(
        paint(90, x => ((x >> 4) % 2) * 255),
        face,
      )?.gradient,
    ).toBeGreaterThan(100);
    // A poster in one corner: little in the mean, seen all the same.
    const poster = measureBackground(
      paint(90, x => (x < 30 ? ((x >> 4) % 2) * 255 : 200)),
      face,
    );
    expect(poster?.edgeShare).toBeGreaterThan(0.05);
    expect(poster?.edgeShare).toBeLessThan(0.5);
    expect(
      measureBackground(
        paint(90, () => 200),
        straightFace(160, 120, 120),
      ),
    ).toBeUndefined();
  });

  it('put the eyes of every face at the same place of the chip', () => {
    const pixels = new Uint8Array(640 * 480 * 3);
    for (let y = 198; y <= 202; y++) pixels.fill(255, (y * 640 + 258) * 3, (y * 640 + 263) * 3);
    // Left eye centre at (260, 200): x - eyeDistance / 2.
    const { luma } = cutChip(new Pyramid({ width: 640, height: 480, pixels }), straightFace(300, 200, 80));
    expect(luma[CHIP_EYES_Y * CHIP_WIDTH + CHIP_WIDTH / 2 - CHIP_EYE_DISTANCE / 2]!).toBeGreaterThan(200);
  });

  it('turn sRGB to L*a*b*', () => {
    expect(toLab(255, 255, 255).L).toBeCloseTo(100, 1);
    expect(toLab(128, 128, 128).a).toBeCloseTo(0, 1);
    // Pure red, as tabulated for sRGB and D65.
    expect(toLab(255, 0, 0).L).toBeCloseTo(53.24, 1);
    expect(toLab(255, 0, 0).a).toBeCloseTo(80.09, 0);
    expect(toLab(255, 0, 0).b).toBeCloseTo(67.2, 0);
  });
});

describe('subjects of a pair list', () => {
  it('are what genuine pairs join', () => {
    const subjects = subjectsOf([
      { a: '1', b: '2', same: true },
      { a: '3', b: '2', same: true },
      { a: '1', b: '4', same: false },
    ]);
    expect(subjects.get('1')).toBe(subjects.get('3'));
    expect(subjects.get('2')).toBe(subjects.get('3'));
    expect(subjects.get('4')).not.toBe(subjects.get('1'));
  });
});
