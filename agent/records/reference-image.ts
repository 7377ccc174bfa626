/**
 * What a registry may send as a reference: JPEG, PNG and their like, JPEG 2000, and image records of ISO/IEC 19794-4:2011
 * (finger) and 19794-5:2011 (face), of which the first representation counts. Pure.
 */
import { FieldReader } from '../packet/record-bytes.ts';

/** Where the picture itself lies, and how it is encoded. */
export type Picture =
  | { readonly kind: 'file' | 'jpeg2000'; readonly bytes: Uint8Array }
  | { readonly kind: 'grey'; readonly width: number; readonly height: number; readonly pixels: Uint8Array };

export interface ReferencePicture {
  readonly picture: Picture;
  /** Pixels per inch, where the record says so. */
  readonly ppi: number | null;
}

const FINGER_RECORD = 'FIR\x00020\x00';
const FACE_RECORD = 'FAC\x00030\x00';
/** First bytes of a JP2 file (ISO/IEC 15444-1 annex I) and of a bare codestream (annex A). */
const JPEG2000 = ['0000000c6a5020200d0a870a', 'ff4fff51'];

/** ISO/IEC 19794-4:2011, scale units: pixels per centimetre; 1 is per inch. */
const PER_CM = 2;
const CM_PER_INCH = 2.54;
/** ISO/IEC 19794-4:2011, image compression algorithm: uncompressed, one byte a pixel. */
const UNCOMPRESSED = 0;
/** JPEG, JPEG 2000 lossy and lossless, PNG: bytes that say themselves what they are. Packed and WSQ ones are not read. */
const FINGER_FILES = [3, 4, 5, 6];
/** ISO/IEC 19794-5:2011, image data type: JPEG, JPEG 2000 lossy and lossless, PNG. */
const FACE_FILES = [0, 1, 2, 3];
const BYTES_A_LANDMARK = 8;
const BYTES_A_CERTIFICATION = 3;

/** @returns null for what holds no picture that can be read here: the record is at fault, not the applicant */
export function pictureOf(bytes: Uint8Array): ReferencePicture | null {
  const begins = Buffer.from(bytes.subarray(0, 12));
  try {
    if (begins.toString('latin1').startsWith(FINGER_RECORD)) return fingerPicture(new FieldReader(bytes));
    if (begins.toString('latin1').startsWith(FACE_RECORD)) return facePicture(new FieldReader(bytes));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
  return { picture: fileOf(bytes), ppi: null };
}

function fileOf(bytes: Uint8Array): Picture {
  const begins = Buffer.from(bytes.subarray(0, 12)).toString('hex');
  return { kind: JPEG2000.some(magic => begins.startsWith(magic)) ? 'jpeg2000' : 'file', bytes };
}

/** General header up to the first representation's quality blocks, which all records of this generation share. */
function skipToQuality(reader: FieldReader, afterCount: 1 | 2): void {
  reader.raw(FINGER_RECORD.length + 4);
  if (reader.uint(2) === 0) throw new RangeError('no representation');
  const certified = reader.uint(1) === 1;
  reader.uint(afterCount);
  reader.uint(4);
  reader.time();
  reader.raw(5);
  reader.quality();
  if (certified) reader.raw(reader.uint(1) * BYTES_A_CERTIFICATION);
}

function fingerPicture(reader: FieldReader): ReferencePicture | null {
  skipToQuality(reader, 1);
  reader.raw(2);
  const unit = reader.uint(1);
  reader.raw(4);
  const rate = reader.uint(2);
  reader.raw(2);
  const depth = reader.uint(1);
  const compression = reader.uint(1);
  reader.raw(1);
  const [width, height] = [reader.uint(2), reader.uint(2)];
  const bytes = reader.raw(reader.uint(4));
  const ppi = unit === PER_CM ? rate * CM_PER_INCH : rate;
  if (FINGER_FILES.includes(compression)) return { picture: fileOf(bytes), ppi };
  if (compression !== UNCOMPRESSED || depth !== 8 || bytes.length !== width * height) return null;
  return { picture: { kind: 'grey', width, height, pixels: bytes }, ppi };
}

function facePicture(reader: FieldReader): ReferencePicture | null {
  skipToQuality(reader, 2);
  const landmarks = reader.uint(2);
  // Sex, eye and hair colour, height, properties, expression, pose and its uncertainty.
  reader.raw(15 + landmarks * BYTES_A_LANDMARK);
  reader.raw(1);
  const type = reader.uint(1);
  reader.raw(9);
  const bytes = reader.raw(reader.uint(4));
  return FACE_FILES.includes(type) ? { picture: fileOf(bytes), ppi: null } : null;
}
