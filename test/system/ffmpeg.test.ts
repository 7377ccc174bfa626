import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Camera } from '../../drivers/device.ts';
import { type FfmpegSettings, ffmpegArguments, openFfmpeg } from '../../drivers/ffmpeg/driver.ts';
import { startCamera } from '../../sim/camera/server.ts';
import { picture } from '../wire/pictures.ts';

const soon = () => AbortSignal.timeout(25_000);
const toClose: AsyncDisposable[] = [];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ffmpeg-'));
});
afterEach(async () => {
  for (const resource of toClose.splice(0).reverse()) await resource[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function open(settings: FfmpegSettings) {
  const camera = await openFfmpeg(settings, soon());
  toClose.push(camera);
  return camera;
}

async function take(camera: Camera, count: number): Promise<Uint8Array[]> {
  const jpegs: Uint8Array[] = [];
  for await (const frame of camera.frames(soon())) if (jpegs.push(frame.jpeg) === count) break;
  return jpegs;
}

async function film(): Promise<{ path: string; jpegs: Uint8Array[] }> {
  const jpegs = await Promise.all(Array.from({ length: 12 }, (_, seed) => picture(seed, 320, 240)));
  const path = join(folder, 'film.mjpeg');
  writeFileSync(path, Buffer.concat(jpegs));
  return { path, jpegs };
}

test('a file of frames is played again and again, byte for byte', async () => {
  const { path, jpegs } = await film();
  const camera = await open({ input: path });
  const taken = await take(camera, 30);
  for (const jpeg of taken) expect(jpegs.some(sent => Buffer.compare(sent, jpeg) === 0)).toBe(true);
  expect(camera.identity).toMatchObject({ driver: 'ffmpeg', location: path });
});

test('a network camera through ffmpeg, and its going away', async () => {
  let count = 0;
  const jpegs = await Promise.all([0, 1, 2].map(seed => picture(seed, 320, 240)));
  const device = await startCamera({ nextFrame: async () => jpegs[count++ % 3]!, framesPerSecond: 25 });
  toClose.push(device);
  const camera = await open({ input: device.url, format: 'mpjpeg' });
  expect(await take(camera, 10)).toHaveLength(10);
  device.disconnect();
  await expect(take(camera, Number.POSITIVE_INFINITY)).rejects.toMatchObject({ code: 'DEVICE_GONE' });
});

test('a still picture counts as frozen', async () => {
  const path = join(folder, 'still.mjpeg');
  const still = await picture(1);
  writeFileSync(path, Buffer.concat(Array.from({ length: 50 }, () => still)));
  const camera = await open({ input: path, limits: { frozenAfterMs: 500 } });
  await expect(take(camera, Number.POSITIVE_INFINITY)).rejects.toMatchObject({ code: 'DEVICE_FROZEN' });
});

test('nothing there, no picture, no ffmpeg', async () => {
  const junk = join(folder, 'junk.mjpeg');
  writeFileSync(junk, 'this is no film');
  await expect(open({ input: join(folder, 'none.mjpeg') })).rejects.toMatchObject({
    code: 'DEVICE_NOT_FOUND',
  });
  await expect(open({ input: '/dev/video97' })).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
  await expect(open({ input: junk })).rejects.toMatchObject({ code: 'DEVICE_PROTOCOL' });
  await expect(open({ input: junk, command: 'no-such-ffmpeg' })).rejects.toMatchObject({
    code: 'DEVICE_NOT_FOUND',
    message: expect.stringContaining('not installed'),
  });
});

test('closing and cancelling leave no process behind', async () => {
  const { path } = await film();
  const camera = await openFfmpeg({ input: path }, soon());
  await camera[Symbol.asyncDispose]();
  expect(await camera.lost).toMatchObject({ code: 'DEVICE_GONE' });
  await expect(openFfmpeg({ input: path }, AbortSignal.abort(new Error('cancelled')))).rejects.toThrow(
    'cancelled',
  );
  const running = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  expect(running).not.toContain(path);
});

test('a V4L2 device is asked for MJPEG and nothing is re-encoded', () => {
  const asked = ffmpegArguments({ input: '/dev/video0' }).join(' ');
  expect(asked).toContain('-f v4l2 -input_format mjpeg -i /dev/video0');
  expect(asked).toContain('-c:v copy');
});
