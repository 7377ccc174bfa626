import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { minutiaeOfRecord, minutiaeRecordOf } from '../../models/finger/minutiae-record.ts';
import {
  decodeMinutiaeRecord,
  encodeMinutiaeRecord,
  type MinutiaeRecord,
  type MinutiaeRepresentation,
} from '../../models/finger/record19794-2.ts';
import { encodeTemplate } from '../../models/finger/template.ts';
import { ModelError } from '../../models/index.ts';

const PRINT: MinutiaeRepresentation = {
  capturedAt: new Date(Date.UTC(2026, 10, 21, 19, 5, 6, 789)),
  device: { technology: 4, vendor: 0, type: 0 },
  qualities: [{ score: 61, vendor: 0, algorithm: 0 }],
  position: 7,
  number: 0,
  pixelsPerCmX: 197,
  pixelsPerCmY: 197,
  impression: 0,
  width: 256,
  height: 288,
  endingPlace: 0,
  minutiae: [
    { type: 'ending', x: 100, y: 20, angleSteps: 64, quality: 90 },
    { type: 'bifurcation', x: 255, y: 287, angleSteps: 255, quality: 254 },
  ],
  extended: new Uint8Array(),
};

const side = fc.integer({ min: 1, max: 16_383 });
const score = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(254, 255));
const byte = fc.integer({ min: 0, max: 255 });
const word = fc.integer({ min: 0, max: 65_535 });
const print = (number: number): fc.Arbitrary<MinutiaeRepresentation> =>
  fc.tuple(side, side).chain(([width, height]) =>
    fc.record({
      capturedAt: fc.option(
        fc.date({
          min: new Date(0),
          max: new Date(Date.UTC(9999, 0)),
          noInvalidDate: true,
        }),
      ),
      device: fc.record({ technology: byte, vendor: word, type: word }),
      qualities: fc.array(fc.record({ score, vendor: word, algorithm: word }), { maxLength: 3 }),
      position: fc.integer({ min: 0, max: 10 }),
      number: fc.constant(number),
      pixelsPerCmX: fc.integer({ min: 99, max: 65_535 }),
      pixelsPerCmY: fc.integer({ min: 99, max: 65_535 }),
      impression: byte,
      width: fc.constant(width),
      height: fc.constant(height),
      endingPlace: fc.constantFrom(0 as const, 1 as const),
      minutiae: fc.array(
        fc.record({
          type: fc.constantFrom('other' as const, 'ending' as const, 'bifurcation' as const),
          x: fc.integer({ min: 0, max: width - 1 }),
          y: fc.integer({ min: 0, max: height - 1 }),
          angleSteps: byte,
          quality: score,
        }),
        { minLength: 1, maxLength: 255 },
      ),
      extended: fc.uint8Array({ maxLength: 40 }),
    }),
  );

const refusal = (bytes: Uint8Array): unknown => {
  try {
    return decodeMinutiaeRecord(bytes) && undefined;
  } catch (error) {
    return error;
  }
};

