import { execFile, execFileSync } from 'node:child_process';
import { closeSync, rmSync, symlinkSync, write } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { ReadStream } from 'node:tty';
import { promisify } from 'node:util';
import koffi from 'koffi';

/** The kernel's pty buffer holds 4096 bytes: when it is full the reader has to take some first. */
const RETRY_WRITE_MS = 2;

/** Speed of a new line, bits per second. */
const FIRST_BAUD = 57_600;
/** How often a line's settings are looked at, in milliseconds. */
const LOOK_MS = 10;
/** More than a `struct termios` has, bytes. */
const TERMIOS_BYTES = 128;

const libc = koffi.load('libc.so.6');
const fcntl = libc.func('int fcntl(int fd, int command, ...)');
const tcgetattr = libc.func('int tcgetattr(int fd, _Out_ uint8_t *termios)');

/** Of fcntl(2), the same on every Linux: <fcntl.h>. */
const F_SETFD = 2;
const FD_CLOEXEC = 1;

interface NativePty {
  open(columns: number, rows: number): { master: number; slave: number; pty: string };
}

/**
 * A serial line whose one end is this process and whose other end is a tty that any program can open.
 * Closing it is what unplugging is to a USB adapter: programs that have the tty open see it hang up.
 */
export interface Pty extends AsyncDisposable {
  /** The stable link when one was asked for, else {@link Pty.tty}. */
  readonly path: string;
  /** The tty itself, e.g. `/dev/pts/3`. */
  readonly tty: string;
  onBytes(listener: (bytes: Uint8Array) => void): void;
  /** Resolves when the kernel has taken all bytes; bytes written after {@link Pty.close} go nowhere, as on a cut cable. */
  write(bytes: Uint8Array): Promise<void>;
  /** The speed that the program at the other end has set, in bits per second. */
  baud(): Promise<number>;
  /** Resolves once a program has set the line up in its own way, as one does that opens it. @throws the signal's reason */
  setUp(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param link stable path for the tty, e.g. a `/dev/serial/by-id` look-alike; replaced when it exists already
 * @param baud speed until a program sets another
 */
export function openPty(link?: string, baud = FIRST_BAUD): Pty {
  // node-pty's own open() resumes the slave side and steals bytes, so only its native openpty() is used.
  const require = createRequire(import.meta.url);
  const native = require(`@lydell/node-pty-${process.platform}-${process.arch}/pty.node`) as NativePty;
  const { master, slave, pty: tty } = native.open(80, 24);
  // A process started from here on must not hold the line's ends too: closing them would hang up nothing.
  for (const end of [master, slave]) fcntl(end, F_SETFD, 'int', FD_CLOEXEC);
  try {
    execFileSync('stty', ['-F', tty, 'raw', '-echo', String(baud)]);
    if (link !== undefined) {
      rmSync(link, { force: true });
      symlinkSync(tty, link);
    }
  } catch (error) {
    closeSync(master);
    closeSync(slave);
    throw error;
  }
  return new NativeOpenPty(master, slave, tty, link);
}

class NativeOpenPty implements Pty {
  readonly tty: string;
  readonly path: string;
  readonly #master: number;
  readonly #slave: number;
  readonly #link: string | undefined;
  readonly #reading: ReadStream;
  readonly #firstSettings: Buffer;
  #writing: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(master: number, slave: number, tty: string, link: string | undefined) {
    this.#master = master;
    // Kept open: without any open slave the master would read EIO until a program opens the tty.
    this.#slave = slave;
    this.tty = tty;
    this.#link = link;
    this.path = link ?? tty;
    this.#firstSettings = settingsOf(slave);
    this.#reading = new ReadStream(master);
    this.#reading.on('error', () => {});
  }

  onBytes(listener: (bytes: Uint8Array) => void): void {
    this.#reading.on('data', (chunk: Buffer) => listener(chunk));
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#writing = this.#writing.then(() => this.#writeAll(bytes));
    return this.#writing;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && this.#closing === undefined; ) {
      const written = await writeSome(this.#master, bytes.subarray(at));
      if (written === 'gone') return;
      at += written;
      if (written === 0) await new Promise(resolve => setTimeout(resolve, RETRY_WRITE_MS));
    }
  }

  async baud(): Promise<number> {
    const { stdout } = await promisify(execFile)('stty', ['-F', this.tty, 'speed']);
    return Number(stdout.trim());
  }

  async setUp(signal: AbortSignal): Promise<void> {
    while (settingsOf(this.#slave).equals(this.#firstSettings)) await sleep(LOOK_MS, undefined, { signal });
  }

  close(): Promise<void> {
    this.#closing ??= this.#release();
    return this.#closing;
  }

  async #release(): Promise<void> {
    if (this.#link !== undefined) rmSync(this.#link, { force: true });
    // A write still in the kernel must end first: its descriptor's number may belong to another file afterwards.
    await new Promise<void>(resolve => setImmediate(resolve));
    await this.#writing;
    const closed = new Promise(resolve => this.#reading.once('close', resolve));
    this.#reading.destroy();
    await closed;
    closeSync(this.#slave);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function settingsOf(tty: number): Buffer {
  const termios = Buffer.alloc(TERMIOS_BYTES);
  tcgetattr(tty, termios);
  return termios;
}

function writeSome(fd: number, bytes: Uint8Array): Promise<number | 'gone'> {
  return new Promise(resolve => {
    write(fd, bytes, 0, bytes.length, null, (error, written) => {
      if (error === null) resolve(written);
      else resolve(error.code === 'EAGAIN' ? 0 : 'gone');
    });
  });
}
