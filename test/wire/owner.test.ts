/** What happens to a device when the process that owns it crashes, hangs, or loses its agent. */
import { spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DeviceError, type FingerCapture } from '../../drivers/device.ts';
import { openHid } from '../../drivers/link/hid.ts';
import { encodeHead, FrameReader } from '../../drivers/link/owner-wire.ts';
import { openSerial } from '../../drivers/link/serial.ts';
import { openR30x } from '../../drivers/r30x/driver.ts';
import { R503_FORMAT } from '../../drivers/r30x/image.ts';
import { readerOpener, scannerOpener } from '../../drivers/registry.ts';
import { supervise } from '../../drivers/supervise.ts';
import { openPty } from '../../sim/pty.ts';
import { startReader } from '../../sim/reader/reader.ts';
import { startSensor } from '../../sim/sensor/sensor.ts';
import { childrenOf, ownerOf } from '../fixtures/owners.ts';

const soon = () => AbortSignal.timeout(25_000);
const PATIENCE_MS = 60_000;
/** No two places of it are alike, so that any part of it can be looked for. */
const pixels = new Uint8Array(192 * 192);
for (let i = 0, state = 1; i < pixels.length; i += 1) {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  pixels[i] = (state >>> 28) * 17;
}
const finger = { width: 192, height: 192, pixels };

let folder: string;
let stop: AbortController;
const toClose: AsyncDisposable[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'owner-'));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort(new Error('the test is over'));
  for (const resource of toClose.splice(0).reverse()) await resource[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
  expect(childrenOf()).toEqual([]);
});

async function until<T>(found: () => T | undefined | false): Promise<T> {
  for (const signal = soon(); ; await sleep(5, undefined, { signal })) {
    const value = found();
    if (value !== undefined && value !== false) return value;
  }
}

/** All that a process has read so far, from any file. */
const bytesRead = (pid: number) => Number(/^rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);

/** A scanner whose sensor sends as slowly as a line of 115,200 baud does, two seconds an image. */
function slowScanner() {
  const sensor = startSensor({
    finger: () => finger,
    link: join(folder, 'finger'),
    paced: true,
    width: 192,
    height: 192,
    flash: { speedCode: 12 },
  });
  const settings = { kind: 'r30x', path: sensor.path, baud: 115_200, image: R503_FORMAT } as const;
  const scanner = supervise(scannerOpener(settings), { signal: stop.signal });
  toClose.push(sensor, scanner);
  const capture = (within: AbortSignal) => scanner.use((device, signal) => device.capture(signal), within);
  return { path: sensor.path, capture };
}

/** An image, however often a machine that has much else to do is too slow for the sensor. */
async function patiently(capture: (within: AbortSignal) => Promise<FingerCapture>) {
  for (const within = AbortSignal.timeout(PATIENCE_MS); ; ) {
    try {
      const taken = await capture(within);
      return taken.kind === 'image' ? taken.image.pixels : taken.kind;
    } catch (error) {
      if (!(error instanceof DeviceError) || within.aborted) throw error;
    }
  }
}

const counted = () => ({
  files: readdirSync('/proc/self/fd').length,
  listeners: getEventListeners(stop.signal, 'abort').length,
  processes: childrenOf().length,
});

test.each([
  ['SIGSEGV', 'DEVICE_GONE'],
  ['SIGKILL', 'DEVICE_GONE'],
  ['SIGSTOP', 'DEVICE_TIMEOUT'],
] as const)(
  '%s in the middle of an image is %s; then it goes on',
  {
    timeout: 2 * PATIENCE_MS,
  },
  async (signal, code) => {
    const { path, capture } = slowScanner();
    await patiently(capture);
    const before = counted();
    const owner = await until(() => ownerOf(path));
    const first = bytesRead(owner);
    const failed = capture(soon());
    failed.catch(() => {});
    await until(() => bytesRead(owner) - first > 5_000);
    process.kill(owner, signal);
    await expect(failed).rejects.toMatchObject({ name: 'DeviceError', code });
    expect(await patiently(capture)).toEqual(pixels);
    expect(ownerOf(path)).not.toBe(owner);
    expect(counted()).toEqual(before);
  },
);

