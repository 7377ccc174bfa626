/** A kiosk's machine in QEMU: a disk that notes what it is told to write, a TPM, two USB serial ports, a network. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { GuestKernel } from '../guest/kernel.ts';
import { monitorPath } from './monitor.ts';

/** Opens on hosts where it does not work; whoever knows that it does says so. */
const ACCELERATION = process.env.VANTAY_GUEST_KVM ? 'kvm' : 'tcg,thread=multi';
/** As the unit of the screen has it. */
export const SCREEN_PORT = 8420;
const SHELL_PORT = 2222;
/** Longest wait for swtpm's socket. */
const SOCKET_DEADLINE_MS = 10_000;
/** From power on to a shell, on a host with other work. */
const BOOT_DEADLINE_MS = 600_000;

export interface MachineParts {
  readonly kernel: GuestKernel;
  readonly ramdisk: string;
  /** A raw image, which is left as it is: the machine writes into a copy. */
  readonly disk: string;
  /** Folder of sockets, logs, and the TPM's memory, which outlasts the machine. */
  readonly folder: string;
  /** Serial number of a USB serial adapter -> tty that it is the other end of. */
  readonly adapters: Readonly<Record<string, string>>;
  /** Ports of 127.0.0.1 that lead to the shell and the screen. */
  readonly ports: { readonly shell: number; readonly screen: number };
  /** None unless told. */
  readonly display?: Display;
}

/** A display without acceleration, with a pointer that knows its place on it, and a keyboard. */
export interface Display {
  readonly widthPx: number;
  readonly heightPx: number;
}

export class Machine implements AsyncDisposable {
  /** What the disk was told to write, for `cutPower`. */
  readonly log: string;
  readonly #parts: MachineParts;
  readonly #qemu: ChildProcess;
  readonly #tpm: ChildProcess;
  readonly #gone: Promise<unknown>;

  private constructor(parts: MachineParts, log: string, qemu: ChildProcess, tpm: ChildProcess) {
    this.#parts = parts;
    this.log = log;
    this.#qemu = qemu;
    this.#tpm = tpm;
    this.#gone = Promise.all([once(qemu, 'exit'), once(tpm, 'exit')]);
  }

