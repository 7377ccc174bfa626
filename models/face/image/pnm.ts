import { ModelError } from '../../error.ts';

export interface PnmImage {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 red, green, blue. */
  readonly channels: 1 | 3;
  /** 8 bit, row-major. */
  readonly pixels: Uint8Array;
}

/** Magic, width, height, greatest value, separated by white space and comments, then one white-space byte. */
const HEADER = /^P([56])(?:\s|#[^\n]*\n)+(\d{1,6})(?:\s|#[^\n]*\n)+(\d{1,6})(?:\s|#[^\n]*\n)+(\d{1,5})\s/;

/**
 * Reads a binary PGM or PPM (netpbm.sourceforge.net/doc/pgm.html), which research sets use and sharp's build cannot read.
 * @returns undefined when the file is of another format
 * @throws ModelError MODEL_INPUT when it is cut off
 */
export function decodePnm(file: Uint8Array): PnmImage | undefined {
  const match = HEADER.exec(Buffer.from(file.subarray(0, 512)).toString('latin1'));
  if (!match) return undefined;
  const channels = match[1] === '5' ? 1 : 3;
  const [width, height, maxValue] = [Number(match[2]), Number(match[3]), Number(match[4])];
  const count = width * height * channels;
  const bytesPerValue = maxValue > 255 ? 2 : 1;
  const data = file.subarray(match[0].length);
  if (count === 0 || maxValue === 0 || data.length < count * bytesPerValue) {
    throw new ModelError('MODEL_INPUT', 'the picture is cut off');
  }
  if (maxValue === 255) return { width, height, channels, pixels: data.subarray(0, count) };
  const pixels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const value = bytesPerValue === 2 ? data[2 * i]! * 256 + data[2 * i + 1]! : data[i]!;
    pixels[i] = Math.min(255, Math.round((value * 255) / maxValue));
  }
  return { width, height, channels, pixels };
}
