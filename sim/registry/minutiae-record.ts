/** What a registry keeps that has thrown its images away: finger minutiae records of ISO/IEC 19794-2:2011. */

export interface RecordedMinutia {
  /** Pixels from the upper left. */
  readonly x: number;
  readonly y: number;
  /** From +x towards +y, which points down. */
  readonly directionRad: number;
  readonly type: 'ending' | 'bifurcation';
}

/** One print of one finger. */
export interface RecordedPrint {
  /** Finger position code of the standard: 1 right thumb .. 10 left little finger. */
  readonly position: number;
  /** 0 for the first print of a finger, then 1, 2, ... */
  readonly number: number;
  readonly width: number;
  readonly height: number;
  /** Pixels per inch. */
  readonly ppi: number;
  readonly minutiae: readonly RecordedMinutia[];
}

/** Clause 8, general header: format, version, and up to the flag of certification. */
const HEADER_BYTES = 15;
/** A representation's bytes before its minutiae and after: the length itself included, no quality, no certification. */
const PRINT_BYTES = 34;
/** Position and type, angle; qualities are left out. */
const MINUTIA_BYTES = 5;
const TYPES = { ending: 1, bifurcation: 2 } as const;
const CM_PER_INCH = 2.54;
/** As many as the count's byte can say. */
const MOST_MINUTIAE = 255;

/** One record of any number of prints. */
export const minutiaeRecord = (prints: readonly RecordedPrint[]): Uint8Array => {
  const bodies = prints.map(printBytes);
  const header = Buffer.alloc(HEADER_BYTES);
  header.write('FMR\x00030\x00', 'latin1');
  header.writeUInt32BE(
    bodies.reduce((sum, { length }) => sum + length, HEADER_BYTES),
    8,
  );
  header.writeUInt16BE(prints.length, 12);
  return Uint8Array.from(Buffer.concat([header, ...bodies]));
};

function printBytes({ position, number, width, height, ppi, minutiae }: RecordedPrint): Buffer {
  const kept = minutiae.slice(0, MOST_MINUTIAE);
  const bytes = Buffer.alloc(PRINT_BYTES + kept.length * MINUTIA_BYTES);
  bytes.writeUInt32BE(bytes.length, 0);
  // When it was taken is not known; device and qualities neither.
  bytes.fill(0xff, 4, 13);
  bytes.writeUInt8(position, 19);
  bytes.writeUInt8(number, 20);
  const pixelsPerCm = Math.round(ppi / CM_PER_INCH);
  bytes.writeUInt16BE(pixelsPerCm, 21);
  bytes.writeUInt16BE(pixelsPerCm, 23);
  bytes.writeUInt16BE(width, 26);
  bytes.writeUInt16BE(height, 28);
  bytes.writeUInt8(MINUTIA_BYTES << 4, 30);
  bytes.writeUInt8(kept.length, 31);
  kept.forEach(({ x, y, directionRad, type }, index) => {
    const at = 32 + index * MINUTIA_BYTES;
    bytes.writeUInt16BE((TYPES[type] << 14) | Math.min(width - 1, Math.round(x)), at);
    bytes.writeUInt16BE(Math.min(height - 1, Math.round(y)), at + 2);
    // The standard's angles turn the other way round, in 256 steps.
    bytes.writeUInt8(Math.round((-directionRad / (2 * Math.PI)) * 256) & 0xff, at + 4);
  });
  return bytes;
}
