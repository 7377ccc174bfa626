/** What is checked within the guest, by a user without rights: the drivers on a real kernel. Talks to the host by lines. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceError, type FingerScanner } from '../../drivers/device.ts';
import { openFfmpeg } from '../../drivers/ffmpeg/driver.ts';
import { type ListedDevice, listDevices } from '../../drivers/list-devices.ts';
import { openR30x, type R30xSettings } from '../../drivers/r30x/driver.ts';
import { type LightSettings, lightOpener, readerOpener } from '../../drivers/registry.ts';
import { type Supervisable, type Supervised, supervise } from '../../drivers/supervise.ts';
import { ownerOf } from '../fixtures/owners.ts';
import mrz from '../fixtures/wire/mrz.json' with { type: 'json' };
import { drawnFinger } from '../wire/fingers.ts';

const FOUND_WITHIN_MS = 120_000;
/** Far more than any use takes; a busy host may emulate ten times slower than a quiet one. */
const USE_DEADLINE_MS = 300_000;
/** Each is pulled out so often, and a process started for it each time. */
const CYCLES = { 'cdc-acm': 25, cp2110: 25 } as const;
/** Bytes of an image on a sensor's UART. */
const IMAGE_WIRE_BYTES = 288 * 139 + 24;

const SERIAL = {
  bridge: 'SIM00001',
  serial: 'SIM00002',
  uhid: 'SIM00003',
  blink1: 'SIM00004',
  scanner: 'SIM00005',
  busylight: 'SIM00006',
} as const;

/** Frames taken from the camera. */
const FRAMES = 12;

type Name = keyof typeof CYCLES;
const say = (text: string) => process.stdout.write(`SAY ${text}\n`);
const within = () => AbortSignal.timeout(USE_DEADLINE_MS);
/** The sensors have four bits a pixel. */
const asImaged = (finger: number) => Buffer.from(drawnFinger(finger).pixels.map(pixel => (pixel >> 4) * 17));

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

async function until(found: () => Promise<ListedDevice | undefined>, what: string): Promise<ListedDevice> {
  const endMs = performance.now() + FOUND_WITHIN_MS;
  for (;;) {
    const device = await found();
    if (device) return device;
    demand(performance.now() < endMs, `${what} did not appear`);
    await sleep(100);
  }
}

const listed = (serial: string) => async () => (await listDevices()).find(device => device.serial === serial);

async function image(scanner: Supervised<FingerScanner>, name: string, finger = 1): Promise<void> {
  const startedMs = performance.now();
  // On a busy host the emulated machine may be so slow that a sensor seems silent.
  const capture = await patiently(scanner, (device, signal) => device.capture(signal));
  demand(
    capture.kind === 'image' && asImaged(finger).equals(capture.image.pixels),
    `${name}: the image is another one`,
  );
  say(`${name}: image of 256 x 288 as on the glass, ${Math.round(performance.now() - startedMs)} ms`);
}

