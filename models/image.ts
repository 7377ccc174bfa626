import sharp from 'sharp';
import { ModelError } from './error.ts';

/** Pixels of a decoded picture, row-major, `channels` bytes a pixel. */
export interface DecodedImage {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly pixels: Uint8Array;
}

/** 40 megapixels: twice a passport-office camera's, and 120 MB of RGB at most. */
export const MAX_PIXELS = 40_000_000;

/** Raster formats alone: SVG and PDF would let a reference image read files or run for ever. */
const FORMATS: ReadonlySet<string> = new Set(['png', 'jpeg', 'tiff', 'webp', 'gif']);

/**
 * A picture file as 8-bit grey, in the sensor's own orientation. Transparent parts are white, as paper is.
 * @throws ModelError MODEL_INPUT when the bytes are no whole picture, or hold more than {@link MAX_PIXELS}
 */
export const decodeGray = (bytes: Uint8Array): Promise<DecodedImage> => decode(bytes, 1);

/**
 * A picture file as 8-bit sRGB, turned upright as its EXIF orientation says.
 * @throws ModelError as {@link decodeGray}
 */
export const decodeRgb = (bytes: Uint8Array): Promise<DecodedImage> => decode(bytes, 3);

async function decode(bytes: Uint8Array, channels: 1 | 3): Promise<DecodedImage> {
  try {
    const picture = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'error', pages: 1 });
    const { format } = await picture.metadata();
    if (!FORMATS.has(format))
      throw new ModelError('MODEL_INPUT', `pictures of format ${format} are not accepted`);
    const upright = channels === 3 ? picture.autoOrient() : picture;
    const { data, info } = await upright
      .flatten({ background: '#ffffff' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== channels)
      throw new ModelError('MODEL_INPUT', 'the picture has an unknown colour space');
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { width: info.width, height: info.height, channels, pixels };
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError('MODEL_INPUT', 'the bytes are no picture that can be read', { cause });
  }
}
