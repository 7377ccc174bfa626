import { FieldReader, FieldWriter, type RecordQuality } from './record-bytes.ts';

/**
 * Finger and face image records of ISO/IEC 19794-4:2011 and 19794-5:2011 with one representation each. Pure. Readers
 * take exactly what the writers write, and refuse the rest with RangeError.
 */

/** Media types of the two records as blobs of a packet. */
export const FINGER_RECORD_MEDIA_TYPE = 'application/vnd.iso.19794-4';
export const FACE_RECORD_MEDIA_TYPE = 'application/vnd.iso.19794-5';

/** `FIR\0`, `020\0`: format and version, ISO/IEC 19794-4:2011. */
const FINGER_FORMAT = 'FIR\x00020\x00';
/** `FAC\0`, `030\0`: format and version, ISO/IEC 19794-5:2011. */
const FACE_FORMAT = 'FAC\x00030\x00';

/** Fields of the general header up to and including the record length, which counts the whole record. */
const LENGTH_FIELD_BYTES = 4;

/** ISO/IEC 19794-4:2011, scale units: pixels per inch. */
const PIXELS_PER_INCH = 1;
/** ISO/IEC 19794-4:2011, image compression algorithm: JPEG 2000 lossless. */
const FINGER_JPEG2000_LOSSLESS = 5;
/** ISO/IEC 19794-4:2011 table 10, impression type: live-scan plain. */
const LIVE_SCAN_PLAIN = 0;

/** ISO/IEC 19794-5:2011, image data type: JPEG 2000 lossless. */
const FACE_JPEG2000_LOSSLESS = 2;
/** ISO/IEC 19794-5:2011 table 21, image colour space. */
const COLOUR_SPACE = { rgb24: 1, gray8: 3 } as const;
/** ISO/IEC 19794-5:2011, face image type: basic. */
const FACE_BASIC = 0;

/** ISO/IEC 19794-4:2011, capture device technology; the codes a kiosk's sensors can have. */
export const CAPTURE_TECHNOLOGY = { unspecified: 0, opticalTir: 4, capacitive: 13 } as const;

export interface FingerRecord {
  readonly capturedAt: Date;
  /** ISO/IEC 19794-4:2011; 0 unspecified. */
  readonly technology: number;
  readonly qualities: readonly RecordQuality[];
  /** ISO/IEC 19794-4:2011 finger position: 0 unknown, 1..10 right thumb .. left little. */
  readonly position: number;
  /** Pixels per inch of both axes, 1..65535. */
  readonly ppi: number;
  /** Pixels, 1..65535. */
  readonly width: number;
  readonly height: number;
  /** JPEG 2000 (lossless) of 8-bit grey. */
  readonly jpeg2000: Uint8Array;
}

/** Writes an ISO/IEC 19794-4:2011 record: general header, representation header, image. */
export function encodeFingerRecord(record: FingerRecord): Uint8Array {
  const representation = new FieldWriter()
    .time(record.capturedAt)
    .uint(record.technology, 1)
    .uint(0, 2) // capture device vendor: unspecified
    .uint(0, 2) // capture device type: unspecified
    .quality(record.qualities)
    .uint(record.position, 1)
    .uint(0, 1) // representation number
    .uint(PIXELS_PER_INCH, 1)
    .uint(record.ppi, 2)
    .uint(record.ppi, 2)
    .uint(record.ppi, 2)
    .uint(record.ppi, 2)
    .uint(8, 1) // bit depth
    .uint(FINGER_JPEG2000_LOSSLESS, 1)
    .uint(LIVE_SCAN_PLAIN, 1)
    .uint(record.width, 2)
    .uint(record.height, 2)
    .uint(record.jpeg2000.length, 4)
    .raw(record.jpeg2000);
  // One representation, no certification block, one finger position.
  return assemble(FINGER_FORMAT, [1, 2, 0, 1, 1, 1], representation);
}

/** @throws RangeError when the bytes are no record as {@link encodeFingerRecord} writes them */
export function decodeFingerRecord(bytes: Uint8Array): FingerRecord {
  const reader = open(bytes, FINGER_FORMAT, [1, 2, 0, 1, 1, 1]);
  const capturedAt = reader.time();
  const technology = reader.uint(1);
  reader.raw(4);
  const qualities = reader.quality();
  const position = reader.uint(1);
  expect(reader, [0, 1, PIXELS_PER_INCH, 1]);
  const ppi = reader.uint(2);
  expect(reader, [ppi, 2, ppi, 2, ppi, 2, 8, 1, FINGER_JPEG2000_LOSSLESS, 1, LIVE_SCAN_PLAIN, 1]);
  const width = reader.uint(2);
  const height = reader.uint(2);
  return { capturedAt, technology, qualities, position, ppi, width, height, jpeg2000: image(reader) };
}

