import sharp from 'sharp';
import { ModelError } from './error.ts';

/** A decoded picture: 8-bit grey, row-major. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** 40 megapixels: far beyond any print, and 40 MB at most. */
const MAX_PIXELS = 40_000_000;

/** Raster formats alone: SVG and PDF would let a reference image read files or run for ever. */
const FORMATS: ReadonlySet<string> = new Set(['png', 'jpeg', 'tiff', 'webp', 'gif']);

/**
 * A picture file as 8-bit grey, in the sensor's own orientation. Transparent parts are white, as paper is.
 * @throws ModelError MODEL_INPUT when the bytes are no whole picture, or hold more than 40 megapixels
 */
export async function decodeGray(bytes: Uint8Array): Promise<DecodedImage> {
  try {
    const picture = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error', pages: 1 });
    const { format } = await picture.metadata();
    if (!FORMATS.has(format))
      throw new ModelError('MODEL_INPUT', `pictures of format ${format} are not accepted`);
    const { data, info } = await picture
      .flatten({ background: '#ffffff' })
      .toColourspace('b-w')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 1) throw new ModelError('MODEL_INPUT', 'the picture has an unknown colour space');
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { width: info.width, height: info.height, pixels };
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError('MODEL_INPUT', 'the bytes are no picture that can be read', { cause });
  }
}
