/** Finger image records, ISO/IEC 19794-4:2011, as SBI devices send them: one representation of one image. Pure. */

export interface FingerImageRecord {
  /** Finger position, table 6: 0 unknown, 1 .. 10 right thumb .. left little, 13 .. 15 right four, left four, two thumbs. */
  readonly position: number;
  /** Pixels per inch. */
  readonly ppi: number;
  readonly width: number;
  readonly height: number;
  /** JP2 file of 8-bit grey. */
  readonly jpeg2000: Uint8Array;
}

/** Format and version, clause 8.2. */
const FORMAT = 'FIR\x00020\x00';
const CAPTURE_TIME_BYTES = 9;
const QUALITY_BLOCK_BYTES = 5;
const CERTIFICATION_BLOCK_BYTES = 3;
/** Scale units, clause 8.4: pixels per inch, per centimetre. */
const PER_INCH: Readonly<Record<number, number>> = { 1: 1, 2: 2.54 };
/** Image compression algorithm, table 9: JPEG 2000 lossless, the only one that registration allows. */
const JPEG2000_LOSSLESS = 5;
/** Resolutions that matchers take; certified scanners have 500 or 1000. */
const PPI = { least: 490, most: 1010 } as const;
/** The largest glass of slap scanners, 3.2 by 3.0 inches, at 1000 ppi, with room. */
const MAX_PIXELS = 16_000_000;

/** @throws RangeError when it is no such record */
export function decodeFingerImageRecord(bytes: Uint8Array): FingerImageRecord {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const uint = (length: 1 | 2 | 4): number => {
    if (at + length > bytes.length) throw new RangeError('the record is cut short');
    const value = length === 1 ? view.getUint8(at) : length === 2 ? view.getUint16(at) : view.getUint32(at);
    at += length;
    return value;
  };
  const demand = (holds: boolean, what: string) => {
    if (!holds) throw new RangeError(what);
  };
  demand(Buffer.from(bytes.subarray(0, FORMAT.length)).toString('latin1') === FORMAT, 'another format');
  at = FORMAT.length;
  demand(uint(4) === bytes.length, 'another length');
  demand(uint(2) === 1, 'several representations');
  const certified = uint(1);
  demand(certified <= 1 && uint(1) === 1, 'several fingers');
  demand(uint(4) === bytes.length - at + 4, 'another length of the representation');
  at += CAPTURE_TIME_BYTES + 1 + 2 + 2; // then technology, vendor and type of the scanner
  const skip = (blocks: number, blockBytes: number) => {
    at += blocks * blockBytes;
  };
  skip(uint(1), QUALITY_BLOCK_BYTES);
  if (certified === 1) skip(uint(1), CERTIFICATION_BLOCK_BYTES);
  const position = uint(1);
  uint(1); // representation number
  const scale = PER_INCH[uint(1)];
  uint(4); // resolution of the capture; that of the image counts
  const across = uint(2);
  demand(scale !== undefined && uint(2) === across, 'a resolution that is none');
  const ppi = Math.round(across * (scale ?? 1));
  demand(ppi >= PPI.least && ppi <= PPI.most, `${ppi} pixels per inch`);
  demand(uint(1) === 8 && uint(1) === JPEG2000_LOSSLESS, 'no 8-bit JPEG 2000 without loss');
  uint(1); // impression type
  const width = uint(2);
  const height = uint(2);
  demand(width > 0 && height > 0 && width * height <= MAX_PIXELS, 'a size that no glass has');
  demand(uint(4) === bytes.length - at && at < bytes.length, 'another length of the image');
  return { position, ppi, width, height, jpeg2000: bytes.subarray(at) };
}
