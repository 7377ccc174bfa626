/** Keeps the memory of the agent, which holds faces, fingers and names, off every disk. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';

/**
 * Bytes that a core file may have. At 1 the kernel writes none: neither to a file, since even the header is larger, nor to
 * a program, for which 0 would be no limit at all (fs/coredump.c, "RLIMIT_CORE is set to 1").
 */
const CORE_LIMIT_BYTES = 1;
/** A core file has at least one page of header. */
const SMALLEST_CORE_BYTES = 4096;

/** Options of Node that write memory, or let others read it. */
const TELLING = /^--(inspect|heapsnapshot|heap-prof|cpu-prof|prof|report|diagnostic-dir|abort-on-uncaught)/;

/**
 * Forbids this process, and what it starts from now on, to leave its memory behind: no core files, no diagnostic reports,
 * no debugger woken by a signal. What could not be forbidden is found by {@link leaksOfMemory}.
 */
export async function forbidDumps(): Promise<void> {
  Object.assign(process.report, {
    reportOnFatalError: false,
    reportOnSignal: false,
    reportOnUncaughtException: false,
  });
  // Node's own handler would open its debugger to every process on the machine.
  process.on('SIGUSR1', () => undefined);
  const limit = `--core=${CORE_LIMIT_BYTES}:${CORE_LIMIT_BYTES}`;
  await promisify(execFile)('prlimit', ['--pid', String(process.pid), limit]).catch(() => undefined);
}

/** Ways in which memory could still reach a disk, in words for the operator; empty when there is none. */
export function leaksOfMemory(): string[] {
  const options = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(/\s+/)];
  return [
    ...(coreLimitBytes() >= SMALLEST_CORE_BYTES
      ? [`core files (${text('/proc/sys/kernel/core_pattern')})`]
      : []),
    ...options.filter(option => TELLING.test(option)).map(option => `Node's option ${option}`),
    ...openSwaps().map(device => `swap on ${device}, which is not encrypted`),
  ];
}

function coreLimitBytes(): number {
  const soft = /^Max core file size\s+(\S+)/m.exec(text('/proc/self/limits'))?.[1];
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}

/** Swap that is neither compressed memory nor on an encrypted device (dm-crypt says so in its UUID). */
const openSwaps = (): string[] =>
  [...text('/proc/swaps').matchAll(/^(\/\S+)/gm)]
    .map(([device]) => device)
    .filter(device => !basename(device).startsWith('zram'))
    .filter(device => !text(`/sys/class/block/${basename(device)}/dm/uuid`).startsWith('CRYPT-'));

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
