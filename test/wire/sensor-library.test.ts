import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BaudLink } from '../../drivers/link/link.ts';
import { openSerial } from '../../drivers/link/serial.ts';
import { decode, encodeFrame, type Frame } from '../../drivers/r30x/wire.ts';
import type { GrayImageLike } from '../../sim/sensor/image.ts';
import { type SimulatedSensor, startSensor } from '../../sim/sensor/sensor.ts';
import { drawnFinger } from './fingers.ts';

/** The commands that the driver does not use and other clients of the family do, asked packet by packet. */

let sensor: SimulatedSensor;
let link: BaudLink;
let onGlass: GrayImageLike | null;
let address = 0xffffffff;
let heard = new Uint8Array(0);

beforeEach(async () => {
  onGlass = null;
  address = 0xffffffff;
  heard = new Uint8Array(0);
  sensor = startSensor({ finger: () => onGlass });
  link = await openSerial(sensor.path, 57_600, AbortSignal.timeout(5_000));
});
afterEach(async () => {
  await link.close();
  await sensor.unplug();
});

async function frame(): Promise<Frame> {
  for (;;) {
    const decoded = decode(heard);
    heard = heard.subarray(decoded.consumed);
    if (decoded.kind === 'frame') return decoded.frame;
    expect(decoded.kind).toBe('need-more');
    heard = Uint8Array.from(Buffer.concat([heard, await link.read(AbortSignal.timeout(5_000))]));
  }
}
async function ask(...payload: number[]): Promise<number[]> {
  await link.write(encodeFrame({ kind: 'command', address, payload: Uint8Array.from(payload) }));
  const answer = await frame();
  expect(answer.kind).toBe('ack');
  return [...answer.payload];
}
async function upload(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (;;) {
    const { kind, payload } = await frame();
    parts.push(payload);
    if (kind === 'end') return Uint8Array.from(Buffer.concat(parts));
  }
}
async function download(data: Uint8Array): Promise<void> {
  for (let at = 0; at < data.length; at += 128) {
    const kind = at + 128 >= data.length ? 'end' : 'data';
    await link.write(encodeFrame({ kind, address, payload: data.slice(at, at + 128) }));
  }
}
/** Takes the image of a finger and makes a template of it in buffer 1 or 2. */
async function take(finger: GrayImageLike, buffer: 1 | 2): Promise<void> {
  onGlass = finger;
  expect(await ask(0x01)).toEqual([0]);
  expect(await ask(0x02, buffer)).toEqual([0]);
}
async function enrol(seed: number, page: number): Promise<void> {
  await take(drawnFinger(seed), 1);
  await take(drawnFinger(seed, 4, -3), 2);
  expect(await ask(0x05)).toEqual([0]);
  expect(await ask(0x06, 1, page >> 8, page & 255)).toEqual([0]);
}

test('enrols fingers, finds them again where they lie differently, and finds no other', async () => {
  for (const seed of [1, 2, 3]) await enrol(seed, seed * 100);
  expect(await ask(0x1d)).toEqual([0, 0, 3]);
  for (const seed of [1, 2, 3]) {
    await take(drawnFinger(seed, -9, 7), 1);
    for (const search of [0x04, 0x1b]) {
      const [code, high, low] = await ask(search, 1, 0, 0, 3, 232);
      expect([code, high! * 256 + low!]).toEqual([0, seed * 100]);
    }
  }
  expect((await ask(0x04, 1, 0, 0, 0, 50))[0]).toBe(9);
  await take(drawnFinger(4), 1);
  expect((await ask(0x04, 1, 0, 0, 3, 232))[0]).toBe(9);
  await take(drawnFinger(1), 2);
  expect((await ask(0x03))[0]).toBe(8);
  expect(await ask(0x05)).toEqual([0x0a]);
});

test('keeps, lists, loads and deletes templates', async () => {
  await enrol(1, 9);
  await enrol(2, 300);
  const [, ...first] = await ask(0x1f, 0);
  const [, ...second] = await ask(0x1f, 1);
  expect([first[1], second[5]]).toEqual([2, 16]);
  expect(await ask(0x07, 2, 0, 9)).toEqual([0]);
  expect(await ask(0x07, 2, 0, 10)).toEqual([0x0c]);
  expect(await ask(0x07, 2, 9, 0)).toEqual([0x0b]);
  expect(await ask(0x08, 2)).toEqual([0]);
  const template = await upload();
  expect(template.length).toBe(512);
  expect(await ask(0x09, 1)).toEqual([0]);
  await download(template);
  expect((await ask(0x03))[0]).toBe(0);
  expect((await ask(0x04, 1, 0, 0, 3, 232)).slice(0, 3)).toEqual([0, 0, 9]);
  expect(await ask(0x0c, 0, 9, 0, 1)).toEqual([0]);
  expect(await ask(0x0c, 3, 231, 0, 2)).toEqual([0x10]);
  expect(await ask(0x1d)).toEqual([0, 0, 1]);
  await sensor.unplug();
  expect(sensor.flash.library.size).toBe(1);
  sensor.flash.library.clear();
});

test('takes and gives images', async () => {
  expect(await ask(0x0a)).toEqual([0x0f]);
  expect(await ask(0x02, 1)).toEqual([0x15]);
  expect(await ask(0x0b)).toEqual([0]);
  const image = Uint8Array.from({ length: 36_864 }, (_, i) => (i * 7) & 255);
  await download(image);
  expect(await ask(0x0a)).toEqual([0]);
  expect(await upload()).toEqual(image);
  onGlass = { width: 10, height: 10, pixels: new Uint8Array(100) };
  expect(await ask(0x01)).toEqual([0]);
  expect(await ask(0x02, 1)).toEqual([0x07]);
});

test('settings take effect and are refused when they make no sense', async () => {
  expect(await ask(0x12, 0, 0, 0, 7)).toEqual([0]);
  expect(await ask(0x13, 0, 0, 0, 8)).toEqual([0x13]);
  expect(await ask(0x01)).toEqual([0x21]);
  expect(await ask(0x13, 0, 0, 0, 7)).toEqual([0]);
  expect(await ask(0x15, 0, 0, 0, 5)).toEqual([0]);
  expect(await ask(0x01)).toEqual([0x20]);
  address = 5;
  expect(await ask(0x01)).toEqual([2]);
  expect(await ask(0x0e, 5, 4)).toEqual([0]);
  expect(await ask(0x0e, 6, 0)).toEqual([0]);
  expect(await ask(0x0e, 4, 12)).toEqual([0]);
  expect(await ask(0x0e, 4, 13)).toEqual([0x1b]);
  expect(await ask(0x0e, 7, 1)).toEqual([0x1a]);
  expect((await ask(0x0f)).slice(5)).toEqual([3, 232, 0, 4, 0, 0, 0, 5, 0, 0, 0, 12]);
});

test('small commands', async () => {
  expect(await ask(0x53)).toEqual([0x55]);
  expect(await ask(0x35, 1, 100, 1, 0)).toEqual([0]);
  expect(await ask(0x14)).toHaveLength(5);
  expect(await ask(0x3d)).toEqual([0]);
  expect(await ask(0x0d)).toEqual([0]);
  expect(await ask(0x77)).toEqual([1]);
  expect(await ask(0x04, 1)).toEqual([1]);
  const damaged = encodeFrame({ kind: 'command', address, payload: Uint8Array.of(0x01) });
  damaged[damaged.length - 1]! ^= 1;
  await link.write(damaged);
  expect([...(await frame()).payload]).toEqual([1]);
});