  /** Powers on, and waits for a shell. @throws when there is none in time */
  static async boot(parts: MachineParts): Promise<Machine> {
    const { folder } = parts;
    const log = join(folder, 'writes');
    await writeFile(log, '');
    const written = join(folder, 'written.ext4');
    await promisify(execFile)('cp', ['--sparse=always', parts.disk, written]);
    const tpm = await startTpm(folder);
    const qemu = spawn('qemu-system-x86_64', words(parts, log, written), {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const console = createWriteStream(join(folder, 'console.log'), { flags: 'a' });
    qemu.stdout.pipe(console, { end: false });
    qemu.stderr.pipe(console, { end: false });
    const machine = new Machine(parts, log, qemu, tpm);
    try {
      const endMs = performance.now() + BOOT_DEADLINE_MS;
      while ((await machine.shell('true').catch(() => null)) === null) {
        if (qemu.exitCode !== null) throw new Error(`QEMU ended: see ${join(folder, 'console.log')}`);
        if (performance.now() > endMs) throw new Error('the machine has no shell in time');
        await sleep(500);
      }
      return machine;
    } catch (error) {
      await machine.kill();
      throw error;
    }
  }

  get screen(): string {
    return `http://127.0.0.1:${this.#parts.ports.screen}`;
  }

  /**
   * Runs a script as root.
   * @param onLine told each line of its output as it comes
   * @returns its output. @throws when it fails, or when the machine goes away
   */
  async shell(script: string, onLine: (line: string) => void = () => undefined): Promise<string> {
    const socket = connect(this.#parts.ports.shell, '127.0.0.1');
    try {
      socket.on('error', () => undefined);
      socket.write(`(\nset -e\n${script}\n) </dev/null; code=$?; echo; echo EXIT $code; exit\n`);
      const lines: string[] = [];
      for await (const line of createInterface({ input: socket })) {
        const [, code] = /^EXIT (\d+)$/.exec(line) ?? [];
        if (code === undefined) {
          lines.push(line);
          onLine(line);
        } else if (code === '0') return lines.join('\n').trim();
        else throw new Error(`exit code ${code}: ${lines.join('\n').trim()}`);
      }
      throw new Error(`the shell went away: ${lines.join('\n').trim()}`);
    } finally {
      socket.destroy();
    }
  }

  /** Puts a file there, for its owner alone. */
  async bring(path: string, text: string | Uint8Array): Promise<void> {
    const encoded = Buffer.from(text).toString('base64');
    await this.shell(`umask 077; mkdir -p "$(dirname ${path})"; echo ${encoded} | base64 -d > ${path}`);
  }

  /** The power goes. What the disk has kept is for `cutPower` to say. */
  async kill(): Promise<void> {
    for (const process of [this.#qemu, this.#tpm]) process.kill('SIGKILL');
    await this.#gone;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** A TPM that keeps what is in it in the folder. */
async function startTpm(folder: string): Promise<ChildProcess> {
  const state = join(folder, 'tpm');
  await mkdir(state, { recursive: true });
  const socket = join(folder, 'tpm.sock');
  await rm(socket, { force: true });
  const child = spawn(
    'swtpm',
    ['socket', '--tpm2', '--tpmstate', `dir=${state}`, '--ctrl', `type=unixio,path=${socket}`],
    { stdio: 'ignore' },
  );
  await once(child, 'spawn');
  for (let waitedMs = 0; !existsSync(socket); waitedMs += 20) {
    if (waitedMs > SOCKET_DEADLINE_MS) throw new Error('swtpm did not start');
    await sleep(20);
  }
  return child;
}

const words = (
  { kernel, ramdisk, folder, adapters, ports, display }: MachineParts,
  log: string,
  written: string,
) => [
  ...['-M', 'pc', '-accel', ACCELERATION, '-cpu', 'max', '-smp', '2', '-m', display ? '4096' : '3072'],
  ...['-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio'],
  ...['-kernel', kernel.image, '-initrd', ramdisk],
  // The counter of cycles is measured at boot; on a busy host it came out so wrong that guest time ran four times too fast.
  '-append',
  'console=ttyS0 quiet panic=-1 tsc=unstable clocksource=acpi_pm no_timer_check mitigations=off tpm_tis.force=1',
  // The copy has everything that was written, so it is thrown away: what the disk keeps is made of the log.
  ...['-blockdev', `driver=file,node-name=written,filename=${written}`],
  ...['-blockdev', `driver=file,node-name=log,filename=${log}`],
  ...['-blockdev', 'driver=blklogwrites,node-name=disk,file=written,log=log'],
  ...['-device', 'virtio-blk-pci,drive=disk,write-cache=on,discard=off,write-zeroes=off'],
  ...['-chardev', `socket,id=tpm,path=${join(folder, 'tpm.sock')}`],
  ...['-tpmdev', 'emulator,id=tpm,chardev=tpm', '-device', 'tpm-tis,tpmdev=tpm'],
  ...['-device', 'virtio-rng-pci'],
  ...[
    '-netdev',
    `user,id=line,hostfwd=tcp:127.0.0.1:${ports.shell}-:${SHELL_PORT},hostfwd=tcp:127.0.0.1:${ports.screen}-:${SCREEN_PORT}`,
  ],
  ...['-device', 'virtio-net-pci,netdev=line,romfile='],
  ...['-device', 'qemu-xhci,id=usb'],
  ...Object.entries(adapters).flatMap(([serial, tty]) => [
    ...['-chardev', `serial,id=${serial},path=${tty}`],
    ...['-device', `usb-serial,chardev=${serial},serial=${serial},bus=usb.0`],
  ]),
  ...(display
    ? [
        ...['-device', `virtio-gpu-pci,xres=${display.widthPx},yres=${display.heightPx}`],
        ...['-device', 'usb-tablet,bus=usb.0', '-device', 'usb-kbd,bus=usb.0'],
        ...['-qmp', `unix:${monitorPath(folder)},server=on,wait=off`],
      ]
    : []),
];
