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
import { cdcAcmSensor } from '../../sim/usb/cdc-acm.ts';
import { cp2110WithSensor } from '../../sim/usb/cp2110.ts';
import { UsbDevice } from '../../sim/usb/device.ts';
import { serveUsbredir } from '../../sim/usb/usbredir.ts';
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

const devices = [await plugged('cp2110', cp2110WithSensor), await plugged('cdc-acm', cdcAcmSensor)];
/** What the signal light was told, as colours. */
const fades: string[] = [];
const lightPath = join(folder, 'light.sock');
const light = new UsbDevice(() => blink1(({ colour }) => fades.push(colour.join())));
const redirectedLight = await serveUsbredir(light, lightPath);
/** Ready, capture, error, and dark when it is closed. */
const FADES_EXPECTED = ['0,160,0', '0,60,255', '255,0,0', '0,0,0'];

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
    ...[...devices, { name: 'light', path: lightPath }].flatMap(({ name, path }) => [
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
  else if (word === 'SAY') say(rest.join(' '));
  else if (word === 'EXIT') exit = Number(rest[0]);
  else if (line.trim() !== '') say(`| ${line.trim()}`);
}
await exited;
clearTimeout(late);
for (const redirected of [redirectedLight, ...devices.map(each => each.redirected)])
  await redirected[Symbol.asyncDispose]();
await rm(folder, { recursive: true });
say(`signal light: ${fades.join(' ')}`);
if (fades.slice(-FADES_EXPECTED.length).join(' ') !== FADES_EXPECTED.join(' ')) exit ||= 1;
say(exit === 0 ? 'all checks hold' : `FAILED with ${exit}`);
process.exitCode = exit;