describe('a minutiae record', () => {
  test('has the bytes of ISO/IEC 19794-2:2011', () => {
    expect(Buffer.from(encodeMinutiaeRecord({ representations: [PRINT] })).toString('hex')).toBe(
      [
        '464d5200', // FMR
        '30333000', // 030
        '00000042', // record: 66 bytes
        '0001', // representations
        '00', // no certification
        '00000033', // representation: 51 bytes
        '07ea0b15130506' + '0315', // 2026-11-21 19:05:06.789
        '04' + '0000' + '0000', // device
        '01' + '3d' + '0000' + '0000', // quality
        '07' + '00', // left index, first representation
        '00c5' + '00c5', // 197 pixels a centimetre
        '00', // live-scan plain
        '0100' + '0120', // size
        '60', // six bytes a minutia, endings on the valley's fork
        '02',
        '4064' + '0014' + '40' + '5a', // ending at (100, 20), 90 degrees
        '80ff' + '011f' + 'ff' + 'fe', // bifurcation at (255, 287)
        '0000', // no extended data
      ].join(''),
    );
  });

  test('leaves the qualities out where there are none, and the time where it is unknown', () => {
    const minutiae = PRINT.minutiae.map(minutia => ({ ...minutia, quality: 254 }));
    const bytes = encodeMinutiaeRecord({
      representations: [{ ...PRINT, minutiae, qualities: [], capturedAt: null }],
    });
    expect(bytes).toHaveLength(15 + 34 + 2 * 5);
    expect(decodeMinutiaeRecord(bytes).representations[0]).toMatchObject({ capturedAt: null, minutiae });
  });

  test('survives, with one print or several', () => {
    const record = fc.oneof(
      print(0).map((one): MinutiaeRecord => ({ representations: [one] })),
      fc.tuple(print(0), print(1), print(2)).map((several): MinutiaeRecord => ({ representations: several })),
    );
    fc.assert(
      fc.property(record, value => {
        const bytes = encodeMinutiaeRecord(value);
        expect(decodeMinutiaeRecord(bytes)).toEqual(value);
        expect(encodeMinutiaeRecord(decodeMinutiaeRecord(bytes))).toEqual(bytes);
      }),
      { numRuns: 60 },
    );
  });

  test('with certification blocks is read without them', () => {
    const plain = Buffer.from(encodeMinutiaeRecord({ representations: [PRINT] }));
    const certified = Buffer.concat([
      plain.subarray(0, 39),
      Buffer.from('01000102', 'hex'),
      plain.subarray(39),
    ]);
    certified.writeUInt32BE(certified.length, 8);
    certified.writeUInt8(1, 14);
    certified.writeUInt32BE(certified.length - 15, 15);
    expect(decodeMinutiaeRecord(certified).representations).toEqual([PRINT]);
  });

  test('is refused when cut short or drawn out anywhere', () => {
    const bytes = encodeMinutiaeRecord({ representations: [PRINT, { ...PRINT, number: 1 }] });
    for (let length = 0; length < bytes.length; length++)
      expect(refusal(bytes.subarray(0, length))).toMatchObject({ code: 'MODEL_INPUT' });
    expect(refusal(Uint8Array.of(...bytes, 0))).toMatchObject({ code: 'MODEL_INPUT' });
  });

  test.each([
    ['another format', 0, 0x58],
    ['another version', 5, 0x32],
    ['no representation', 13, 0],
    ['a wrong length of its print', 18, 0x34],
    ['a month that is none', 21, 13],
    ['a quality that is none', 34, 101],
    ['a finger nobody has', 39, 11],
    ['a resolution below 250 ppi', 42, 98],
    ['minutiae of seven bytes', 50, 0x70],
    ['a minutia of the fourth type', 52, 0xc0],
    ['a minutia to the right of its image', 52, 0x41],
    ['reserved bits', 54, 0x40],
    ['a minutia of impossible quality', 57, 200],
  ])('is refused with %s', (_, at, value) => {
    const bytes = encodeMinutiaeRecord({ representations: [PRINT] });
    bytes[at] = value;
    expect(refusal(bytes)).toBeInstanceOf(ModelError);
  });

  test('that numbers two prints of a finger alike is refused both ways', () => {
    const twice = { representations: [PRINT, PRINT] };
    expect(() => encodeMinutiaeRecord(twice)).toThrow(RangeError);
    const bytes = encodeMinutiaeRecord({ representations: [PRINT, { ...PRINT, number: 1 }] });
    bytes[15 + 51 + 25] = 0;
    expect(refusal(bytes)).toMatchObject({ code: 'MODEL_INPUT' });
  });

  test('of any other or any damaged bytes never crashes', () => {
    const good = encodeMinutiaeRecord({ representations: [PRINT] });
    const damaged = fc
      .array(fc.tuple(fc.nat(good.length - 1), byte), { minLength: 1, maxLength: 6 })
      .map(changes => {
        const bytes = good.slice();
        for (const [at, value] of changes) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), damaged), bytes => {
        const error = refusal(bytes);
        if (error !== undefined) expect(error).toMatchObject({ code: 'MODEL_INPUT' });
        else expect(encodeMinutiaeRecord(decodeMinutiaeRecord(bytes)).length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
    expect(refusal('FMR' as unknown as Uint8Array)).toMatchObject({ code: 'MODEL_INPUT' });
  });

  test.each([
    ['no print', { representations: [] }],
    ['no minutiae', { representations: [{ ...PRINT, minutiae: [] }] }],
    ['half pixels', { representations: [{ ...PRINT, minutiae: [{ ...PRINT.minutiae[0]!, x: 1.5 }] }] }],
    ['a finger beyond a byte', { representations: [{ ...PRINT, position: 256 }] }],
    ['no size', { representations: [{ ...PRINT, width: 0 }] }],
    ['too fine a picture', { representations: [{ ...PRINT, height: 16_384 }] }],
  ])('cannot be written with %s', (_, record) => {
    expect(() => encodeMinutiaeRecord(record)).toThrow(RangeError);
  });
});

describe('a minutiae record of 2005', () => {
  const VIEW = [
    '07' + '10' + '50' + '02',
    '4064' + '0014' + '40' + '5a',
    '80ff' + '011f' + 'ff' + '00',
    '0000',
  ];
  const record = (length: string, ...views: readonly (readonly string[])[]): Uint8Array =>
    Buffer.from(
      [
        '464d5200' + '20323000', // FMR, 20
        length,
        '8003', // certified; type 3
        '0100' + '0120' + '00c5' + '00c5', // size, 197 pixels a centimetre
        `0${views.length}00`, // views
        ...views.flat(),
      ].join(''),
      'hex',
    );
  const one = record('0000002a', VIEW);

  test('is read in the terms of 2011, and written as such', () => {
    const { representations } = decodeMinutiaeRecord(one);
    expect(representations).toEqual([
      {
        ...PRINT,
        ...{ capturedAt: null, device: { technology: 0, vendor: 0, type: 3 }, number: 1 },
        qualities: [{ score: 80, vendor: 0, algorithm: 0 }],
      },
    ]);
    expect(decodeMinutiaeRecord(encodeMinutiaeRecord({ representations })).representations).toEqual(
      representations,
    );
    const other = ['08' + '01', ...VIEW].join('').replace('0710', '');
    const two = decodeMinutiaeRecord(record('0000003c', VIEW, [other])).representations;
    expect(two.map(({ position, number, impression }) => [position, number, impression])).toEqual([
      [7, 1, 0],
      [8, 0, 1],
    ]);
  });

  test('is refused when cut short or drawn out anywhere, or of INCITS 378', () => {
    for (let length = 0; length < one.length; length++)
      expect(refusal(one.subarray(0, length))).toMatchObject({ code: 'MODEL_INPUT' });
    expect(refusal(Uint8Array.of(...one, 0))).toMatchObject({ code: 'MODEL_INPUT' });
    expect(refusal(record('002a0000', VIEW))).toMatchObject({ code: 'MODEL_INPUT' });
  });

  test.each([
    ['no view', 22, 0],
    ['reserved bits', 23, 1],
    ['a finger nobody has', 24, 11],
    ['a quality that is none', 26, 101],
    ['no minutiae', 27, 0],
    ['a resolution below 250 ppi', 19, 98],
    ['a minutia of the fourth type', 28, 0xc0],
    ['a minutia of impossible quality', 33, 200],
  ])('is refused with %s', (_, at, value) => {
    const bytes = Uint8Array.from(one);
    bytes[at] = value;
    expect(refusal(bytes)).toBeInstanceOf(ModelError);
  });
});

describe('templates as a minutiae record', () => {
  const details = { capturedAt: PRINT.capturedAt, position: 2 };
  const templateOf = (count: number): Uint8Array =>
    encodeTemplate({
      modelTag: 5,
      width: 256,
      height: 288,
      qualityScore: 70,
      minutiae: Array.from({ length: count }, (_, index) => ({
        x: 255.9 - 3 * index,
        y: 4 * index,
        directionRad: -Math.PI + index * 0.1,
        confidence: 0.5,
        type: index % 2 ? ('ending' as const) : ('bifurcation' as const),
      })),
      descriptors: new Int8Array(count * 64).fill(16),
    });

  test('keep positions to half a pixel and directions to a step, turned the other way round', () => {
    const bytes = minutiaeRecordOf([{ template: templateOf(60), details }])!;
    const [first] = decodeMinutiaeRecord(bytes).representations;
    expect(first).toMatchObject({ position: 2, number: 0, pixelsPerCmX: 197, width: 256, height: 288 });
    const { width, height, minutiae } = minutiaeOfRecord(first!);
    expect([width, height, minutiae.length]).toEqual([256, 288, 60]);
    minutiae.forEach((minutia, index) => {
      expect(Math.abs(minutia.x - (255.9 - 3 * index))).toBeLessThanOrEqual(1);
      expect(Math.abs(minutia.y - 4 * index)).toBeLessThanOrEqual(0.5);
      const turn = minutia.directionRad - (-Math.PI + index * 0.1);
      expect(Math.cos(turn)).toBeGreaterThan(0.999);
      expect(Math.abs(minutia.directionRad)).toBeLessThanOrEqual(Math.PI);
      expect(minutia.type).toBe(index % 2 ? 'ending' : 'bifurcation');
    });
    // A ridge that runs up the page has 90 degrees in the record and -pi/2 here.
    const up = { ...PRINT, minutiae: [{ ...PRINT.minutiae[0]!, angleSteps: 64 }] };
    expect(minutiaeOfRecord(up).minutiae[0]!.directionRad).toBeCloseTo(-Math.PI / 2, 12);
  });

  test('are numbered by finger; empty ones have no place in it', () => {
    const bytes = minutiaeRecordOf([
      { template: templateOf(9), details },
      { template: templateOf(0), details },
      { template: templateOf(10), details: { ...details, position: 3 } },
      { template: templateOf(11), details },
    ])!;
    const found = decodeMinutiaeRecord(bytes).representations;
    expect(found.map(one => [one.position, one.number, one.minutiae.length])).toEqual([
      [2, 0, 9],
      [3, 0, 10],
      [2, 1, 11],
    ]);
    expect(minutiaeRecordOf([{ template: templateOf(0), details }])).toBeUndefined();
  });

  test('are refused when damaged', () => {
    const template = templateOf(9).slice(0, -1);
    expect(() => minutiaeRecordOf([{ template, details }])).toThrow(ModelError);
  });

  test('of another resolution come out at 500 ppi', () => {
    const thousand = { ...PRINT, pixelsPerCmX: 394, pixelsPerCmY: 394 };
    const { width, height, minutiae } = minutiaeOfRecord(thousand);
    expect([width, height]).toEqual([128, 144]);
    expect(minutiae[0]!.x).toBeCloseTo(50, 1);
  });
});
