import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { type DecodedGray, decodeBmp, isBmp } from './bmp.ts';
import { PeopleError } from './errors.ts';
import type { GrayImage } from './finger/index.ts';

/** Smallest side of an image that could show a finger, and the most pixels that are decoded. */
const MIN_SIDE_PX = 32;
const MAX_PIXELS = 50_000_000;

/** The kinds of image files, by their ending. */
export const isImageName = (name: string): boolean => /\.(png|jpe?g|bmp|tiff?)$/i.test(name);

async function decode(bytes: Uint8Array): Promise<DecodedGray> {
  if (isBmp(bytes)) return decodeBmp(bytes);
  const source = sharp(bytes, { limitInputPixels: MAX_PIXELS })
    .flatten({ background: '#fff' })
    .toColourspace('b-w');
  const { data, info } = await source
    .extractChannel(0)
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { density } = await sharp(bytes).metadata();
  return { width: info.width, height: info.height, pixels: new Uint8Array(data), ppi: density };
}

/**
 * A picture file as 8-bit grey. Its resolution is `ppi` where given, else what the file says when that is 300 or more
 * (72 and 96 are defaults of programs, not of scanners), else 500.
 * @throws PeopleError PERSON_IMAGE_UNREADABLE
 */
export async function readGrayFile(path: string, ppi?: number): Promise<GrayImage> {
  const unreadable = (why: string, cause?: unknown): PeopleError =>
    new PeopleError('PERSON_IMAGE_UNREADABLE', `${path} ${why}`, { cause });
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw unreadable('cannot be read', cause);
  });
  const decoded = await decode(bytes).catch((cause: unknown) => {
    throw unreadable('is no image that can be decoded', cause);
  });
  const { width, height, pixels } = decoded;
  if (width < MIN_SIDE_PX || height < MIN_SIDE_PX) throw unreadable(`is only ${width} x ${height} pixels`);
  const stated =
    decoded.ppi !== undefined && decoded.ppi >= 300 && decoded.ppi <= 2000 ? Math.round(decoded.ppi) : 500;
  return { width, height, pixels, ppi: ppi ?? stated };
}

/** @throws PeopleError PERSON_IMAGE_UNREADABLE unless the file holds a picture that can be decoded */
export async function assertPicture(path: string): Promise<void> {
  await sharp(path, { limitInputPixels: MAX_PIXELS })
    .stats()
    .catch(async (cause: unknown) => {
      const bytes = await readFile(path).catch(() => new Uint8Array());
      if (isBmp(bytes)) decodeBmp(bytes);
      else throw cause;
    })
    .catch((cause: unknown) => {
      throw new PeopleError('PERSON_IMAGE_UNREADABLE', `${path} is no image that can be decoded`, { cause });
    });
}

/** The image scaled to another resolution. */
export async function atPpi(image: GrayImage, ppi: number): Promise<GrayImage> {
  if (image.ppi === ppi) return image;
  const width = Math.max(1, Math.round((image.width * ppi) / image.ppi));
  const height = Math.max(1, Math.round((image.height * ppi) / image.ppi));
  const raw = { width: image.width, height: image.height, channels: 1 as const };
  const scaled = sharp(image.pixels, { raw }).resize(width, height, { fit: 'fill', kernel: 'cubic' });
  const pixels = await scaled.extractChannel(0).raw().toBuffer();
  return { width, height, ppi, pixels: new Uint8Array(pixels) };
}

/** The image as an 8-bit grey PNG file that states its resolution. */
export function grayPng({ width, height, ppi, pixels }: GrayImage): Promise<Buffer> {
  return sharp(pixels, { raw: { width, height, channels: 1 } })
    .toColourspace('b-w')
    .withDensity(ppi)
    .png()
    .toBuffer();
}
