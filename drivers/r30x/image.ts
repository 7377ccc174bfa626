import type { GrayImage } from '../device.ts';

/** Size and scale of what a sensor uploads. */
export interface ImageFormat {
  readonly width: number;
  readonly height: number;
  /** Pixels per inch. */
  readonly ppi: number;
}

/**
 * R303, R305, R307, AS608, ZFM-20: 256 x 288 pixels (ZFM-70 manual chapter 2; R307 nominal 508 dpi, used as 500: the
 * 1.6 % lies inside the spread between modules, and a measured scale can be configured).
 */
export const R307_FORMAT: ImageFormat = { width: 256, height: 288, ppi: 500 };
/** R503: 192 x 192 pixels, 508 dpi nominal (R503 manual 1.2.2, chapter 2). */
export const R503_FORMAT: ImageFormat = { width: 192, height: 192, ppi: 508 };

/** Two pixels a byte (manual 6.3 "Upload image"). */
export function wireBytes(format: ImageFormat): number {
  return (format.width * format.height) / 2;
}

/**
 * Unpacks 4-bit pixels, the left one in the high half of a byte, to 8 bits; 0 stays 0 and 15 becomes 255.
 * @throws RangeError when `packed` has not {@link wireBytes} bytes.
 */
export function unpackImage(packed: Uint8Array, format: ImageFormat): GrayImage {
  if (packed.length !== wireBytes(format))
    throw new RangeError(`${packed.length} bytes are no image of this format`);
  const pixels = new Uint8Array(packed.length * 2);
  for (let i = 0; i < packed.length; i += 1) {
    const byte = packed[i]!;
    pixels[2 * i] = (byte >> 4) * 17;
    pixels[2 * i + 1] = (byte & 15) * 17;
  }
  return { ...format, pixels };
}
