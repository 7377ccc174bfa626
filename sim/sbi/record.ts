/** Finger image records (ISO/IEC 19794-4:2011) with JPEG 2000 inside, as a scanner's service writes them. */
import { createRequire } from 'node:module';

export interface GrayImage {
  readonly width: number;
  readonly height: number;
  readonly ppi: number;
  readonly pixels: Uint8Array;
}

interface Encoder {
  getDecodedBuffer(frame: object): Uint8Array;
  getEncodedBuffer(): Uint8Array;
  setQuality(lossless: boolean, quality: number): void;
  encode(): void;
  delete(): void;
}
type Factory = (options: object) => Promise<{ J2KEncoder: new () => Encoder }>;

const quiet = { print: () => {}, printErr: () => {} };
const load = createRequire(import.meta.url)('@cornerstonejs/codec-openjpeg/wasmjs') as Factory;
let codec: ReturnType<Factory> | undefined;

/** A JP2 file without loss. */
export async function jp2Of({ width, height, pixels }: GrayImage): Promise<Uint8Array> {
  codec ??= load(quiet);
  const encoder = new (await codec).J2KEncoder();
  try {
    encoder
      .getDecodedBuffer({ width, height, bitsPerSample: 8, componentCount: 1, isSigned: false })
      .set(pixels);
    encoder.setQuality(true, 0);
    encoder.encode();
    return jp2File(width, height, encoder.getEncodedBuffer());
  } finally {
    encoder.delete();
  }
}

/** ISO/IEC 15444-1 annex I: signature, file type, image header with the grey colour space, codestream. */
function jp2File(width: number, height: number, codestream: Uint8Array): Uint8Array {
  const size = Buffer.alloc(8);
  size.writeUInt32BE(height, 0);
  size.writeUInt32BE(width, 4);
  const ihdr = box('ihdr', Buffer.concat([size, Buffer.from([0, 1, 7, 7, 0, 0])]));
  const colr = box('colr', Buffer.from([1, 0, 0, 0, 0, 0, 17]));
  return Buffer.concat([
    box('jP  ', Buffer.from([0x0d, 0x0a, 0x87, 0x0a])),
    box('ftyp', Buffer.from('jp2 \0\0\0\0jp2 ', 'latin1')),
    box('jp2h', Buffer.concat([ihdr, colr])),
    box('jp2c', codestream),
  ]);
}

function box(type: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length + 8, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, content]);
}

/** @param position ISO/IEC 19794-4:2011 table 6 */
export function fingerRecord(
  position: number,
  { width, height, ppi }: GrayImage,
  jp2: Uint8Array,
  at: Date,
): Buffer {
  const head = Buffer.alloc(57);
  head.write('FIR\x00020\x00', 0, 'latin1');
  head.writeUInt32BE(57 + jp2.length, 8);
  head.writeUInt16BE(1, 12); // one representation
  head.writeUInt8(0, 14); // no certification
  head.writeUInt8(1, 15); // one position
  head.writeUInt32BE(41 + jp2.length, 16);
  head.writeUInt16BE(at.getUTCFullYear(), 20);
  head.writeUInt8(at.getUTCMonth() + 1, 22);
  head.writeUInt8(at.getUTCDate(), 23);
  head.writeUInt8(at.getUTCHours(), 24);
  head.writeUInt8(at.getUTCMinutes(), 25);
  head.writeUInt8(at.getUTCSeconds(), 26);
  head.writeUInt16BE(at.getUTCMilliseconds(), 27);
  head.writeUInt8(4, 29); // optical, total internal reflection
  head.writeUInt8(0, 34); // no quality blocks
  head.writeUInt8(position, 35);
  head.writeUInt8(0, 36); // representation number
  head.writeUInt8(1, 37); // pixels per inch
  for (const field of [38, 40, 42, 44]) head.writeUInt16BE(ppi, field);
  head.writeUInt8(8, 46); // bits a pixel
  head.writeUInt8(5, 47); // JPEG 2000 lossless
  head.writeUInt8(0, 48); // live-scan plain
  head.writeUInt16BE(width, 49);
  head.writeUInt16BE(height, 51);
  head.writeUInt32BE(jp2.length, 53);
  return Buffer.concat([head, jp2]);
}
