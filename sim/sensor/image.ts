/** A grey picture of what lies on the glass, 0 black .. 255 white, row by row; ridges dark. */
export interface GrayImageLike {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/**
 * What the imager makes of a picture: its own size, four bits a pixel, kept as 0 .. 15. A picture of another size is
 * centred, cut at the edges or surrounded by white.
 */
export function exposeImage(picture: GrayImageLike, width: number, height: number): Uint8Array {
  const image = new Uint8Array(width * height).fill(15);
  const left = Math.trunc((width - picture.width) / 2);
  const top = Math.trunc((height - picture.height) / 2);
  for (let y = Math.max(0, top); y < Math.min(height, top + picture.height); y += 1) {
    for (let x = Math.max(0, left); x < Math.min(width, left + picture.width); x += 1) {
      image[y * width + x] = picture.pixels[(y - top) * picture.width + (x - left)]! >> 4;
    }
  }
  return image;
}

/** Two pixels a byte, the left one in the high half (ZFM-70 manual 6.3 "Upload image"). */
export function packImage(image: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(image.length / 2);
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = (image[2 * i]! << 4) | image[2 * i + 1]!;
  return bytes;
}

export function unpackImage(bytes: Uint8Array): Uint8Array {
  const image = new Uint8Array(bytes.length * 2);
  for (let i = 0; i < bytes.length; i += 1) {
    image[2 * i] = bytes[i]! >> 4;
    image[2 * i + 1] = bytes[i]! & 15;
  }
  return image;
}
