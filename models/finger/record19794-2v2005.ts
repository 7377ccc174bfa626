import { decodeMinutia, NO_QUALITY, type Reader, refused, requireFrame } from './record-fields.ts';
import type { MinutiaeRepresentation } from './record19794-2.ts';

/**
 * Finger minutiae records of ISO/IEC 19794-2:2005 (record format), which many databases still hold, in the terms of 2011. Read only.
 *
 * | bytes | record header |
 * | --- | --- |
 * | 4, 4 | `FMR\0`, ` 20\0` |
 * | 4 | length of the whole record; INCITS 378-2004, which begins alike, has two bytes of it or another header and is refused |
 * | 2 | certification (4 bits) and type (12) of the capture device |
 * | 2, 2 | width and height of the image |
 * | 2, 2 | pixels per centimetre along x and y |
 * | 1, 1 | number of views; 0 |
 *
 * | bytes | each view |
 * | --- | --- |
 * | 1 | finger position |
 * | 1 | upper half: view number, lower half: impression type |
 * | 1 | quality, 0..100 |
 * | 1 + n * 6 | minutiae as those of 2011 with quality, where 0 is none |
 * | 2 + n | extended data |
 */
export const FORMAT_2005 = 'FMR\x00 20\x00';

/** In 2005 the vendor and the algorithm of a quality have no place. */
const UNKNOWN = 0;

/** @param reader after format and length. @throws ModelError MODEL_INPUT saying what is wrong, never what the record holds */
export function decodeRecord2005(reader: Reader): MinutiaeRepresentation[] {
  const device = { technology: UNKNOWN, vendor: UNKNOWN, type: reader.uint(2) & 0xfff };
  const [width, height] = [reader.uint(2), reader.uint(2)];
  const [pixelsPerCmX, pixelsPerCmY] = [reader.uint(2), reader.uint(2)];
  requireFrame({ width, height, pixelsPerCmX, pixelsPerCmY });
  const views = reader.uint(1);
  if (views === 0) throw refused('holds no print, or too many');
  if (reader.uint(1) !== 0) throw refused('sets reserved bits');
  return Array.from({ length: views }, (): MinutiaeRepresentation => {
    const position = reader.uint(1);
    if (position > 10) throw refused('is of an unknown finger position');
    const view = reader.uint(1);
    const score = reader.uint(1);
    if (score > 100) throw refused('has an impossible quality');
    const count = reader.uint(1);
    if (count === 0) throw refused('has no minutiae');
    const minutiae = Array.from({ length: count }, () => {
      const minutia = decodeMinutia(reader, 6, width, height);
      return minutia.quality === 0 ? { ...minutia, quality: NO_QUALITY } : minutia;
    });
    return {
      ...{ capturedAt: null, device, qualities: [{ score, vendor: UNKNOWN, algorithm: UNKNOWN }] },
      ...{ position, number: view >> 4, impression: view & 0xf },
      ...{ width, height, pixelsPerCmX, pixelsPerCmY, endingPlace: 0, minutiae },
      extended: reader.raw(reader.uint(2)),
    };
  });
}
