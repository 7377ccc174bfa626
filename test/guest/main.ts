/**
 * `npm run test:guest`: boots Debian's kernel in QEMU and drives simulated USB devices there with the real drivers, as a
 * user without rights. Prints each check as the guest tells it; exit code 0 when all hold.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { blink1 } from '../../sim/usb/blink1.ts';
import { busylight } from '../../sim/usb/busylight.ts';
import { cdcAcmSensor } from '../../sim/usb/cdc-acm.ts';
import { cp2110WithSensor } from '../../sim/usb/cp2110.ts';
import { type ToHost, UsbDevice, type UsbModel } from '../../sim/usb/device.ts';
import type { UsbFaults } from '../../sim/usb/faults.ts';
import { posScanner } from '../../sim/usb/pos-scanner.ts';
import { serveUsbredir } from '../../sim/usb/usbredir.ts';
import cdc from '../fixtures/wire/cdc.json' with { type: 'json' };
import mrz from '../fixtures/wire/mrz.json' with { type: 'json' };
import { drawnFinger } from '../wire/fingers.ts';
import { picture } from '../wire/pictures.ts';
import { guestKernel, initialRamdisk } from './kernel.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const DEADLINE_MS = 900_000;
/** As many pictures, each another one. */
const FILM_SEEDS = [1, 2, 3, 4, 5, 6, 7, 8];
/** A technician's hand is slower. */
const REPLUG_AFTER_MS = 100;
/** Opens on hosts where it does not work; whoever knows that it does says so. */
const ACCELERATION = process.env.VANTAY_GUEST_KVM ? 'kvm' : 'tcg,thread=multi';

const startedAtMs = performance.now();
const say = (text: string) =>
  process.stdout.write(`${((performance.now() - startedAtMs) / 1000).toFixed(1).padStart(6)} s  ${text}\n`);

const folder = await mkdtemp(join(tmpdir(), 'guest-'));
const cache = join(REPOSITORY, '.state/guest');
await mkdir(cache, { recursive: true });
const kernel = await guestKernel(cache);
const film = join(folder, 'film.mjpeg');
await writeFile(film, Buffer.concat(await Promise.all(FILM_SEEDS.map(seed => picture(seed, 320, 240)))));
// The guest's user reads the film with no rights but everybody's.
await chmod(folder, 0o755);
const ramdisk = await initialRamdisk(kernel, folder, {
  init: new URL('./init', import.meta.url),
  // To see the host's files.
  modules: ['virtio_pci', '9p', '9pnet_virtio'],
  environment: {
    REPOSITORY,
    NODE: process.execPath,
    MODULES: kernel.root,
    LOOPBACK: kernel.loopback,
    FILM: film,
  },
});

const finger = drawnFinger(1);

/** A sensor on the guest's bus that comes back by itself. */
async function plugged(name: string, make: typeof cp2110WithSensor) {
  const path = join(folder, `${name}.sock`);
  let arm: ReturnType<ReturnType<typeof make>>['arm'] = () => {};
  const device = new UsbDevice(toHost => {
    const model = make(
      () => finger,
      () => {
        redirected.unplug();
        void sleep(REPLUG_AFTER_MS).then(() => redirected.plug());
      },
    )(toHost);
    arm = model.arm;
    return model;
  });
  const redirected = await serveUsbredir(device, path);
  return { name, path, redirected, arm };
}

/** Each line coding that the kernel's cdc-acm asked for, as bytes. */
const lineCodings = new Set<string>();
const SET_LINE_CODING = 0x20;
const heardSensor: typeof cdcAcmSensor = (lain, unplug) => toHost => {
  const model = cdcAcmSensor(lain, unplug)(toHost);
  return {
    ...model,
    control(setup, data) {
      if (setup.type === 0x21 && setup.request === SET_LINE_CODING) lineCodings.add(data.toString('hex'));
      return model.control(setup, data);
    },
  };
};
const devices = [await plugged('cp2110', cp2110WithSensor), await plugged('cdc-acm', heardSensor)];
/** What the signal lights showed, as colours. */
const shown = { blink1: [] as string[], busylight: [] as string[] };
/** Ready, capture, error, and dark when it is closed. */
const EXPECTED = {
  blink1: '0,160,0 0,60,255 255,0,0 0,0,0',
  busylight: '0,63,0 0,24,100 100,0,0 0,0,0',
};

