import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { ImageCodec } from '../../agent/packet/imaging.ts';
import {
  decodeFaceRecord,
  decodeFingerRecord,
  encodeFaceRecord,
  encodeFingerRecord,
} from '../../agent/packet/records19794.ts';

const AT = new Date(Date.UTC(2026, 10, 21, 19, 5, 6, 789));
const finger = {
  capturedAt: AT,
  technology: 4,
  qualities: [{ score: 61, vendor: 0, algorithm: 0 }],
  position: 7,
  ppi: 500,
  width: 256,
  height: 288,
  jpeg2000: Uint8Array.of(1, 2, 3),
};
const face = {
  capturedAt: AT,
  qualities: [{ score: 70, vendor: 0, algorithm: 0 }],
  width: 480,
  height: 640,
  colour: 'rgb24',
  jpeg2000: Uint8Array.of(9, 8),
} as const;

describe('a finger image record', () => {
  it('has the bytes of ISO/IEC 19794-4:2011', () => {
    expect(Buffer.from(encodeFingerRecord(finger)).toString('hex')).toBe(
      [
        '46495200', // FIR
        '30323000', // 020
        '00000041', // record: 65 bytes
        '0001', // representations
        '00', // no certification block
        '01', // positions
        '00000031', // representation: 49 bytes
        '07ea0b15130506' + '0315', // 2026-11-21 19:05:06.789
        '04', // technology
        '0000' + '0000', // vendor, type
        '01' + '3d' + '0000' + '0000', // quality
        '07', // left index
        '00', // representation number
        '01', // per inch
        '01f401f401f401f4', // sampling rates
        '08', // bit depth
        '05', // JPEG 2000 lossless
        '00', // live-scan plain
        '01000120', // size
        '00000003' + '010203',
      ].join(''),
    );
  });

  it('is 57 bytes around its image when no quality was computed', () => {
    expect(encodeFingerRecord({ ...finger, qualities: [], jpeg2000: new Uint8Array(0) })).toHaveLength(57);
  });

  it('reads back, and is refused when cut', () => {
    const bytes = encodeFingerRecord(finger);
    expect(decodeFingerRecord(bytes)).toEqual({ ...finger, jpeg2000: Buffer.from(finger.jpeg2000) });
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodeFingerRecord(bytes.subarray(0, length))).toThrow(RangeError);
    }
  });
});

describe('a face image record', () => {
  it('has the bytes of ISO/IEC 19794-5:2011', () => {
    expect(Buffer.from(encodeFaceRecord(face)).toString('hex')).toBe(
      [
        '46414300', // FAC
        '30333000', // 030
        '0000004b', // record: 75 bytes
        '0001', // representations
        '00', // no certification
        '0000', // one representation in time
        '0000003a', // representation: 58 bytes
        '07ea0b15130506' + '0315',
        '00' + '0000' + '0000', // device
        '01' + '46' + '0000' + '0000', // quality
        '00'.repeat(17), // facial information: nothing specified
        '00', // basic
        '02', // JPEG 2000 lossless
        '01e00280', // size
        '00' + '0000' + '00', // sampling rate, processing, cross reference
        '01', // 24-bit RGB
        '00000002' + '0908',
      ].join(''),
    );
  });

  it('reads back, and is refused when cut', () => {
    const bytes = encodeFaceRecord(face);
    expect(decodeFaceRecord(bytes)).toEqual({ ...face, jpeg2000: Buffer.from(face.jpeg2000) });
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodeFaceRecord(bytes.subarray(0, length))).toThrow(RangeError);
    }
  });

  it('is refused, not misread, when a byte of it is wrong', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 90 }), bytes => {
        expect(() => decodeFaceRecord(bytes)).toThrow(RangeError);
        expect(() => decodeFingerRecord(bytes)).toThrow(RangeError);
      }),
    );
  });
});

describe('the image codec', () => {
  const codec = new ImageCodec({ deadlineMs: 30_000 });
  const never = new AbortController().signal;
  afterAll(() => codec[Symbol.asyncDispose]());

  const image = (width: number, height: number, components: 1 | 3) => ({
    width,
    height,
    components,
    pixels: Uint8Array.from({ length: width * height * components }, (_, at) => (at * 31 + (at >> 5)) & 255),
  });

  it.each([image(96, 120, 1), image(50, 40, 3), image(1, 1, 1)])('keeps every pixel', async original => {
    const file = await codec.encode(original, never);
    expect(Buffer.from(file.subarray(4, 8)).toString()).toBe('jP  ');
    expect(await codec.decode(file, never)).toEqual(original);
  });

  it('refuses what is no image, and goes on', async () => {
    await expect(codec.decode(Buffer.alloc(100), never)).rejects.toMatchObject({ code: 'PACKET_IMAGE' });
    await expect(codec.encode({ ...image(8, 8, 1), width: 9 }, never)).rejects.toMatchObject({
      code: 'PACKET_IMAGE',
    });
    expect(await codec.decode(await codec.encode(image(16, 16, 1), never), never)).toEqual(image(16, 16, 1));
  });

  it('ends a thread that misses its deadline, and a closed codec refuses', async () => {
    const hurried = new ImageCodec({ deadlineMs: 1 });
    await expect(hurried.encode(image(400, 400, 3), never)).rejects.toMatchObject({ code: 'PACKET_IMAGE' });
    await hurried[Symbol.asyncDispose]();
    await expect(hurried.encode(image(8, 8, 1), never)).rejects.toMatchObject({ code: 'PACKET_IMAGE' });
  });
});
