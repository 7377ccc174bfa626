/** What is checked within the guest, by a user without rights: the drivers on a real kernel. Talks to the host by lines. */
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeviceError, type FingerScanner } from '../../drivers/device.ts';
import { type ListedDevice, listDevices } from '../../drivers/list-devices.ts';
import { openR30x, type R30xSettings } from '../../drivers/r30x/driver.ts';
import { type Supervised, supervise } from '../../drivers/supervise.ts';
import { drawnFinger } from '../wire/fingers.ts';

const FOUND_WITHIN_MS = 60_000;
const USE_DEADLINE_MS = 60_000;
/** Each is pulled out so often; the bridge's driver starts a process each time. */
const CYCLES = { 'cdc-acm': 30, cp2110: 20 } as const;
/** Bytes of an image on a sensor's UART. */
const IMAGE_WIRE_BYTES = 288 * 139 + 24;

const SERIAL = { bridge: 'SIM00001', serial: 'SIM00002', uhid: 'SIM00003' } as const;

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
  const capture = await scanner.use((device, signal) => device.capture(signal), within());
  demand(
    capture.kind === 'image' && asImaged(finger).equals(capture.image.pixels),
    `${name}: the image is another one`,
  );
  say(`${name}: image of 256 x 288 as on the glass, ${Math.round(performance.now() - startedMs)} ms`);
}

async function cycles(name: Name, settings: R30xSettings): Promise<void> {
  await using scanner = supervise(signal => openR30x(settings, signal), {
    signal: new AbortController().signal,
  });
  await scanner.use(async () => {}, within()).catch(() => scanner.use(async () => {}, within()));
  await image(scanner, name);
  let files = 0;
  for (let cycle = 0; cycle < CYCLES[name]; cycle += 1) {
    process.stdout.write(`ASK ${name} ${(cycle * 7_919 + 1) % IMAGE_WIRE_BYTES}\n`);
    // The host hears of it a moment later.
    await sleep(50);
    const outcome = await scanner
      .use((device, signal) => device.capture(signal), within())
      .then(
        ({ kind }) => kind,
        error => (error instanceof DeviceError ? error.code : String(error)),
      );
    demand(outcome === 'DEVICE_GONE', `${name}: unplugged for the ${cycle + 1}th time, ${outcome} came`);
    for (;;) {
      const ready = await scanner.use(async () => true, within()).catch(() => false);
      if (ready) break;
    }
    if (cycle === 2) files = (await readdir('/proc/self/fd')).length;
  }
  await image(scanner, name);
  const leaked = (await readdir('/proc/self/fd')).length - files;
  say(
    `${name}: ${CYCLES[name]} times unplugged in an image and back in use; ${leaked} files more than before`,
  );
}

/** The same bridge through /dev/uhid; it has the vendor and product of the other one. */
async function withoutUsb(settings: R30xSettings): Promise<void> {
  await using scanner = supervise(signal => openR30x(settings, signal), {
    signal: new AbortController().signal,
  });
  await scanner.use(async () => {}, within());
  await image(scanner, 'cp2110 over uhid', 2);
}

try {
  for (const serial of Object.values(SERIAL)) {
    const { path, node, vendorId, productId, description } = await until(listed(serial), serial);
    say(`${path} (${node}): ${vendorId}:${productId}:${serial}, ${description}`);
  }
  await Promise.all([
    cycles('cdc-acm', { path: `usb:1209:0002:${SERIAL.serial}` }),
    cycles('cp2110', { path: `usb:10c4:ea80:${SERIAL.bridge}`, link: 'cp2110', baud: 57_600 }),
    withoutUsb({ path: `usb:10c4:ea80:${SERIAL.uhid}`, link: 'cp2110', baud: 57_600 }),
  ]);
} catch (error) {
  say(`FAILED: ${error instanceof Error ? error.stack?.replaceAll('\n', ' ') : error}`);
  process.exitCode = 1;
}
