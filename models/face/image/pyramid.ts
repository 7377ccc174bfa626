import type { Affine } from './affine.ts';
import type { RgbImage } from './decode.ts';
import { type SampleOptions, sample } from './sample.ts';

/** Half the size, each pixel the mean of four. A last odd row or column is dropped. */
export function halve({ width, height, pixels }: RgbImage): RgbImage {
  const [w, h, stride] = [width >> 1, height >> 1, width * 3];
  const out = new Uint8Array(w * h * 3);
  for (let y = 0, to = 0; y < h; y++) {
    for (let x = 0, above = 2 * y * stride; x < w; x++, above += 6, to += 3) {
      const below = above + stride;
      const red = pixels[above]! + pixels[above + 3]! + pixels[below]! + pixels[below + 3]!;
      const green = pixels[above + 1]! + pixels[above + 4]! + pixels[below + 1]! + pixels[below + 4]!;
      const blue = pixels[above + 2]! + pixels[above + 5]! + pixels[below + 2]! + pixels[below + 5]!;
      out[to] = (red + 2) >> 2;
      out[to + 1] = (green + 2) >> 2;
      out[to + 2] = (blue + 2) >> 2;
    }
  }
  return { width: w, height: h, pixels: out };
}

/**
 * An image and its halves, made when first asked for. Bilinear reading looks at four pixels; where a result pixel covers
 * more, reading from a half keeps fine texture from turning into noise.
 */
export class Pyramid {
  readonly #levels: RgbImage[];
  constructor(image: RgbImage) {
    this.#levels = [image];
  }

  get image(): RgbImage {
    return this.#levels[0]!;
  }

  #level(index: number): RgbImage {
    while (this.#levels.length <= index) this.#levels.push(halve(this.#levels.at(-1)!));
    return this.#levels[index]!;
  }

  /** {@link sample} at the level where a step of the result is less than two pixels. */
  sample(options: SampleOptions): Float32Array {
    const { a, b, c, d, e, f } = options.toSource;
    const step = Math.max(Math.hypot(a, d), Math.hypot(b, e));
    const level = step > 2 ? Math.min(3, Math.floor(Math.log2(step))) : 0;
    const k = 2 ** level;
    // Pixel centres: x of the image is (x + 0.5) / k - 0.5 in the level.
    const shift = 0.5 / k - 0.5;
    const toSource: Affine = { a: a / k, b: b / k, c: c / k + shift, d: d / k, e: e / k, f: f / k + shift };
    return sample(this.#level(level), { ...options, toSource });
  }
}
