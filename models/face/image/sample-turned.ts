import type { RgbImage } from './decode.ts';
import { FULL, LUMA, type Planes, type SampleOptions } from './sample.ts';

const clamp = (value: number, max: number): number => Math.max(0, Math.min(value, max));

/** One channel at a point by the border of an image that black surrounds, times the square of {@link FULL}. */
function besideBlack({ width, height, pixels }: RgbImage, x: number, y: number, channel: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - left, y - top];
  const pixel = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= width || row >= height
      ? 0
      : pixels[(row * width + column) * 3 + channel]!;
  const above = pixel(left, top) * (1 - fx) + pixel(left + 1, top) * fx;
  const below = pixel(left, top + 1) * (1 - fx) + pixel(left + 1, top + 1) * fx;
  return (above * (1 - fy) + below * fy) * FULL ** 2;
}

/** {@link sample} through any map. */
export function sampleTurned(image: RgbImage, options: SampleOptions, planes: Planes): void {
  const { width, height, toSource: map, border } = options;
  const { pixels } = image;
  const black = border === 'black';
  const { out, grey, redAt, greenAt, blueAt, redRaise, greenRaise, blueRaise } = planes;
  const { redGain, greenGain, blueGain } = planes;
  const [maxX, maxY, stride] = [image.width - 1, image.height - 1, image.width * 3];
  const [lastLeft, lastTop] = [Math.max(0, maxX - 1), Math.max(0, maxY - 1)];
  const [toRight, toBelow] = [maxX > 0 ? 3 : 0, maxY > 0 ? stride : 0];
  for (let v = 0, at = 0; v < height; v++) {
    let x = map.b * v + map.c;
    let y = map.e * v + map.f;
    for (let u = 0; u < width; u++, at++, x += map.a, y += map.d) {
      let red = 0;
      let green = 0;
      let blue = 0;
      const inside = x >= 0 && y >= 0 && x <= maxX && y <= maxY;
      if (inside || !black) {
        const nearX = inside ? x : clamp(x, maxX);
        const nearY = inside ? y : clamp(y, maxY);
        const left = Math.min(nearX | 0, lastLeft);
        const top = Math.min(nearY | 0, lastTop);
        const rightShare = Math.round((nearX - left) * FULL);
        const belowShare = Math.round((nearY - top) * FULL);
        const leftShare = FULL - rightShare;
        const aboveShare = FULL - belowShare;
        const a = top * stride + left * 3;
        const b = a + toRight;
        const c = a + toBelow;
        const d = c + toRight;
        red =
          Math.imul(Math.imul(pixels[a]!, leftShare) + Math.imul(pixels[b]!, rightShare), aboveShare) +
          Math.imul(Math.imul(pixels[c]!, leftShare) + Math.imul(pixels[d]!, rightShare), belowShare);
        green =
          Math.imul(
            Math.imul(pixels[a + 1]!, leftShare) + Math.imul(pixels[b + 1]!, rightShare),
            aboveShare,
          ) +
          Math.imul(Math.imul(pixels[c + 1]!, leftShare) + Math.imul(pixels[d + 1]!, rightShare), belowShare);
        blue =
          Math.imul(
            Math.imul(pixels[a + 2]!, leftShare) + Math.imul(pixels[b + 2]!, rightShare),
            aboveShare,
          ) +
          Math.imul(Math.imul(pixels[c + 2]!, leftShare) + Math.imul(pixels[d + 2]!, rightShare), belowShare);
      } else if (x > -1 && y > -1 && x < image.width && y < image.height) {
        red = besideBlack(image, x, y, 0);
        green = besideBlack(image, x, y, 1);
        blue = besideBlack(image, x, y, 2);
      }
      if (grey) {
        out[at] = (LUMA.red * red + LUMA.green * green + LUMA.blue * blue) * redGain + redRaise;
      } else {
        out[redAt + at] = red * redGain + redRaise;
        out[greenAt + at] = green * greenGain + greenRaise;
        out[blueAt + at] = blue * blueGain + blueRaise;
      }
    }
  }
}
