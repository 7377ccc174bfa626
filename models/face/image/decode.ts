import sharp, { type Sharp } from 'sharp';
import { ModelError } from '../../error.ts';
import { cameraJpegSize } from './jpeg.ts';
import { decodePnm } from './pnm.ts';

/** An upright 8-bit sRGB image: red, green, blue interleaved, row-major, `pixels.length === width * height * 3`. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

export interface DecodedFrame {
  readonly image: RgbImage;
  /** Size of the upright picture before it was made smaller for analysis, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Frame pixels per pixel of `image`, 1 or more. */
  readonly scale: number;
}

/** A file of more pixels than this is refused before it is decoded: four times a 10-megapixel camera. */
const MAX_PIXELS = 40_000_000;
/** Longer side of what is analysed, in pixels: a face that fills it has far more than the 90 px between the eyes that ISO/IEC 19794-5 asks for. */
const MAX_ANALYSED_SIDE = 1280;
/** Shorter side below which no face can be told from noise, in pixels. */
const MIN_SIDE = 32;

const refused = (why: string, cause?: unknown) =>
  new ModelError('MODEL_INPUT', `the picture ${why}`, { cause });

/** Grey or alpha layouts to three channels. */
function toRgb(data: Uint8Array, channels: number): Uint8Array {
  // A plain array: reading pixels is compiled for one kind.
  if (channels === 3) return new Uint8Array(data.buffer, data.byteOffset, data.length);
  const pixels = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    pixels[to] = data[from]!;
    pixels[to + 1] = data[channels >= 3 ? from + 1 : from]!;
    pixels[to + 2] = data[channels >= 3 ? from + 2 : from]!;
  }
  return pixels;
}

/** Raster formats alone: SVG and PDF would let a picture read files or run for ever. */
const FORMATS: ReadonlySet<string> = new Set(['jpeg', 'png', 'tiff', 'webp', 'gif', 'raw']);

// 'error' refuses cut-off files but not the stray bytes that motion-JPEG cameras leave between markers ('warning').
const OPTIONS = { failOn: 'error', limitInputPixels: MAX_PIXELS, pages: 1 } as const;

function open(file: Uint8Array): Sharp {
  if (file.length === 0) throw refused('is empty');
  const pnm = decodePnm(file);
  if (!pnm) return sharp(file, OPTIONS);
  const { width, height, channels, pixels } = pnm;
  return sharp(pixels, { raw: { width, height, channels } });
}

async function readSize(file: Uint8Array): Promise<{ width: number; height: number; hasAlpha: boolean }> {
  // Asking the library costs as much as a third of the decoding.
  const known = cameraJpegSize(file);
  if (known) return { ...known, hasAlpha: false };
  const { format, autoOrient, hasAlpha } = await open(file)
    .metadata()
    .catch((cause: unknown) => {
      // libvips also answers so to pictures of more pixels than the limit.
      throw refused('cannot be read, or is too large', cause);
    });
  if (!FORMATS.has(format)) throw refused(`is of a format that is not accepted (${format})`);
  return { width: autoOrient.width, height: autoOrient.height, hasAlpha };
}

function checkSize({ width, height }: { width: number; height: number }): void {
  if (width * height > MAX_PIXELS) throw refused(`is too large: ${width} x ${height} pixels`);
  if (Math.min(width, height) < MIN_SIDE) throw refused(`is too small: ${width} x ${height} pixels`);
}

/**
 * A picture file to pixels: EXIF orientation honoured, grey, 16-bit, CMYK and transparent pictures made 8-bit sRGB.
 * @throws ModelError MODEL_INPUT for anything that is not a whole picture of sensible size
 */
export async function decodeFrame(file: Uint8Array): Promise<DecodedFrame> {
  const size = await readSize(file);
  checkSize(size);
  const { width, height, hasAlpha } = size;
  const scale = Math.max(1, Math.max(width, height) / MAX_ANALYSED_SIDE);
  let picture = open(file).autoOrient();
  if (scale > 1)
    picture = picture.resize({ width: MAX_ANALYSED_SIDE, height: MAX_ANALYSED_SIDE, fit: 'inside' });
  if (hasAlpha) picture = picture.flatten({ background: 'white' });
  const { data, info } = await picture
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw refused('is damaged', cause);
    });
  const image = { width: info.width, height: info.height, pixels: toRgb(data, info.channels) };
  return { image, width, height, scale };
}
