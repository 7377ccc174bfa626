import {
  decodeMinutia,
  demand,
  isQuality,
  isSide,
  MIN_PIXELS_PER_CM,
  NO_QUALITY,
  Reader,
  refused,
  requireFrame,
  TYPES,
  Writer,
} from './record-fields.ts';
import { decodeRecord2005, FORMAT_2005 } from './record19794-2v2005.ts';

/**
 * Finger minutiae records of ISO/IEC 19794-2:2011 (record format, not the compact card formats). Pure and strict: what is
 * not whole and consistent is refused. All integers are big-endian.
 *
 * | bytes | general header |
 * | --- | --- |
 * | 4, 4 | `FMR\0`, `030\0` |
 * | 4 | length of the whole record |
 * | 2 | number of representations |
 * | 1 | 1 when representations hold certification blocks |
 *
 * | bytes | each representation |
 * | --- | --- |
 * | 4 | its length, these bytes included |
 * | 9 | capture time in UTC, all 0xff where unknown |
 * | 1, 2, 2 | capture device: technology, vendor, type |
 * | 1 + 5 n | quality blocks: score, vendor, algorithm |
 * | 1 + 3 n | certification blocks: authority, scheme; only with the flag of the general header |
 * | 1, 1 | finger position, representation number of that finger |
 * | 2, 2 | pixels per centimetre along x and y |
 * | 1 | impression type |
 * | 2, 2 | width and height of the image |
 * | 1 | upper half: bytes a minutia (5 or 6), lower half: where endings lie |
 * | 1 + n * (5 or 6) | minutiae: type (2 bits) and x (14), 2 bits 0 and y (14), angle, quality |
 * | 2 + n | extended data |
 */
export interface MinutiaeRecord {
  readonly representations: readonly MinutiaeRepresentation[];
}

/** One print of one finger. */
export interface MinutiaeRepresentation {
  /** Null where the record does not say. */
  readonly capturedAt: Date | null;
  readonly device: { readonly technology: number; readonly vendor: number; readonly type: number };
  readonly qualities: readonly RecordedQuality[];
  /** ISO/IEC 19794-2:2011 finger position: 0 unknown, 1..10 right thumb .. left little. */
  readonly position: number;
  /** 0 for the first representation of a finger, then 1, 2, ... */
  readonly number: number;
  /** Pixels per centimetre, 99 (250 ppi) .. 65535. */
  readonly pixelsPerCmX: number;
  readonly pixelsPerCmY: number;
  /** 0 live-scan plain, 1 live-scan rolled, ... */
  readonly impression: number;
  /** Pixels, 1..16383. */
  readonly width: number;
  readonly height: number;
  /** Where the position of a ridge ending lies: 0 on the fork of the valley, 1 on the last point of the ridge. */
  readonly endingPlace: 0 | 1;
  readonly minutiae: readonly RecordedMinutia[];
  /** Extended data as they stand (ridge counts, cores and deltas, zonal quality, vendors' own); not interpreted. */
  readonly extended: Uint8Array;
}

export interface RecordedQuality {
  /** 0..100; 254 not computed, 255 failed to compute. */
  readonly score: number;
  readonly vendor: number;
  readonly algorithm: number;
}

export interface RecordedMinutia {
  readonly type: 'other' | 'ending' | 'bifurcation';
  /** Pixels from the left and the top edge; below width and height. */
  readonly x: number;
  readonly y: number;
  /** Steps of 1.40625 degrees, 0..255, counter-clockwise from the x axis as one looks at the image. */
  readonly angleSteps: number;
  /** 0..100; 254 not reported, 255 failed. */
  readonly quality: number;
}

const FORMAT = 'FMR\x00030\x00';
const GENERAL_HEADER_BYTES = 15;
const LENGTH_BYTES = 4;
/** 176 representations: 16 of each of the eleven positions. */
const MAX_REPRESENTATIONS = 176;
const MAX_MINUTIAE = 255;

/** @throws RangeError when the record holds what the format cannot say: a bug of the caller */
export function encodeMinutiaeRecord({ representations }: MinutiaeRecord): Uint8Array {
  demand(representations.length > 0 && representations.length <= MAX_REPRESENTATIONS, 'representations');
  const parts = representations.map(encodeRepresentation);
  const length = GENERAL_HEADER_BYTES + parts.reduce((sum, part) => sum + part.length, 0);
  const header = new Writer().text(FORMAT).uint(length, 4).uint(parts.length, 2).uint(0, 1);
  const bytes = Uint8Array.from(Buffer.concat([header.bytes(), ...parts]));
  assertNumbers(representations, why => new RangeError(why));
  return bytes;
}