/** A device that stays where it is. */
async function fixed<M extends UsbModel>(name: string, make: (toHost: ToHost) => M) {
  const path = join(folder, `${name}.sock`);
  const device = new UsbDevice(make);
  return { name, path, device, redirected: await serveUsbredir(device, path) };
}

const scanner = await fixed('scanner', posScanner);
const others = [
  await fixed('blink1', () => blink1(({ colour }) => shown.blink1.push(colour.join()))),
  await fixed('busylight', () => busylight(percent => shown.busylight.push(percent.join()))),
  scanner,
];
const FAULTS: Readonly<Record<string, UsbFaults>> = {
  stall: { stallTransfers: 1 },
  babble: { babbleTransfers: 1 },
  short: { shortTransfers: 1, shortBytes: 9 },
};

/** Holds a document before the scanner, and spoils that as the guest asks. */
function scan(document: number, fault: string): void {
  scanner.device.arm(FAULTS[fault] ?? {});
  scanner.device.model.scan(']Q1', Buffer.from(mrz.documents[document]!.lines.join('\r')));
}

say(`Linux ${kernel.version}, acceleration ${ACCELERATION}`);
const machine = spawn(
  'qemu-system-x86_64',
  [
    ...['-M', 'pc', '-accel', ACCELERATION, '-cpu', 'max', '-smp', '2', '-m', '1024'],
    ...['-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
    ...['-kernel', kernel.image, '-initrd', ramdisk],
    // The counter of cycles is measured at boot; on a busy host it came out so wrong that guest time ran four times too fast.
    ...[
      '-append',
      'console=ttyS0 quiet panic=-1 tsc=unstable clocksource=acpi_pm no_timer_check mitigations=off',
    ],
    ...['-fsdev', 'local,id=host,path=/,security_model=none,readonly=on,multidevs=remap'],
    ...['-device', 'virtio-9p-pci,fsdev=host,mount_tag=host'],
    ...['-device', 'qemu-xhci,id=usb'],
    ...[...devices, ...others].flatMap(({ name, path }) => [
      ...['-chardev', `socket,id=${name},path=${path}`],
      ...['-device', `usb-redir,chardev=${name},bus=usb.0`],
    ]),
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
const late = setTimeout(() => {
  say(`TOO LATE: not done within ${DEADLINE_MS / 1000} s`);
  machine.kill('SIGKILL');
}, DEADLINE_MS);

let exit = 1;
const exited = once(machine, 'exit');
for await (const line of createInterface({ input: machine.stdout })) {
  const [word, ...rest] = line.trim().split(' ');
  // `ASK cp2110 1234`: pull that device out after so many more bytes.
  if (word === 'ASK')
    devices.find(({ name }) => name === rest[0])?.arm({ unplugAfterBytes: Number(rest[1]) });
  else if (word === 'SCAN') scan(Number(rest[0]), rest[1] ?? '');
  else if (word === 'SAY') say(rest.join(' '));
  else if (word === 'EXIT') exit = Number(rest[0]);
  else if (line.trim() !== '') say(`| ${line.trim()}`);
}
await exited;
clearTimeout(late);
for (const { redirected } of [...others, ...devices]) await redirected[Symbol.asyncDispose]();
await rm(folder, { recursive: true });
for (const name of ['blink1', 'busylight'] as const) {
  say(`${name}: ${shown[name].join(' ')}`);
  if (!shown[name].join(' ').endsWith(EXPECTED[name])) exit ||= 1;
}
/** The sensor's speed and the kernel's first, and no other: {@link cdc} is the golden bytes of the wire tests. */
const asked = [...lineCodings].sort().join(' ');
say(`line codings asked of the serial sensor: ${asked}`);
const codings = cdc.lineCodings.slice(0, 2).map(({ bytes }) => bytes.replaceAll(' ', ''));
if (asked !== codings.sort().join(' ')) exit ||= 1;
say(exit === 0 ? 'all checks hold' : `FAILED with ${exit}`);
process.exitCode = exit;
