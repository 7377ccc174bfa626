import sharp from 'sharp';

/** A small picture with structure and some noise of `seed`, as one JPEG file. */
export function picture(seed: number, width = 160, height = 120): Promise<Uint8Array> {
  const pixels = Uint8Array.from({ length: width * height }, (_, i) => {
    const x = i % width;
    const y = Math.trunc(i / width);
    return 128 + 90 * Math.sin((x + seed) / 9) * Math.cos(y / 7) + ((i * 2654435761 * (seed + 1)) % 17);
  });
  return jpegOf(pixels, width, height);
}

/** A picture of one brightness, 0 .. 255, that differs from others of the same by one place of `seed`. */
export function blank(brightness: number, seed: number, width = 160, height = 120): Promise<Uint8Array> {
  const pixels = new Uint8Array(width * height).fill(brightness);
  pixels[seed % pixels.length] = brightness ^ 4;
  return jpegOf(pixels, width, height);
}

async function jpegOf(pixels: Uint8Array, width: number, height: number): Promise<Uint8Array> {
  const jpeg = await sharp(pixels, { raw: { width, height, channels: 1 } })
    .jpeg({ quality: 90 })
    .toBuffer();
  return Uint8Array.from(jpeg);
}
