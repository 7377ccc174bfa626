import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Link } from '../../drivers/link/link.ts';
import { openSerial } from '../../drivers/link/serial.ts';
import { openR30x, openR30xOn, type R30xSettings } from '../../drivers/r30x/driver.ts';
import { R503_FORMAT } from '../../drivers/r30x/image.ts';
import type { GrayImageLike } from '../../sim/sensor/image.ts';
import { type SensorOptions, type SimulatedSensor, startSensor } from '../../sim/sensor/sensor.ts';
import { drawnFinger } from './fingers.ts';

const WAIT_MS = 20_000;
const soon = () => AbortSignal.timeout(WAIT_MS);
const finger = drawnFinger(1);
const asImaged = finger.pixels.map(pixel => (pixel >> 4) * 17);

let folder: string;
const toClose: AsyncDisposable[] = [];
let onGlass: GrayImageLike | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'r30x-'));
  onGlass = finger;
});

afterEach(async () => {
  for (const resource of toClose.splice(0).reverse()) await resource[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function sensor(options: Partial<SensorOptions> = {}): SimulatedSensor {
  const made = startSensor({ finger: () => onGlass, link: join(folder, 'finger'), ...options });
  toClose.push(made);
  return made;
}

async function open(settings: Partial<R30xSettings> = {}) {
  const scanner = await openR30x({ path: join(folder, 'finger'), ...settings }, soon());
  toClose.push(scanner);
  return scanner;
}

const openFiles = () => readdirSync('/proc/self/fd').length;

async function image(scanner: Awaited<ReturnType<typeof open>>) {
  const capture = await scanner.capture(soon());
  if (capture.kind !== 'image') throw new Error(capture.kind);
  return capture.image;
}

describe('a sensor in order', () => {
  test('gives the image on its glass, in four bits at 500 ppi', async () => {
    sensor();
    const scanner = await open();
    expect(await image(scanner)).toEqual({ width: 256, height: 288, ppi: 500, pixels: asImaged });
    expect(scanner.identity).toMatchObject({ driver: 'r30x', location: join(folder, 'finger') });
  });

  test('waits for a finger, and for its going', async () => {
    sensor();
    const scanner = await open();
    onGlass = null;
    const captured = image(scanner);
    await scanner.lifted(AbortSignal.timeout(1)).catch(() => {});
    onGlass = finger;
    expect((await captured).pixels).toEqual(asImaged);
    const gone = scanner.lifted(soon());
    onGlass = null;
    await gone;
  });

  test('gives images of another size as configured', async () => {
    sensor({ width: 192, height: 192 });
    const scanner = await open({ image: R503_FORMAT });
    expect(await image(scanner)).toMatchObject({ width: 192, height: 192, ppi: 508 });
  });

  for (const packetSizeCode of [0, 1, 2, 3]) {
    test(`packets of ${32 << packetSizeCode} bytes`, async () => {
      sensor({ flash: { packetSizeCode } });
      expect((await image(await open())).pixels).toEqual(asImaged);
    });
  }

  for (const baud of [9_600, 19_200, 38_400, 57_600, 115_200]) {
    test(`is found at ${baud} baud`, async () => {
      sensor({ flash: { speedCode: baud / 9600 }, strictBaud: true });
      const scanner = await open();
      expect(scanner.parameters.baud).toBe(baud);
      expect((await image(scanner)).pixels).toEqual(asImaged);
    });
  }

  test('over a link that has no speed of its own', async () => {
    const serial = await openSerial(sensor().path, 57_600, soon());
    const link: Link = {
      location: 'a bridge',
      lost: serial.lost,
      write: bytes => serial.write(bytes),
      read: signal => serial.read(signal),
      close: () => serial.close(),
      [Symbol.asyncDispose]: () => serial.close(),
    };
    const scanner = await openR30xOn(link, {}, soon());
    toClose.push(scanner);
    expect((await image(scanner)).pixels).toEqual(asImaged);
    expect(scanner.identity.location).toBe('a bridge');
  });

  test('with a password and an address of its own', async () => {
    sensor({ flash: { password: 0x12345678, address: 0x00c0ffee } });
    const scanner = await open({ password: 0x12345678, address: 0x00c0ffee });
    expect((await image(scanner)).pixels).toEqual(asImaged);
  });
});

describe('a sensor that refuses or fails', () => {
  test('wrong password', async () => {
    sensor({ flash: { password: 1 } });
    await expect(open({ password: 2 })).rejects.toMatchObject({ code: 'DEVICE_WRONG_PASSWORD' });
    await expect(open()).rejects.toMatchObject({ code: 'DEVICE_WRONG_PASSWORD' });
    // The failed attempts released the port.
    await open({ password: 1 });
  });

  test('another address', async () => {
    sensor({ flash: { address: 7 } });
    await expect(open()).rejects.toMatchObject({
      code: 'DEVICE_FAULT',
      message: expect.stringContaining('address'),
    });
  });

  test('nothing there, not a tty, held by another', async () => {
    await expect(open()).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
    sensor();
    toClose.push(await openSerial(join(folder, 'finger'), 57_600, soon()));
    await expect(open()).rejects.toMatchObject({ code: 'DEVICE_IN_USE' });
  });

  test('nothing answers at any speed', async () => {
    sensor().arm({ stopAfterBytes: 0 });
    await expect(open()).rejects.toMatchObject({ code: 'DEVICE_TIMEOUT' });
  });

  test('imaging failure is advice', async () => {
    const device = sensor();
    const scanner = await open();
    device.arm({ imagingFailures: 1 });
    expect(await scanner.capture(soon())).toEqual({ kind: 'advice', reason: 'place_finger' });
    expect((await image(scanner)).pixels).toEqual(asImaged);
  });

  for (const nth of [1, 2, 3, 40, 290]) {
    test(`packet ${nth} of a capture damaged: asked for again`, async () => {
      const device = sensor();
      const scanner = await open();
      device.arm({ corruptPacket: nth });
      expect((await image(scanner)).pixels).toEqual(asImaged);
      expect((await image(scanner)).pixels).toEqual(asImaged);
    });
  }

  test('all packets damaged: gives up', async () => {
    const device = sensor();
    const scanner = await open();
    device.arm({ corruptAll: true });
    await expect(scanner.capture(soon())).rejects.toMatchObject({ code: 'DEVICE_PROTOCOL' });
    device.clearFaults();
    expect((await image(scanner)).pixels).toEqual(asImaged);
  });

  test('images too short: gives up and names the lengths', async () => {
    const device = sensor();
    const scanner = await open();
    device.arm({ shortenUploadBytes: 100 });
    await expect(scanner.capture(soon())).rejects.toMatchObject({
      code: 'DEVICE_PROTOCOL',
      message: expect.stringContaining('36764 bytes arrived, 36864 were expected'),
    });
  });

  test('noise on the line is skipped', async () => {
    const device = sensor();
    const scanner = await open();
    device.arm({ noise: Uint8Array.from({ length: 300 }, (_, i) => (i * 7) & 255) });
    expect((await image(scanner)).pixels).toEqual(asImaged);
  });

  for (const bytes of [0, 17, 3_000, 36_000]) {
    test(`stops after ${bytes} bytes of a capture`, async () => {
      const device = sensor();
      const scanner = await open();
      device.arm({ stopAfterBytes: bytes });
      await expect(scanner.capture(soon())).rejects.toMatchObject({ code: 'DEVICE_TIMEOUT' });
      device.clearFaults();
      expect((await image(scanner)).pixels).toEqual(asImaged);
    });
  }

  test('unplugged while idle', async () => {
    const device = sensor();
    const scanner = await open();
    await device.unplug();
    expect(await scanner.lost).toMatchObject({ code: 'DEVICE_GONE' });
    await expect(scanner.capture(soon())).rejects.toMatchObject({ code: 'DEVICE_GONE' });
  });
});

describe('cancelling', () => {
  test('leaves the sensor usable, wherever it comes', async () => {
    sensor({ paced: true, flash: { speedCode: 12 } });
    const scanner = await open({ baud: 115_200 });
    for (const afterMs of [0, 1, 10, 60, 700]) {
      const cancel = new AbortController();
      const captured = scanner.capture(cancel.signal);
      setTimeout(() => cancel.abort(new Error('cancelled')), afterMs);
      await expect(captured).rejects.toThrow('cancelled');
    }
    expect((await image(scanner)).pixels).toEqual(asImaged);
  });

  test('an agent that died in mid-image finds the sensor again', async () => {
    sensor({ paced: true, flash: { speedCode: 12 } });
    const first = await open({ baud: 115_200 });
    const cancel = new AbortController();
    const captured = first.capture(cancel.signal);
    setTimeout(() => cancel.abort(new Error('killed')), 300);
    await expect(captured).rejects.toThrow('killed');
    await first[Symbol.asyncDispose]();
    const second = await open({ likelyBaud: 115_200 });
    expect((await image(second)).pixels).toEqual(asImaged);
  });
});

test('twenty times unplugged at another byte each: no descriptor and no listener stays', async () => {
  const device = sensor();
  let before = 0;
  for (let round = 0; round < 20; round += 1) {
    if (!device.pluggedIn) device.plug();
    const scanner = await openR30x({ path: device.path }, soon());
    device.arm({ unplugAfterBytes: (round * 7919) % 41_000 });
    const outcome = await scanner.capture(soon()).then(
      capture => capture.kind,
      error => error.code,
    );
    expect(outcome).toBe('DEVICE_GONE');
    await scanner[Symbol.asyncDispose]();
    await device.unplug();
    if (round === 2) before = openFiles();
  }
  expect(openFiles()).toBeLessThanOrEqual(before);
});
