import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeBmp } from '../../sim/people/bmp.ts';
import { fitToFrame, ridgeCentre } from '../../sim/people/fit.ts';
import { grayPng, personFromFolder, positionCode, positionName } from '../../sim/people/index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantay-folder-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A striped disc of the given grey on a plain ground. */
function disc(
  width: number,
  height: number,
  x0: number,
  y0: number,
  radius: number,
  ground = 230,
): Uint8Array {
  const pixels = new Uint8Array(width * height).fill(ground);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (Math.hypot(x - x0, y - y0) < radius) pixels[y * width + x] = y % 9 < 5 ? 40 : 220;
    }
  }
  return pixels;
}

async function put(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), bytes);
}

const picture = (pixels: Uint8Array, width: number, height: number, ppi = 500): Promise<Buffer> =>
  grayPng({ width, height, pixels, ppi });

async function putFace(): Promise<void> {
  await put(
    'face/1.jpg',
    await sharp({ create: { width: 64, height: 64, channels: 3, background: '#a87' } })
      .jpeg()
      .toBuffer(),
  );
}

/** An 8-bit bitmap as scanners' tools write it: palette, rows from the bottom. */
function bitmap(pixels: Uint8Array, width: number, height: number): Uint8Array {
  const line = Math.ceil(width / 4) * 4;
  const bytes = Buffer.alloc(54 + 1024 + line * height);
  bytes.write('BM');
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(1078, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(8, 28);
  bytes.writeInt32LE(19685, 38);
  for (let i = 0; i < 256; i++) bytes.fill(i, 54 + 4 * i, 54 + 4 * i + 3);
  for (let y = 0; y < height; y++)
    bytes.set(pixels.subarray(y * width, (y + 1) * width), 1078 + line * (height - 1 - y));
  return bytes;
}

describe('a person from a folder', () => {
  it('splits the sorted files in record and live, and fits the live ones to the sensor', async () => {
    await putFace();
    for (const n of [1, 2, 3, 10]) {
      await put(
        `finger/right-index/${n}.png`,
        await picture(disc(300 + n, 350, 150, 175, 100 - 2 * n), 300 + n, 350),
      );
    }
    await put('finger/6/only.png', await picture(disc(120, 140, 60, 70, 50), 120, 140));
    const person = await personFromFolder(folder);
    expect(person.fingers).toEqual([2, 6]);
    // Sorted as numbers: 1 and 2 are the record's, 3 and 10 are captured.
    expect((await person.recordImpressions(2)).map(image => image.width)).toEqual([301, 302]);
    const [first, second, third] = await Promise.all(
      [0, 1, 2].map(attempt => person.liveImpression(2, attempt)),
    );
    expect(first).toMatchObject({ width: 256, height: 288, ppi: 500 });
    expect(third).toEqual(first);
    expect(second).not.toEqual(first);
    for (const value of first!.pixels) expect(value % 17).toBe(0);
    expect((await person.recordImpressions(6))[0]).toMatchObject({ width: 120, height: 140 });
    const padded = await person.liveImpression(6, 0);
    expect(padded.pixels[0]).toBe(238);
    expect(person.face).toMatchObject({
      kind: 'files',
      record: [join(folder, 'face/1.jpg')],
      live: [join(folder, 'face/1.jpg')],
    });
    expect((await personFromFolder(folder)).identity).toEqual(person.identity);
    await expect(person.liveImpression(3, 0)).rejects.toMatchObject({ code: 'PERSON_FINGER_ABSENT' });
  });

  it('takes the resolution from ppi.txt, else from the file where it can be a scanner’s, else 500', async () => {
    await putFace();
    const pixels = disc(300, 300, 150, 150, 100);
    await put('finger/1/a.png', await picture(pixels, 300, 300, 1000));
    await put('finger/2/a.png', await picture(pixels, 300, 300, 96));
    await put('finger/3/a.png', await picture(pixels, 300, 300, 96));
    await put('finger/3/ppi.txt', '569\n');
    await put('finger/4/a.bmp', bitmap(pixels, 300, 300));
    await put(
      'finger/5/a.tif',
      await sharp(pixels, { raw: { width: 300, height: 300, channels: 1 } })
        .tiff()
        .toBuffer(),
    );
    const person = await personFromFolder(folder);
    const ppi = await Promise.all(
      person.fingers.map(async finger => (await person.recordImpressions(finger))[0]!.ppi),
    );
    expect(ppi).toEqual([1000, 500, 569, 500, 500]);
    expect((await person.recordImpressions(4))[0]!.pixels).toEqual(pixels);
    expect(await person.liveImpression(1, 0)).toMatchObject({ width: 256, height: 288, ppi: 500 });
  });

  it.each([
    ['nothing at all', {}, 'PERSON_FOLDER_MISSING'],
    ['no finger folder', { face: true }, 'PERSON_FOLDER_MISSING'],
    ['an unknown position', { face: true, 'finger/nose/1.png': 'good' }, 'PERSON_POSITION_UNKNOWN'],
    ['position 11', { face: true, 'finger/11/1.png': 'good' }, 'PERSON_POSITION_UNKNOWN'],
    [
      'the same finger twice',
      { face: true, 'finger/2/1.png': 'good', 'finger/right_index/1.png': 'good' },
      'PERSON_POSITION_TWICE',
    ],
    ['a finger without images', { face: true, 'finger/2/notes.txt': 'text' }, 'PERSON_FOLDER_EMPTY'],
    ['an empty file', { face: true, 'finger/2/1.png': '' }, 'PERSON_IMAGE_UNREADABLE'],
    ['text named .png', { face: true, 'finger/2/1.png': 'text' }, 'PERSON_IMAGE_UNREADABLE'],
    ['a bitmap cut short', { face: true, 'finger/2/1.bmp': 'BMcut' }, 'PERSON_IMAGE_UNREADABLE'],
    ['a broken face', { 'face/1.jpg': 'text', 'finger/2/1.png': 'good' }, 'PERSON_IMAGE_UNREADABLE'],
    ['a face without images', { 'face/readme.txt': 'text', 'finger/2/1.png': 'good' }, 'PERSON_FOLDER_EMPTY'],
    [
      'a wrong ppi.txt',
      { face: true, 'finger/2/1.png': 'good', 'finger/ppi.txt': 'many' },
      'PERSON_PPI_INVALID',
    ],
  ])('refuses %s', async (_, files: Record<string, string | boolean>, code) => {
    for (const [path, content] of Object.entries(files)) {
      if (path === 'face') await putFace();
      else if (content === 'good') await put(path, await picture(disc(200, 200, 100, 100, 80), 200, 200));
      else await put(path, String(content));
    }
    await expect(personFromFolder(folder)).rejects.toMatchObject({ name: 'PeopleError', code });
  });

  it('refuses a folder that is not there, and an image too small to be a finger', async () => {
    await expect(personFromFolder(join(folder, 'absent'))).rejects.toMatchObject({
      code: 'PERSON_FOLDER_MISSING',
    });
    await putFace();
    await put('finger/1/1.png', await picture(new Uint8Array(1), 1, 1));
    await expect(personFromFolder(folder)).rejects.toMatchObject({ code: 'PERSON_IMAGE_UNREADABLE' });
  });
});

describe('fitting to the sensor', () => {
  it('crops round the ridges, not round the middle of the picture', () => {
    const image = { width: 640, height: 480, ppi: 500, pixels: disc(640, 480, 460, 300, 110) };
    const centre = ridgeCentre(image);
    expect(Math.hypot(centre.x - 460, centre.y - 300)).toBeLessThan(6);
    const fitted = fitToFrame(image, 256, 288, 16);
    const inFrame = ridgeCentre(fitted);
    expect(Math.abs(inFrame.x - 128)).toBeLessThan(8);
  });

  it('survives a picture without any contrast', () => {
    const image = { width: 40, height: 400, ppi: 500, pixels: new Uint8Array(16_000).fill(255) };
    expect(new Set(fitToFrame(image, 256, 288, 16).pixels)).toEqual(new Set([255]));
  });
});

describe('bitmaps', () => {
  it.each([2, 20, 54, 200, 1100])('cut after %i bytes are refused', length => {
    const whole = bitmap(disc(64, 64, 32, 32, 20), 64, 64);
    expect(() => decodeBmp(whole.subarray(0, length))).toThrow(RangeError);
  });
});

describe('finger positions', () => {
  it('read codes and names', () => {
    expect(['1', '02', '10', 'right_index', 'right-index', 'Left Thumb'].map(positionCode)).toEqual([
      1, 2, 10, 2, 2, 6,
    ]);
    expect(['0', '11', '', 'index', '1.5', '-1'].map(positionCode)).toEqual(new Array(6).fill(undefined));
    expect(positionName(10)).toBe('left_little');
  });
});
