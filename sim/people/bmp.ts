/** Grey pixels of an image, row-major. */
export interface DecodedGray {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
  /** Pixels per inch as the file says, or undefined. */
  readonly ppi: number | undefined;
}

const INCHES_PER_METRE = 39.3701;
/** ITU-R BT.601 luma. */
const luma = (red: number, green: number, blue: number): number =>
  Math.round(0.299 * red + 0.587 * green + 0.114 * blue);

export const isBmp = (bytes: Uint8Array): boolean => bytes[0] === 0x42 && bytes[1] === 0x4d;

/**
 * Uncompressed Windows bitmaps of 8, 24 or 32 bits with a BITMAPINFOHEADER or a later head: what fingerprint tools write
 * and sharp cannot read.
 * @throws RangeError for any other or a truncated bitmap
 */
export function decodeBmp(bytes: Uint8Array): DecodedGray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const refuse = (why: string): never => {
    throw new RangeError(`bitmap ${why}`);
  };
  if (!isBmp(bytes) || bytes.length < 54) refuse('has no complete head');
  const pixelsAt = view.getUint32(10, true);
  const headBytes = view.getUint32(14, true);
  const width = view.getInt32(18, true);
  const signedHeight = view.getInt32(22, true);
  const height = Math.abs(signedHeight);
  const bits = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  if (headBytes < 40) refuse('has a head older than Windows 3');
  // 3 is BI_BITFIELDS: 32-bit writers name the usual masks with it.
  if (compression !== 0 && !(compression === 3 && bits === 32)) refuse('is compressed');
  if (bits !== 8 && bits !== 24 && bits !== 32) refuse(`has ${bits} bits a pixel`);
  if (width < 1 || height < 1 || width * height > 100_000_000) refuse(`is ${width} x ${height}`);
  const lineBytes = Math.ceil((width * bits) / 32) * 4;
  if (pixelsAt + lineBytes * height > bytes.length) refuse('is truncated');

  const paletteAt = 14 + headBytes;
  const colours = bits === 8 ? view.getUint32(46, true) || 256 : 0;
  if (paletteAt + 4 * colours > bytes.length) refuse('is truncated');
  const palette = Uint8Array.from({ length: 256 }, (_, i) => {
    const at = paletteAt + 4 * i;
    return i < colours ? luma(bytes[at + 2]!, bytes[at + 1]!, bytes[at]!) : 0;
  });
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    const line = pixelsAt + lineBytes * (signedHeight > 0 ? height - 1 - y : y);
    for (let x = 0; x < width; x++) {
      const at = line + (x * bits) / 8;
      pixels[y * width + x] =
        bits === 8 ? palette[bytes[at]!]! : luma(bytes[at + 2]!, bytes[at + 1]!, bytes[at]!);
    }
  }
  const perMetre = view.getInt32(38, true);
  return { width, height, pixels, ppi: perMetre > 0 ? Math.round(perMetre / INCHES_PER_METRE) : undefined };
}
