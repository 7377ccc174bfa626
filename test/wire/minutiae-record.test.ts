/** Minutiae records (ISO/IEC 19794-2:2011) as the simulated registry writes them and as the models do. */
import { describe, expect, it } from 'vitest';
import { minutiaeOfRecord } from '../../models/finger/minutiae-record.ts';
import { decodeMinutiaeRecord, encodeMinutiaeRecord } from '../../models/finger/record19794-2.ts';
import { minutiaeRecord, type RecordedPrint } from '../../sim/registry/minutiae-record.ts';

const FIRST: RecordedPrint = {
  ...{ position: 2, number: 0, width: 352, height: 416, ppi: 500 },
  minutiae: [
    { x: 100.4, y: 20, directionRad: (3 * Math.PI) / 2, type: 'ending' },
    { x: 351.8, y: 415, directionRad: Math.PI / 128, type: 'bifurcation' },
  ],
};
const UNKNOWN_TIME = 'ff'.repeat(9);
const SECOND: RecordedPrint = { ...FIRST, number: 1, minutiae: FIRST.minutiae.slice(0, 1) };

describe('a minutiae record of the simulated registry', () => {
  const bytes = minutiaeRecord([FIRST, SECOND]);

  it('has the bytes of the standard', () => {
    expect(Buffer.from(bytes).toString('hex')).toBe(
      [
        '464d5200' + '30333000' + '00000062' + '0002' + '00', // FMR, 030, 98 bytes, two prints, not certified
        `0000002c${UNKNOWN_TIME}000000000000`, // 44 bytes, time and device unknown, no quality
        '02' + '00' + '00c5' + '00c5' + '00' + '0160' + '01a0', // right index, first, 197 px/cm, live-scan plain, size
        '50' + '02', // five bytes a minutia
        '4064' + '0014' + '40', // ending at (100, 20), up the page: 90 degrees
        '815f' + '019f' + 'ff', // bifurcation at the edge, a step clockwise
        '0000', // no extended data
        `00000027${UNKNOWN_TIME}000000000000`,
        '02' +
          '01' +
          '00c5' +
          '00c5' +
          '00' +
          '0160' +
          '01a0' +
          '50' +
          '01' +
          '4064' +
          '0014' +
          '40' +
          '0000',
      ].join(''),
    );
  });

  it('is read by the models, and written by them with the same bytes', () => {
    const record = decodeMinutiaeRecord(bytes);
    expect(record.representations.map(({ position, number }) => [position, number])).toEqual([
      [2, 0],
      [2, 1],
    ]);
    const { minutiae } = minutiaeOfRecord(record.representations[0]!);
    expect(minutiae[0]).toMatchObject({ x: 100, y: 20, type: 'ending' });
    expect(minutiae[0]!.directionRad).toBeCloseTo(-Math.PI / 2, 9);
    expect(encodeMinutiaeRecord(record)).toEqual(bytes);
  });
});
