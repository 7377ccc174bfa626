import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DeviceError } from '../../drivers/device.ts';
import { listDevices } from '../../drivers/list-devices.ts';
import { cameraOpener, readerOpener, scannerOpener } from '../../drivers/registry.ts';
import { type DeviceState, type SuperviseClock, supervise } from '../../drivers/supervise.ts';
import { startCamera } from '../../sim/camera/server.ts';
import { startReader } from '../../sim/reader/reader.ts';
import { startSensor } from '../../sim/sensor/sensor.ts';
import { drawnFinger } from './fingers.ts';
import { picture } from './pictures.ts';

const soon = () => AbortSignal.timeout(15_000);
const finger = drawnFinger(1);
const asImaged = finger.pixels.map(pixel => (pixel >> 4) * 17);
const openFiles = () => readdirSync('/proc/self/fd').length;

let folder: string;
let stop: AbortController;
const toClose: AsyncDisposable[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervise-'));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort(new Error('the test is over'));
  for (const resource of toClose.splice(0).reverse()) await resource[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function recorder() {
  const states: string[] = [];
  const waiting = new Map<string, () => void>();
  const onState = (state: DeviceState) => {
    states.push(state.state === 'failed' ? state.error.code : state.state);
    waiting.get(states.at(-1)!)?.();
  };
  /** Resolves at the next time that the state is entered. */
  const next = (name: string) => new Promise<void>(resolve => waiting.set(name, resolve));
  return { states, onState, next };
}

test('a scanner unplugged in mid-capture works again by itself when it is back', async () => {
  const sensor = startSensor({ finger: () => finger, link: join(folder, 'finger') });
  const { states, onState, next } = recorder();
  const scanner = supervise(scannerOpener({ kind: 'r30x', path: sensor.path }), {
    onState,
    signal: stop.signal,
  });
  toClose.push(sensor, scanner);
  sensor.arm({ unplugAfterBytes: 20_000 });
  const absent = next('DEVICE_NOT_FOUND');
  await expect(scanner.use((device, signal) => device.capture(signal), soon())).rejects.toMatchObject({
    code: 'DEVICE_GONE',
  });
  await absent;
  sensor.plug();
  const capture = await scanner.use((device, signal) => device.capture(signal), soon());
  expect(capture).toMatchObject({ kind: 'image', image: { pixels: asImaged } });
  expect([...new Set(states)]).toEqual(['starting', 'ready', 'DEVICE_GONE', 'DEVICE_NOT_FOUND']);
  expect(states.at(-1)).toBe('ready');
});

test('twenty times unplugged and back: each opening is fresh, nothing is left open', async () => {
  const sensor = startSensor({ finger: () => finger, link: join(folder, 'finger') });
  const { onState, next } = recorder();
  const scanner = supervise(scannerOpener({ kind: 'r30x', path: sensor.path }), {
    onState,
    signal: stop.signal,
  });
  toClose.push(sensor, scanner);
  const handles = new Set<object>();
  let before = 0;
  for (let round = 0; round < 20; round += 1) {
    const capture = await scanner.use((device, signal) => {
      handles.add(device);
      return device.capture(signal);
    }, soon());
    expect(capture.kind).toBe('image');
    if (round === 3) before = openFiles();
    if (round === 19) break;
    const gone = next('DEVICE_GONE');
    await sensor.unplug();
    await gone;
    sensor.plug();
  }
  expect(handles.size).toBe(20);
  expect(openFiles()).toBeLessThanOrEqual(before + 1);
});

test('a camera that freezes, and one that goes away, are opened anew', async () => {
  let count = 0;
  const jpegs = await Promise.all([0, 1, 2].map(seed => picture(seed)));
  const device = await startCamera({ nextFrame: async () => jpegs[count++ % 3]!, framesPerSecond: 50 });
  const { states, onState } = recorder();
  const open = cameraOpener({ kind: 'mjpeg-http', url: device.url, limits: { frozenAfterMs: 200 } });
  const camera = supervise(open, { onState, signal: stop.signal });
  toClose.push(device, camera);
  const watchFrames = (count: number) =>
    camera.use(async (handle, signal) => {
      let seen = 0;
      for await (const _ of handle.frames(signal)) if (++seen >= count) break;
      return seen;
    }, soon());
  expect(await watchFrames(10)).toBe(10);
  device.fault('freeze');
  await expect(watchFrames(Number.POSITIVE_INFINITY)).rejects.toMatchObject({ code: 'DEVICE_FROZEN' });
  device.fault(undefined);
  expect(await watchFrames(10)).toBe(10);
  const watched = watchFrames(Number.POSITIVE_INFINITY);
  await camera.use(async () => {}, soon());
  await device.unplug();
  await expect(watched).rejects.toBeInstanceOf(DeviceError);
  await device.plug();
  expect(await watchFrames(10)).toBe(10);
  expect(states).toContain('DEVICE_FROZEN');
});

test('a reader unplugged while somebody waits for a document', async () => {
  const reader = startReader({ link: join(folder, 'reader') });
  const lines = [
    'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<',
    'L898902C36UTO7408122F1204159ZE184226B<<<<<10',
  ];
  const { onState, next } = recorder();
  const supervised = supervise(readerOpener({ kind: 'serial-mrz', path: reader.path }), {
    onState,
    signal: stop.signal,
  });
  toClose.push(reader, supervised);
  const read = supervised.use((device, signal) => device.read(signal), soon());
  await supervised.use(async () => {}, soon());
  await reader.unplug();
  await expect(read).rejects.toMatchObject({ code: 'DEVICE_GONE' });
  const ready = next('ready');
  reader.plug();
  await ready;
  await reader.present(lines);
  expect(await supervised.use((device, signal) => device.read(signal), soon())).toEqual({
    kind: 'zone',
    lines,
  });
});

describe('waiting', () => {
  /** Notes the waits instead of spending them; `hold` keeps the next one for ever. */
  function clockOf(waits: number[], limit: number): SuperviseClock {
    return {
      random: () => 0,
      pause: (ms, signal) => {
        waits.push(ms);
        if (waits.length < limit) return Promise.resolve();
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    };
  }
  async function waitsOf(code: ConstructorParameters<typeof DeviceError>[0]): Promise<number[]> {
    const waits: number[] = [];
    const open = () => Promise.reject(new DeviceError(code, 'never opens'));
    const supervised = supervise(open, {
      signal: stop.signal,
      clock: clockOf(waits, 9),
      readyDeadlineMs: 50,
    });
    await expect(supervised.use(async () => {}, soon())).rejects.toMatchObject({ code });
    await supervised[Symbol.asyncDispose]();
    expect(supervised.state).toEqual({ state: 'stopped' });
    return waits;
  }

  test('grows from 0.4 s to 5 s between failures', async () => {
    expect(await waitsOf('DEVICE_FAULT')).toEqual([400, 800, 1600, 3200, 5000, 5000, 5000, 5000, 5000]);
  });

  test('but looks for an absent device each second', async () => {
    expect(await waitsOf('DEVICE_NOT_FOUND')).toEqual([400, 800, 1000, 1000, 1000, 1000, 1000, 1000, 1000]);
  });

  test('begins anew once the device worked', async () => {
    const waits: number[] = [];
    const open = async () => ({ async [Symbol.asyncDispose]() {} });
    const supervised = supervise(open, { signal: stop.signal, clock: clockOf(waits, 99) });
    const fail = () =>
      supervised.use(() => Promise.reject(new DeviceError('DEVICE_FAULT', 'broken')), soon());
    for (let i = 0; i < 3; i += 1) await expect(fail()).rejects.toMatchObject({ code: 'DEVICE_FAULT' });
    await new Promise(resolve => setImmediate(resolve));
    await supervised.use(async () => {}, soon());
    await expect(fail()).rejects.toMatchObject({ code: 'DEVICE_FAULT' });
    await new Promise(resolve => setImmediate(resolve));
    expect(waits).toEqual([400, 800, 1600, 200]);
    await supervised[Symbol.asyncDispose]();
  });
});

test('the handle that has just failed is given to nobody', async () => {
  const open = async () => ({ async [Symbol.asyncDispose]() {} });
  const supervised = supervise(open, { signal: stop.signal });
  toClose.push(supervised);
  const given: object[] = [];
  for (let i = 0; i < 3; i += 1) {
    const used = supervised.use(device => {
      given.push(device);
      return Promise.reject(new DeviceError('DEVICE_FAULT', 'broken'));
    }, soon());
    await expect(used).rejects.toMatchObject({ code: 'DEVICE_FAULT' });
  }
  await supervised.use(async device => given.push(device), soon());
  expect(new Set(given).size).toBe(4);
});

test('an ordinary error of the user closes nothing; stopping ends uses that wait', async () => {
  const sensor = startSensor({ finger: () => null, link: join(folder, 'finger') });
  const { states, onState } = recorder();
  const scanner = supervise(scannerOpener({ kind: 'r30x', path: sensor.path }), {
    onState,
    signal: stop.signal,
  });
  toClose.push(sensor);
  await expect(scanner.use(() => Promise.reject(new Error('mine')), soon())).rejects.toThrow('mine');
  const capture = scanner.use((device, signal) => device.capture(signal), soon());
  await scanner.use(async () => {}, soon());
  stop.abort(new Error('shutting down'));
  await expect(capture).rejects.toThrow('shutting down');
  await scanner[Symbol.asyncDispose]();
  expect(states).toEqual(['starting', 'ready', 'stopped']);
});

test('what is plugged in is listed, by its stable name', async () => {
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${text}\n`);
  };
  const link = (to: string, path: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(to, join(folder, path));
  };
  put('sys/devices/usb1/1-2/idVendor', '1A86');
  put('sys/devices/usb1/1-2/idProduct', '7523');
  put('sys/devices/usb1/1-2/product', 'USB Serial');
  put('sys/devices/usb1/1-2/1-2:1.0/ttyUSB0/port_number', '0');
  put('sys/devices/usb1/1-3/idVendor', '046d');
  put('sys/devices/usb1/1-3/idProduct', '0825');
  put('sys/devices/usb1/1-3/serial', 'A1B2');
  put('sys/devices/usb1/1-3/1-3:1.0/video4linux/video0/name', 'HD Webcam');
  put('sys/devices/virtual/tty/tty0/active', 'tty1');
  link(join(folder, 'sys/devices/usb1/1-2/1-2:1.0/ttyUSB0'), 'sys/class/tty/ttyUSB0/device');
  link(join(folder, 'sys/devices/virtual/tty/tty0'), 'sys/class/tty/tty0');
  put('sys/class/video4linux/video0/name', 'HD Webcam');
  link(join(folder, 'sys/devices/usb1/1-3/1-3:1.0'), 'sys/class/video4linux/video0/device');
  put('dev/ttyUSB0', '');
  link('../../ttyUSB0', 'dev/serial/by-id/usb-1a86_USB_Serial-if00-port0');
  expect(await listDevices(folder)).toEqual([
    {
      bus: 'serial',
      path: '/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0',
      node: '/dev/ttyUSB0',
      vendorId: '1a86',
      productId: '7523',
      serial: '',
      description: 'USB Serial',
    },
    {
      bus: 'video',
      path: '/dev/video0',
      node: '/dev/video0',
      vendorId: '046d',
      productId: '0825',
      serial: 'A1B2',
      description: 'HD Webcam',
    },
  ]);
  for (const device of await listDevices()) expect(device.node).toMatch(/^\/dev\//);
});