test('a process that hangs is noticed while its device has nothing to say', async () => {
  await using reader = startReader({ link: join(folder, 'reader') });
  const link = await openSerial(reader.path, 9_600, soon());
  toClose.push(link);
  const waiting = link.read(soon());
  waiting.catch(() => {});
  process.kill(ownerOf(reader.path) ?? 0, 'SIGSTOP');
  expect(await link.lost).toMatchObject({ code: 'DEVICE_TIMEOUT' });
  await expect(waiting).rejects.toMatchObject({ code: 'DEVICE_TIMEOUT' });
  await link.close();
  const read = supervise(readerOpener({ kind: 'serial-mrz', path: reader.path }), { signal: stop.signal });
  toClose.push(read);
  await read.use(async () => {}, soon());
});

test('an agent that is killed leaves no process behind, and its port free', async () => {
  await using pty = openPty(join(folder, 'tty'));
  const program = `
    import { openSerial } from '${new URL('../../drivers/link/serial.ts', import.meta.url)}';
    await openSerial('${pty.path}', 57600, AbortSignal.timeout(20000));
    console.log('open');
    setInterval(() => {}, 1000);`;
  const agent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(agent.stdout, 'data');
  const owner = ownerOf(pty.path, agent.pid) ?? 0;
  await expect(openSerial(pty.path, 57_600, soon())).rejects.toMatchObject({
    code: 'DEVICE_IN_USE',
    message: expect.stringContaining(`vantay-serial (process ${owner}) holds it`),
  });
  agent.kill('SIGKILL');
  await once(agent, 'exit');
  await until(() => !isRunning(owner));
  toClose.push(await openSerial(pty.path, 57_600, soon()));
});

function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

test('nothing of a finger stays in the memory of the process that read it', async () => {
  await using sensor = startSensor({
    finger: () => finger,
    link: join(folder, 'finger'),
    width: 192,
    height: 192,
  });
  await using scanner = await openR30x({ path: sensor.path, image: R503_FORMAT }, soon());
  expect(await scanner.capture(soon())).toMatchObject({ kind: 'image', image: { pixels } });
  const memory = memoryOf(ownerOf(sensor.path) ?? 0);
  const holds = (what: string | Buffer) => memory.some(part => part.includes(what));
  expect(holds('serial-host.ts')).toBe(true);
  // On the line a byte is two pixels, the left one above.
  const sent = Buffer.alloc(pixels.length / 2);
  for (const i of sent.keys()) sent[i] = (pixels[2 * i]! & 0xf0) | (pixels[2 * i + 1]! >> 4);
  for (let row = 0; row < 192; row += 24) expect(holds(sent.subarray(96 * row, 96 * row + 16))).toBe(false);
});

/** What a process could write to: heaps, stacks, and the rest of its own. */
function memoryOf(pid: number): readonly Buffer[] {
  const file = openSync(`/proc/${pid}/mem`, 'r');
  try {
    const maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
    return [...maps.matchAll(/^(\w+)-(\w+) rw/gm)].map(([, from, to]) => {
      const at = BigInt(`0x${from}`);
      const part = Buffer.alloc(Number(BigInt(`0x${to}`) - at));
      return part.subarray(0, readSync(file, part, 0, part.length, at));
    });
  } finally {
    closeSync(file);
  }
}

test('a HID device that is none is refused, and its process gone', async () => {
  await expect(openHid('/dev/null', soon())).rejects.toMatchObject({
    code: expect.stringMatching(/^DEVICE_(FAULT|IN_USE)$/),
  });
});

test('frames are read as they were written, however they are cut; what is none is refused', () => {
  const words = [
    { word: { kind: 'input' }, bytes: Buffer.from('finger') },
    { word: { kind: 'done', id: 7 }, bytes: Buffer.alloc(0) },
  ];
  const stream = Buffer.concat(words.flatMap(({ word, bytes }) => [encodeHead(word, bytes.length), bytes]));
  expect(stream.toString('latin1', 0, 30)).toBe('\0\0\0\x10\0\0\0\x06{"kind":"input"}finger');
  for (const step of [1, 3, 7, stream.length]) {
    const reader = new FrameReader();
    const heard = [];
    for (let at = 0; at < stream.length; at += step)
      heard.push(...reader.push(stream.subarray(at, at + step)));
    expect(heard).toEqual(words);
  }
  expect(() => new FrameReader().push(Buffer.alloc(9, 0xff))).toThrow(RangeError);
  expect(() => new FrameReader().push(Buffer.from('\0\0\0\x01\0\0\0\0x', 'latin1'))).toThrow(SyntaxError);
});