export interface FaceRecord {
  readonly capturedAt: Date;
  readonly qualities: readonly RecordQuality[];
  /** Pixels, 1..65535. */
  readonly width: number;
  readonly height: number;
  readonly colour: keyof typeof COLOUR_SPACE;
  /** JPEG 2000 (lossless). */
  readonly jpeg2000: Uint8Array;
}

/** Writes an ISO/IEC 19794-5:2011 record: general header, representation header, facial and image information, image. */
export function encodeFaceRecord(record: FaceRecord): Uint8Array {
  const representation = new FieldWriter()
    .time(record.capturedAt)
    .uint(0, 1) // capture device technology: unspecified
    .uint(0, 2) // vendor
    .uint(0, 2) // type
    .quality(record.qualities)
    .raw(new Uint8Array(FACIAL_INFORMATION_BYTES))
    .uint(FACE_BASIC, 1)
    .uint(FACE_JPEG2000_LOSSLESS, 1)
    .uint(record.width, 2)
    .uint(record.height, 2)
    .uint(0, 1) // spatial sampling rate level: unspecified
    .uint(0, 2) // post-acquisition processing: none
    .uint(0, 1) // cross reference: basic
    .uint(COLOUR_SPACE[record.colour], 1)
    .uint(record.jpeg2000.length, 4)
    .raw(record.jpeg2000);
  // One representation, no certification, one representation in time.
  return assemble(FACE_FORMAT, [1, 2, 0, 1, 0, 2], representation);
}

/**
 * ISO/IEC 19794-5:2011 facial information: no landmarks (2 bytes), sex, eye and hair colour, height, properties (3),
 * expression (2), pose (3) and its uncertainty (3), all unspecified.
 */
const FACIAL_INFORMATION_BYTES = 17;

/** @throws RangeError when the bytes are no record as {@link encodeFaceRecord} writes them */
export function decodeFaceRecord(bytes: Uint8Array): FaceRecord {
  const reader = open(bytes, FACE_FORMAT, [1, 2, 0, 1, 0, 2]);
  const capturedAt = reader.time();
  reader.raw(5);
  const qualities = reader.quality();
  if (reader.raw(FACIAL_INFORMATION_BYTES).some(byte => byte !== 0))
    throw new RangeError('facial information is specified');
  expect(reader, [FACE_BASIC, 1, FACE_JPEG2000_LOSSLESS, 1]);
  const width = reader.uint(2);
  const height = reader.uint(2);
  expect(reader, [0, 1, 0, 2, 0, 1]);
  const space = reader.uint(1);
  const colour = space === COLOUR_SPACE.rgb24 ? 'rgb24' : space === COLOUR_SPACE.gray8 ? 'gray8' : null;
  if (colour === null) throw new RangeError('unknown colour space');
  return { capturedAt, qualities, width, height, colour, jpeg2000: image(reader) };
}

/** Values and their lengths in bytes, in turn: 1, 2 is the number 1 in two bytes. */
type Fields = readonly number[];

function assemble(format: string, header: Fields, representation: FieldWriter): Uint8Array {
  const headerWriter = new FieldWriter();
  for (let at = 0; at < header.length; at += 2) headerWriter.uint(header[at]!, header[at + 1] as 1 | 2 | 4);
  const rest = headerWriter
    .uint(representation.length + LENGTH_FIELD_BYTES, 4) // the representation's length counts itself
    .fields(representation);
  return new FieldWriter()
    .raw(format)
    .uint(format.length + LENGTH_FIELD_BYTES + rest.length, 4)
    .fields(rest)
    .bytes();
}

function open(bytes: Uint8Array, format: string, header: Fields): FieldReader {
  const reader = new FieldReader(bytes);
  if (Buffer.from(reader.raw(format.length)).toString('latin1') !== format)
    throw new RangeError('another format');
  expect(reader, [bytes.length, 4, ...header]);
  expect(reader, [reader.left, 4]);
  return reader;
}

function expect(reader: FieldReader, fields: Fields): void {
  for (let at = 0; at < fields.length; at += 2) {
    if (reader.uint(fields[at + 1] as 1 | 2 | 4) !== fields[at])
      throw new RangeError('a field has another value');
  }
}

function image(reader: FieldReader): Uint8Array {
  const jpeg2000 = reader.raw(reader.uint(4));
  if (reader.left !== 0) throw new RangeError('bytes follow the image');
  return jpeg2000;
}
