import type { GrayImage } from './finger/index.ts';

const BLOCK_PX = 8;

/** Middle of the ridges, by the blocks whose contrast is at least a third of the strongest tenth's. */
export function ridgeCentre({ width, height, pixels }: GrayImage): { x: number; y: number } {
  const columns = Math.floor(width / BLOCK_PX);
  const rows = Math.floor(height / BLOCK_PX);
  const deviation = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      let squares = 0;
      for (let y = row * BLOCK_PX; y < (row + 1) * BLOCK_PX; y++) {
        for (let x = column * BLOCK_PX; x < (column + 1) * BLOCK_PX; x++) {
          const value = pixels[y * width + x]!;
          sum += value;
          squares += value * value;
        }
      }
      const count = BLOCK_PX * BLOCK_PX;
      deviation[row * columns + column] = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
    }
  }
  const strong = deviation.toSorted()[Math.floor(0.9 * deviation.length)] ?? 0;
  let blocks = 0;
  let sumX = 0;
  let sumY = 0;
  for (let i = 0; i < deviation.length; i++) {
    if (deviation[i]! <= strong / 3) continue;
    blocks++;
    sumX += i % columns;
    sumY += Math.floor(i / columns);
  }
  if (blocks === 0) return { x: width / 2, y: height / 2 };
  return { x: (sumX / blocks + 0.5) * BLOCK_PX, y: (sumY / blocks + 0.5) * BLOCK_PX };
}

/** Grey of what surrounds the print: light for most of the border, or a valley where ridges reach it. */
function background({ width, height, pixels }: GrayImage): number {
  const border: number[] = [];
  for (let x = 0; x < width; x++) border.push(pixels[x]!, pixels[(height - 1) * width + x]!);
  for (let y = 0; y < height; y++) border.push(pixels[y * width]!, pixels[(y + 1) * width - 1]!);
  return border.sort((a, b) => a - b)[Math.floor(0.8 * border.length)]!;
}

/** Where a window of `window` pixels starts on an axis of `size`: round the centre, inside where it fits, else padded alike. */
const windowStart = (size: number, window: number, centre: number): number =>
  size <= window
    ? Math.floor((size - window) / 2)
    : Math.min(size - window, Math.max(0, Math.round(centre - window / 2)));

/** The image as a sensor of this window and this many grey levels shows it: cropped or padded, never scaled. */
export function fitToFrame(image: GrayImage, width: number, height: number, greyLevels: number): GrayImage {
  const centre = ridgeCentre(image);
  const left = windowStart(image.width, width, centre.x);
  const top = windowStart(image.height, height, centre.y);
  const outside = background(image);
  const steps = greyLevels - 1;
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [fromX, fromY] = [x + left, y + top];
      const inside = fromX >= 0 && fromY >= 0 && fromX < image.width && fromY < image.height;
      const value = inside ? image.pixels[fromY * image.width + fromX]! : outside;
      pixels[y * width + x] = Math.round((Math.round((value / 255) * steps) * 255) / steps);
    }
  }
  return { width, height, ppi: image.ppi, pixels };
}