function encodeRepresentation(one: MinutiaeRepresentation): Uint8Array {
  const { minutiae, width, height, extended } = one;
  demand(minutiae.length > 0 && minutiae.length <= MAX_MINUTIAE, 'number of minutiae');
  demand(isSide(width) && isSide(height), 'size');
  demand(Math.min(one.pixelsPerCmX, one.pixelsPerCmY) >= MIN_PIXELS_PER_CM, 'resolution');
  const graded = minutiae.some(({ quality }) => quality !== NO_QUALITY);
  const body = new Writer().time(one.capturedAt);
  body.uint(one.device.technology, 1).uint(one.device.vendor, 2).uint(one.device.type, 2);
  body.uint(one.qualities.length, 1);
  for (const { score, vendor, algorithm } of one.qualities) {
    demand(isQuality(score), 'quality');
    body.uint(score, 1).uint(vendor, 2).uint(algorithm, 2);
  }
  body.uint(one.position, 1).uint(one.number, 1).uint(one.pixelsPerCmX, 2).uint(one.pixelsPerCmY, 2);
  body.uint(one.impression, 1).uint(width, 2).uint(height, 2);
  body.uint(((graded ? 6 : 5) << 4) | one.endingPlace, 1).uint(minutiae.length, 1);
  for (const { type, x, y, angleSteps, quality } of minutiae) {
    demand(isBelow(x, width) && isBelow(y, height), 'position of a minutia');
    demand(isQuality(quality), 'quality of a minutia');
    body
      .uint((TYPES.indexOf(type) << 14) | x, 2)
      .uint(y, 2)
      .uint(angleSteps, 1);
    if (graded) body.uint(quality, 1);
  }
  const rest = body.uint(extended.length, 2).raw(extended).bytes();
  return Buffer.concat([new Writer().uint(rest.length + LENGTH_BYTES, 4).bytes(), rest]);
}

/**
 * Reads a record of any maker, of 2011 or, as if it were one, of 2005.
 * @throws ModelError MODEL_INPUT saying what is wrong, never what the record holds
 */
export function decodeMinutiaeRecord(bytes: Uint8Array): MinutiaeRecord {
  if (!(bytes instanceof Uint8Array)) throw refused('is not made of bytes');
  const reader = new Reader(bytes);
  const format = reader.text(FORMAT.length);
  if (format !== FORMAT && format !== FORMAT_2005) throw refused('is of another format or version');
  if (reader.uint(4) !== bytes.length) throw refused('has another length than it says');
  const representations = format === FORMAT ? decodeRecord2011(reader) : decodeRecord2005(reader);
  reader.end();
  assertNumbers(representations, refused);
  return { representations };
}

function decodeRecord2011(reader: Reader): MinutiaeRepresentation[] {
  const count = reader.uint(2);
  if (count === 0 || count > MAX_REPRESENTATIONS) throw refused('holds no print, or too many');
  const certified = reader.uint(1);
  if (certified > 1) throw refused('has an unknown certification flag');
  return Array.from({ length: count }, () => {
    const length = reader.uint(4);
    return decodeRepresentation(reader.part(length - LENGTH_BYTES), certified === 1);
  });
}

function decodeRepresentation(reader: Reader, certified: boolean): MinutiaeRepresentation {
  const capturedAt = reader.time();
  const device = { technology: reader.uint(1), vendor: reader.uint(2), type: reader.uint(2) };
  const qualities = Array.from({ length: reader.uint(1) }, () => {
    const quality = { score: reader.uint(1), vendor: reader.uint(2), algorithm: reader.uint(2) };
    if (!isQuality(quality.score)) throw refused('has an impossible quality');
    return quality;
  });
  if (certified) reader.part(3 * reader.uint(1));
  const position = reader.uint(1);
  if (position > 10) throw refused('is of an unknown finger position');
  const number = reader.uint(1);
  const [pixelsPerCmX, pixelsPerCmY] = [reader.uint(2), reader.uint(2)];
  const impression = reader.uint(1);
  const [width, height] = [reader.uint(2), reader.uint(2)];
  requireFrame({ width, height, pixelsPerCmX, pixelsPerCmY });
  const layout = reader.uint(1);
  const [minutiaBytes, endingPlace] = [layout >> 4, layout & 0xf];
  if (minutiaBytes !== 5 && minutiaBytes !== 6) throw refused('has minutiae of an unknown length');
  if (endingPlace !== 0 && endingPlace !== 1) throw refused('has an unknown kind of ridge ending');
  const count = reader.uint(1);
  if (count === 0) throw refused('has no minutiae');
  const minutiae = Array.from({ length: count }, () => decodeMinutia(reader, minutiaBytes, width, height));
  const extended = reader.raw(reader.uint(2));
  reader.end();
  return {
    capturedAt,
    device,
    qualities,
    position,
    number,
    pixelsPerCmX,
    pixelsPerCmY,
    impression,
    width,
    height,
    endingPlace,
    minutiae,
    extended,
  };
}

/** Each position with each number once. */
function assertNumbers(all: readonly MinutiaeRepresentation[], error: (why: string) => Error): void {
  const seen = new Set(all.map(({ position, number }) => position * 256 + number));
  if (seen.size !== all.length) throw error('numbers two prints of a finger alike');
}

const isBelow = (at: number, side: number): boolean => Number.isInteger(at) && at >= 0 && at < side;