/** Until it has worked once: while a device is not there, whoever asks is told so. */
async function patiently<D extends Supervisable, R>(
  device: Supervised<D>,
  work: (opened: D, signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const signal = within();
  for (;;) {
    try {
      return await device.use(work, signal);
    } catch (error) {
      if (!(error instanceof DeviceError) || signal.aborted) throw error;
    }
  }
}

/** How often the host is asked: on a busy one it hears late, and the kernel's own words can fall into the line. */
const ASKED_AT_MOST = 8;

/** Has the cable pulled after so many bytes of an image, and asks for images until it is; how that ended. */
async function pulled(scanner: Supervised<FingerScanner>, name: Name, afterBytes: number): Promise<string> {
  for (let asked = 0, outcome = 'image'; ; ) {
    if (outcome === 'image') {
      if (asked === ASKED_AT_MOST) return outcome;
      asked += 1;
      process.stdout.write(`\nASK ${name} ${afterBytes}\n`);
      // The host hears of it a moment later.
      await sleep(50);
    }
    outcome = await scanner
      .use((device, signal) => device.capture(signal), within())
      .then(
        ({ kind }) => kind,
        error => (error instanceof DeviceError ? error.code : String(error)),
      );
    if (outcome !== 'DEVICE_TIMEOUT' && outcome !== 'image') return outcome;
  }
}

async function cycles(name: Name, settings: R30xSettings): Promise<void> {
  await using scanner = supervise(signal => openR30x(settings, signal), {
    signal: new AbortController().signal,
  });
  await patiently(scanner, async () => {});
  await image(scanner, name);
  let files = 0;
  for (let cycle = 0; cycle < CYCLES[name]; cycle += 1) {
    const outcome = await pulled(scanner, name, (cycle * 7_919 + 1) % IMAGE_WIRE_BYTES);
    demand(outcome === 'DEVICE_GONE', `${name}: unplugged for the ${cycle + 1}th time, ${outcome} came`);
    await patiently(scanner, async () => {});
    if (cycle === 2) files = (await readdir('/proc/self/fd')).length;
  }
  await image(scanner, name);
  const leaked = (await readdir('/proc/self/fd')).length - files;
  say(
    `${name}: ${CYCLES[name]} times unplugged in an image and back in use; ${leaked} files more than before`,
  );
}

/** What the process that owns a device meets in the middle of an image, and what becomes of the image. */
const CRASHES = { SIGSEGV: 'DEVICE_GONE', SIGSTOP: 'DEVICE_TIMEOUT' } as const;
/** Of an image that has some 40,000. */
const CRASH_AFTER_BYTES = 5_000;

/** All that a process has read so far, from any file; more than anything once it has gone. */
const bytesRead = (pid: number) =>
  readFile(`/proc/${pid}/io`, 'utf8').then(
    text => Number(/^rchar: (\d+)/.exec(text)?.[1]),
    () => Number.POSITIVE_INFINITY,
  );

/** Sends a signal to the process that owns a device, in the middle of an image; how that ended. */
async function struck(scanner: Supervised<FingerScanner>, node: string, signal: string): Promise<string> {
  await patiently(scanner, async () => {});
  const owner = ownerOf(node) ?? 0;
  const first = await bytesRead(owner);
  const outcome = scanner
    .use((device, inner) => device.capture(inner), within())
    .then(
      ({ kind }) => kind,
      error => (error instanceof DeviceError ? error.code : String(error)),
    );
  let over = false;
  void outcome.then(() => {
    over = true;
  });
  while (!over && (await bytesRead(owner)) - first < CRASH_AFTER_BYTES) await sleep(5);
  if (!over && ownerOf(node) === owner) process.kill(owner, signal);
  return outcome;
}

/** Native code that crashes or hangs costs an image, and nothing else. */
async function crashes(scanner: Supervised<FingerScanner>, name: string, node: string): Promise<void> {
  for (const [signal, code] of Object.entries(CRASHES)) {
    let outcome = '';
    // On a busy host the sensor can seem silent before that.
    for (let tries = 0; tries < ASKED_AT_MOST && outcome !== code; tries += 1)
      outcome = await struck(scanner, node, signal);
    demand(outcome === code, `${name}: ${signal} in the process that owns it, ${outcome} came`);
    say(`${name}: ${signal} in the process that owns it in the middle of an image: ${outcome}`);
  }
}

/** The same bridge through /dev/uhid; it has the vendor and product of the other one. */
async function withoutUsb(settings: R30xSettings): Promise<void> {
  await using scanner = supervise(signal => openR30x(settings, signal), {
    signal: new AbortController().signal,
  });
  await patiently(scanner, async () => {});
  const { node } = await until(listed(SERIAL.uhid), SERIAL.uhid);
  await crashes(scanner, 'cp2110 over uhid', node);
  await image(scanner, 'cp2110 over uhid', 2);
}

/** A camera of the kernel's video layer: what the driver gives are the pictures that were put in, byte for byte. */
async function camera(film: string): Promise<void> {
  const shown = await readFile(film);
  // The camera takes no pictures before somebody feeds it.
  await using device = supervise(signal => openFfmpeg({ input: '/dev/video0' }, signal), {
    signal: new AbortController().signal,
  });
  const frames = await patiently(device, async (opened, signal) => {
    const taken: Buffer[] = [];
    for await (const { jpeg } of opened.frames(signal)) if (taken.push(Buffer.from(jpeg)) === FRAMES) break;
    return taken;
  });
  demand(
    frames.every(frame => shown.includes(frame)),
    'the camera shows pictures that were not put in',
  );
  const different = new Set(frames.map(frame => frame.toString('base64'))).size;
  demand(different > 2, 'the camera shows one picture only');
  say(`camera: ${frames.length} frames through /dev/video0, byte for byte, ${different} different ones`);
}

/** The host sees the colours. */
async function signalLight(settings: LightSettings): Promise<void> {
  await using light = supervise(lightOpener(settings), { signal: new AbortController().signal });
  await patiently(light, async opened => {
    for (const what of ['ready', 'capture', 'error'] as const) await opened.show(what);
  });
}

/** What befalls the first report of a code; the bus has to recover, and the next code to be read. */
const SCANS = ['', 'stall', 'babble', 'short'] as const;
/** A code that a fault has eaten is held before the scanner again. */
const SCAN_AGAIN_MS = 2_000;

/** The host holds documents before the scanner, by turns, as codes that take two reports. */
async function scan(path: string): Promise<void> {
  await using reader = supervise(readerOpener({ kind: 'hid-pos', path }), {
    signal: new AbortController().signal,
  });
  await patiently(reader, async () => {});
  for (const [turn, fault] of SCANS.entries()) {
    const document = turn % mrz.documents.length;
    const wanted = mrz.documents[document]!.lines.join();
    for (let read = '', how: string = fault; read !== wanted; how = '') {
      read = await reader
        .use(async (opened, signal) => {
          process.stdout.write(`SCAN ${document} ${how}\n`);
          const reading = await opened.read(AbortSignal.any([signal, AbortSignal.timeout(SCAN_AGAIN_MS)]));
          return reading.kind === 'zone' ? reading.lines.join() : '';
        }, within())
        .catch(error => (error instanceof DeviceError ? Promise.reject(error) : ''));
    }
  }
  say('bar code scanner: zones out of codes in two reports; again after a stall, babble, a short report');
}

try {
  for (const serial of Object.values(SERIAL)) {
    const { path, node, vendorId, productId, description } = await until(listed(serial), serial);
    say(`${path} (${node}): ${vendorId}:${productId}:${serial}, ${description}`);
  }
  await Promise.all([
    signalLight({ kind: 'blink1', path: `usb:27b8:01ed:${SERIAL.blink1}` }),
    signalLight({ kind: 'busylight', path: `usb:27bb:3bcd:${SERIAL.busylight}` }),
    scan(`usb:1209:0003:${SERIAL.scanner}`),
    camera(process.env.FILM ?? ''),
  ]);
  await Promise.all([
    cycles('cdc-acm', { path: `usb:1209:0002:${SERIAL.serial}` }),
    cycles('cp2110', { path: `usb:10c4:ea80:${SERIAL.bridge}`, link: 'cp2110', baud: 57_600 }),
    withoutUsb({ path: `usb:10c4:ea80:${SERIAL.uhid}`, link: 'cp2110', baud: 57_600 }),
  ]);
} catch (error) {
  say(`FAILED: ${error instanceof Error ? error.stack?.replaceAll('\n', ' ') : error}`);
  // Whatever else is going on is of no interest any more.
  process.exit(1);
}
