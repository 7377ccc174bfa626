import { describe, expect, test } from 'vitest';
import { normalise } from '../../models/finger/normalise.ts';
import { ModelError } from '../../models/index.ts';

const grey = (width: number, height: number, ppi = 500, value = 200) => ({
  width,
  height,
  ppi,
  pixels: new Uint8Array(width * height).fill(value),
});

describe('normalising a print', () => {
  test('pads right and bottom to multiples of 16 by repeating the edge', () => {
    const image = grey(70, 66);
    image.pixels.forEach((_, at) => {
      image.pixels[at] = at % 70;
    });
    const result = normalise(image);
    expect(result).toMatchObject({ width: 70, height: 66, paddedWidth: 80, paddedHeight: 80 });
    expect([...result.pixels.slice(0, 80)]).toEqual([...Array(70).keys(), ...Array(10).fill(69)]);
    expect(result.pixels.slice(79 * 80)).toEqual(result.pixels.slice(0, 80));
  });

  test.each([250, 400, 512, 569, 1000])('brings %i ppi to 500 without changing a flat grey', ppi => {
    const { width, height, pixels } = normalise(grey(100, 150, ppi));
    expect(width).toBe(Math.round((100 * 500) / ppi));
    expect(height).toBe(Math.round((150 * 500) / ppi));
    expect(pixels.every(pixel => Math.abs(pixel - 200) < 1e-3)).toBe(true);
  });

  test.each([400, 1000])('keeps waves of 0.5 mm in place at %i ppi', ppi => {
    const image = grey(ppi, 100, ppi);
    const wave = (mm: number): number => 128 + 100 * Math.cos((2 * Math.PI * mm) / 0.5);
    image.pixels.forEach((_, at) => {
      image.pixels[at] = wave((((at % ppi) + 0.5) * 25.4) / ppi);
    });
    const { pixels } = normalise(image);
    const error = [...Array(480).keys()].map(x => Math.abs(pixels[x + 8]! - wave(((x + 8.5) * 25.4) / 500)));
    expect(Math.max(...error)).toBeLessThan(25);
  });

  test('keeps the smallest image large enough for the graph', () => {
    expect(normalise(grey(1, 1))).toMatchObject({ width: 1, height: 1, paddedWidth: 64, paddedHeight: 64 });
  });

  test.each([
    ['no pixels', grey(0, 0)],
    ['a broken size', { ...grey(4, 4), width: 2.5 }],
    ['a negative size', { ...grey(4, 4), width: -4, height: -4 }],
    ['no size', { ...grey(4, 4), width: Number.NaN }],
    ['too few pixels', { ...grey(4, 4), pixels: new Uint8Array(15) }],
    [
      'pixels that are no bytes',
      { ...grey(2, 1), pixels: new Float32Array([Number.NaN, 1]) as unknown as Uint8Array },
    ],
    ['no resolution', grey(4, 4, Number.NaN)],
    ['a resolution of 0', grey(4, 4, 0)],
    ['a resolution beyond any sensor', grey(4, 4, 10_000)],
    ['10,000 x 10,000 pixels', { ...grey(1, 1), width: 10_000, height: 10_000 }],
    ['a hand-sized image', grey(3000, 2000)],
    ['a tape', grey(9000, 1)],
  ])('refuses an image with %s', (_, image) => {
    expect(() => normalise(image)).toThrow(ModelError);
  });
});
