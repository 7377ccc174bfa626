/** References in every format that a registry may send: the same templates as from the plain picture. */
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ImageCodec } from '../../agent/packet/imaging.ts';
import { encodeFaceRecord, encodeFingerRecord } from '../../agent/packet/records19794.ts';
import { type Preparer, prepareReferences } from '../../agent/records/prepare.ts';
import { pictureOf } from '../../agent/records/reference-image.ts';
import { type Models, startModels } from '../../models/index.ts';
import { FingerStudio, type GrayImage, simulatedPerson } from '../../sim/people/index.ts';

const never = new AbortController().signal;
const capturedAt = new Date('2026-01-02T03:04:05Z');
const portrait = new Uint8Array(
  readFileSync(new URL('../../sim/people/face/frames/a-neutral.jpg', import.meta.url)),
);
let models: Models;
let codec: ImageCodec;
let preparer: Preparer;
let print: GrayImage;

beforeAll(async () => {
  models = await startModels({ deadlineMs: 15_000 });
  codec = new ImageCodec({ deadlineMs: 60_000 });
  preparer = { finger: models.finger, face: models.face, jpeg2000: codec, keepsPortrait: true };
  await using studio = new FingerStudio();
  const person = simulatedPerson(1, studio, { onDate: '2026-11-22' });
  print = (await person.recordImpressions(1, never))[0]!;
}, 60_000);
afterAll(async () => {
  await codec[Symbol.asyncDispose]();
  await models[Symbol.asyncDispose]();
});

const fingerOf = async (bytes: Uint8Array, ppi: number | null = 500) =>
  (await prepareReferences(preparer, [{ modality: 'finger', position: 'right_thumb', ppi, bytes }], never))
    .fingers[0]?.template;
const faceOf = (bytes: Uint8Array) =>
  prepareReferences(preparer, [{ modality: 'face', position: null, ppi: null, bytes }], never);

const rawPrint = () =>
  sharp(print.pixels, { raw: { width: print.width, height: print.height, channels: 1 } });
const jpeg2000Print = () =>
  codec.encode({ width: print.width, height: print.height, components: 1, pixels: print.pixels }, never);
const recordOf = (jpeg2000: Uint8Array) =>
  encodeFingerRecord({
    ...{ capturedAt, technology: 4, qualities: [], position: 1, ppi: print.ppi, jpeg2000 },
    ...{ width: print.width, height: print.height },
  });
/** Replaces the image of a finger record, and its compression. */
function withImage(record: Uint8Array, image: Uint8Array, compression: number, was: number): Uint8Array {
  const head = Buffer.from(record.subarray(0, record.length - was));
  head.writeUInt8(compression, head.length - 10);
  head.writeUInt32BE(image.length, head.length - 4);
  return Buffer.concat([head, image]);
}

describe('a finger of the record', () => {
  it('is the same from PNG, JPEG 2000, and image records around raw bytes, PNG and JPEG 2000', async () => {
    const png = new Uint8Array(await rawPrint().png().toBuffer());
    const jpeg2000 = await jpeg2000Print();
    const record = recordOf(jpeg2000);
    const wanted = await fingerOf(png);
    expect(wanted?.length).toBeGreaterThan(1000);
    for (const bytes of [
      jpeg2000,
      record,
      withImage(record, print.pixels, 0, jpeg2000.length),
      withImage(record, png, 6, jpeg2000.length),
    ])
      expect(await fingerOf(bytes)).toEqual(wanted);
    // The record's own resolution counts, whatever stands beside it.
    expect(await fingerOf(record, 1000)).toEqual(wanted);
    const jpeg = new Uint8Array(await rawPrint().jpeg({ quality: 95 }).toBuffer());
    const [score] = await models.finger.match((await fingerOf(jpeg))!, [wanted!]);
    expect(score).toBeGreaterThan(1.4);
  });

  it('is left out where it is packed, WSQ, or damaged', async () => {
    const jpeg2000 = await jpeg2000Print();
    const record = recordOf(jpeg2000);
    const compressed = (kind: number) => withImage(record, jpeg2000, kind, jpeg2000.length);
    const torn = jpeg2000.slice(0, 60);
    for (const bytes of [compressed(1), compressed(2), record.subarray(0, 70), torn])
      expect(await fingerOf(bytes)).toBeUndefined();
    for (let length = 0; length < 80; length += 1) pictureOf(record.subarray(0, length));
  });
});

describe('a portrait of the record', () => {
  it('is the same from its picture in a face record, and from JPEG 2000', async () => {
    const { data, info } = await sharp(portrait)
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const jpeg2000 = await codec.encode({ width, height, components: 3, pixels: data }, never);
    const record = encodeFaceRecord({ capturedAt, qualities: [], width, height, colour: 'rgb24', jpeg2000 });
    const png = new Uint8Array(
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer(),
    );
    const wanted = (await faceOf(png)).faces[0];
    for (const bytes of [jpeg2000, record]) {
      const { faces, portrait: shown } = await faceOf(bytes);
      expect(faces[0]).toEqual(wanted);
      // What an officer is shown is a picture that a page can show.
      expect((await sharp(shown).metadata()).format).toBe('png');
    }
    expect((await faceOf(record.subarray(0, 50))).faces).toEqual([]);
  });
});
