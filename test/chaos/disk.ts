/** The other side of disk.c: builds it, reads what it wrote down, and tells it what has to fail. */

import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One change of the disk. Paths are relative to the watched folder; `.` is the folder itself. */
export type DiskChange =
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly path: string; readonly length: number }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'create' | 'unlink' | 'sync'; readonly path: string };

/** @throws when there is no C compiler: these tests are never skipped. */
export function buildDisk(library: string): void {
  const source = fileURLToPath(new URL('disk.c', import.meta.url));
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl', '-lpthread']);
}

/** Environment of a process whose files below `folder` are watched. */
export const watchedEnvironment = (
  library: string,
  watched: { readonly folder: string; readonly log?: string; readonly control?: string },
): NodeJS.ProcessEnv => ({
  ...process.env,
  LD_PRELOAD: library,
  CHAOS_DIR: watched.folder,
  ...(watched.log !== undefined && { CHAOS_LOG: watched.log }),
  ...(watched.control !== undefined && { CHAOS_CONTROL: watched.control }),
});

/** Letter 1, length of the path 4, offset 8, length 8 (disk.c). */
const HEAD_BYTES = 21;

/** Reads the log of a watched process, in the order in which the changes happened. */
export function readChanges(log: string, folder: string): DiskChange[] {
  const bytes = readFileSync(log);
  const changes: DiskChange[] = [];
  const inside = (path: string): string => relative(folder, path) || '.';
  for (let at = 0; at < bytes.length; ) {
    const what = String.fromCharCode(bytes[at]!);
    const pathBytes = bytes.readUInt32LE(at + 1);
    const offset = Number(bytes.readBigInt64LE(at + 5));
    const length = Number(bytes.readBigInt64LE(at + 13));
    at += HEAD_BYTES + pathBytes;
    const path = inside(bytes.toString('utf8', at - pathBytes, at));
    const follows = what === 'W' || what === 'N' ? bytes.subarray(at, at + length) : bytes.subarray(0, 0);
    at += follows.length;
    changes.push(changeOf(what, path, offset, follows, inside));
  }
  return changes;
}

function changeOf(
  what: string,
  path: string,
  offset: number,
  bytes: Buffer,
  inside: (path: string) => string,
): DiskChange {
  switch (what) {
    case 'W':
      return { kind: 'write', path, offset, bytes };
    case 'T':
      return { kind: 'truncate', path, length: offset };
    case 'N':
      return { kind: 'rename', path, to: inside(bytes.toString('utf8')) };
    case 'C':
      return { kind: 'create', path };
    case 'U':
      return { kind: 'unlink', path };
    case 'F':
      return { kind: 'sync', path };
    default:
      throw new Error(`the log of the disk is damaged: ${what}`);
  }
}

/** Linux errno values (asm-generic/errno-base.h). */
export const ERRNO = { EIO: 5, ENOSPC: 28 } as const;

/** Bytes of `struct control` in disk.c. */
const CONTROL_BYTES = 64;

/** Makes the control file of a watched process, which maps it as it begins. */
export const makeControl = (path: string): void => writeFileSync(path, Buffer.alloc(CONTROL_BYTES));

/** Tells a watched process's disk what fails, while it runs. */
export class DiskControl implements Disposable {
  readonly #file: number;

  /** @param path as made by {@link makeControl} before the watched process began */
  constructor(path: string) {
    this.#file = openSync(path, 'r+');
  }

  /** From now on the `nth` change fails, and with `sticky` all after it. */
  arm(nth: number, error: keyof typeof ERRNO, sticky: boolean): void {
    const page = Buffer.alloc(CONTROL_BYTES);
    page.writeBigInt64LE(BigInt(ERRNO[error]), 8);
    page.writeBigInt64LE(sticky ? 1n : 0n, 16);
    writeSync(this.#file, page, 0, CONTROL_BYTES, 0);
    // Last, since it is what makes the rest count.
    page.writeBigInt64LE(BigInt(nth), 0);
    writeSync(this.#file, page, 0, 8, 0);
  }

  /** The disk is well again. @returns changes that failed since it was armed */
  heal(): number {
    writeSync(this.#file, Buffer.alloc(8), 0, 8, 0);
    const page = Buffer.alloc(CONTROL_BYTES);
    readSync(this.#file, page, 0, CONTROL_BYTES, 0);
    return Number(page.readBigInt64LE(32));
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }
}
