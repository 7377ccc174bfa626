import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { letterbox } from '../../models/face/detect.ts';
import { fitSimilarity, invert, ontoRectangle } from '../../models/face/image/affine.ts';
import { halve, Pyramid } from '../../models/face/image/pyramid.ts';
import { sample } from '../../models/face/image/sample.ts';
import { overlap, suppressOverlaps } from '../../models/face/overlap.ts';

const at = (map: ReturnType<typeof invert>, x: number, y: number) => ({
  x: map.a * x + map.b * y + map.c,
  y: map.d * x + map.e * y + map.f,
});

/** A picture whose red is x and whose green is y. */
function coordinates(width: number, height: number) {
  const pixels = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) {
    pixels[3 * i] = i % width;
    pixels[3 * i + 1] = Math.floor(i / width);
    pixels[3 * i + 2] = 7;
  }
  return { width, height, pixels };
}

describe('the similarity fit', () => {
  const turn = fc.double({ min: -3, max: 3, noNaN: true });
  const scale = fc.double({ min: 0.1, max: 10, noNaN: true });
  const shift = fc.double({ min: -500, max: 500, noNaN: true });

  it('finds the turn, scale and shift that points went through', () => {
    const points = [10, 12, 40, 9, 26, 30, 13, 45, 38, 44];
    fc.assert(
      fc.property(turn, scale, shift, shift, (angle, size, dx, dy) => {
        const [a, d] = [size * Math.cos(angle), size * Math.sin(angle)];
        const moved = points.flatMap((_, i) =>
          i % 2 ? [] : [a * points[i]! - d * points[i + 1]! + dx, d * points[i]! + a * points[i + 1]! + dy],
        );
        const fit = fitSimilarity(points, moved);
        expect(fit.a).toBeCloseTo(a, 6);
        expect(fit.d).toBeCloseTo(d, 6);
        expect(at(fit, 10, 12).x).toBeCloseTo(moved[0]!, 5);
      }),
    );
  });

  it('never mirrors', () => {
    const fit = fitSimilarity([0, 0, 10, 0, 0, 10], [0, 0, -10, 0, 0, 10]);
    expect(fit.a * fit.e - fit.b * fit.d).toBeGreaterThanOrEqual(0);
  });

  it('refuses points that coincide', () => {
    expect(() => fitSimilarity([3, 3, 3, 3], [0, 0, 1, 1])).toThrow(RangeError);
  });
});

describe('affine maps', () => {
  it('are undone by their inverse', () => {
    const map = { a: 2, b: -0.5, c: 7, d: 0.3, e: 1.4, f: -9 };
    const there = at(map, 13, -4);
    const back = at(invert(map), there.x, there.y);
    expect(back.x).toBeCloseTo(13, 9);
    expect(back.y).toBeCloseTo(-4, 9);
  });

  it('cannot be undone when flat', () => {
    expect(() => invert({ a: 1, b: 2, c: 0, d: 2, e: 4, f: 0 })).toThrow(RangeError);
  });

  it('cover a rectangle edge to edge', () => {
    const map = ontoRectangle(320, 240, { x: 10, y: 20, width: 640, height: 480 });
    expect(at(map, -0.5, -0.5)).toEqual({ x: 9.5, y: 19.5 });
    expect(at(map, 319.5, 239.5)).toEqual({ x: 649.5, y: 499.5 });
  });
});

describe('the letterbox', () => {
  it('is 4:3, holds the whole frame and is centred on it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 32, max: 4000 }), fc.integer({ min: 32, max: 4000 }), (width, height) => {
        const box = letterbox(width, height, 0);
        expect(box.width / box.height).toBeCloseTo(4 / 3, 6);
        expect(box.x).toBeLessThanOrEqual(1e-6);
        expect(box.y).toBeLessThanOrEqual(1e-6);
        expect(box.x + box.width / 2).toBeCloseTo(width / 2, 6);
        expect(box.y + box.height / 2).toBeCloseTo(height / 2, 6);
        expect(Math.min(Math.abs(box.x), Math.abs(box.y))).toBeCloseTo(0, 6);
      }),
    );
  });

  it('leaves a 4:3 frame as it is, and grows by the padding', () => {
    expect(letterbox(640, 480, 0)).toEqual({ x: 0, y: 0, width: 640, height: 480 });
    expect(letterbox(640, 480, 0.5)).toEqual({ x: -160, y: -120, width: 960, height: 720 });
  });
});

describe('sampling', () => {
  const image = coordinates(40, 30);
  const identity = { a: 1, b: 0, c: 0, d: 0, e: 1, f: 0 };

  it('reads pixels where they are and between them', () => {
    const planes = sample(image, {
      width: 2,
      height: 1,
      toSource: { ...identity, c: 4.25, f: 9.5 },
      border: 'black',
      planes: 'rgb',
    });
    expect([...planes]).toEqual([4.25, 5.25, 9.5, 9.5, 7, 7]);
  });

  it('orders planes as asked and normalises each by its own mean', () => {
    const planes = sample(image, {
      width: 1,
      height: 1,
      toSource: { ...identity, c: 4, f: 9 },
      border: 'black',
      planes: 'bgr',
      mean: [7, 8, 0],
      deviation: [1, 1, 2],
    });
    expect([...planes]).toEqual([0, 1, 2]);
  });

  it('is black or the edge outside', () => {
    const outside = { width: 1, height: 1, toSource: { ...identity, c: -5, f: 3 }, planes: 'rgb' } as const;
    expect([...sample(image, { ...outside, border: 'black' })]).toEqual([0, 0, 0]);
    expect([...sample(image, { ...outside, border: 'edge' })]).toEqual([0, 3, 7]);
    const half = { ...outside, toSource: { ...identity, c: -0.5, f: 3 } };
    expect([...sample(image, { ...half, border: 'black' })]).toEqual([0, 1.5, 3.5]);
  });

  it('reads the same place from a half of the image', () => {
    const small = halve(image);
    expect([small.width, small.height]).toEqual([20, 15]);
    const wide = { width: 5, height: 4, border: 'edge', planes: 'rgb' } as const;
    const planes = new Pyramid(image).sample({
      ...wide,
      toSource: ontoRectangle(5, 4, { x: 4, y: 4, width: 20, height: 16 }),
    });
    // Centre of the first cell: 4 + 2 - 0.5 pixels; halving rounds by at most half a level.
    expect(Math.abs(planes[0]! - 5.5)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(planes[20]! - 5.5)).toBeLessThanOrEqual(0.5);
  });
});

describe('overlapping boxes', () => {
  const box = { x: 0, y: 0, width: 10, height: 10 };

  it('share area over joint area', () => {
    expect(overlap(box, box)).toBe(1);
    expect(overlap(box, { ...box, x: 5 })).toBeCloseTo(1 / 3, 9);
    expect(overlap(box, { ...box, x: 10 })).toBe(0);
  });

  it('leave the most confident of each heap', () => {
    const kept = suppressOverlaps(
      [
        { box: { ...box, x: 1 }, confidence: 0.7 },
        { box, confidence: 0.9 },
        { box: { ...box, x: 100 }, confidence: 0.8 },
      ],
      0.4,
    );
    expect(kept.map(one => one.confidence)).toEqual([0.9, 0.8]);
  });
});
