/** What two pictures of a display have in common. */
import sharp from 'sharp';

/** Small enough that the edges of letters, which two browsers draw differently, do not count. */
const COMPARED_PX = { width: 90, height: 160 };

/** Standard deviation of a channel, of 255, up to which a picture is one colour with a speck on it. */
const BLANK = 8;

/** Mean absolute difference of two pictures of the same shape, of 255. */
export async function difference(one: Buffer, other: Buffer): Promise<number> {
  const pixels = (picture: Buffer) =>
    sharp(picture)
      .removeAlpha()
      .toColourspace('srgb')
      .resize({ ...COMPARED_PX, fit: 'fill' })
      .raw()
      .toBuffer();
  const [a, b] = [await pixels(one), await pixels(other)];
  return a.reduce((sum, value, at) => sum + Math.abs(value - b[at]!), 0) / a.length;
}

/** Whether there is something to see on it. */
export async function isDrawn(picture: Buffer): Promise<boolean> {
  const { channels } = await sharp(picture).stats();
  return channels.some(({ stdev }) => stdev > BLANK);
}
