import { spawn } from 'node:child_process';
import { DeviceError } from '../device.ts';
import { Inbox } from './inbox.ts';
import type { Link } from './link.ts';

/** Between the polite signal and the one that cannot be refused. */
const KILL_AFTER_MS = 1_000;
/** Of what a process says on stderr, the end says why it died. */
const STDERR_TAIL_BYTES = 2_048;

export interface ProcessSettings {
  readonly command: string;
  readonly args: readonly string[];
  /** What the process stands for, for messages. */
  readonly location: string;
  /** What the bytes are, see {@link Link.mediaType}. */
  readonly mediaType?: string;
  /** Why the process ended, from its exit code (null after a signal) and the end of its stderr. */
  readonly explainExit: (exitCode: number | null, stderrTail: string) => DeviceError;
}

/**
 * A process as a link: its stdout are the bytes, its stdin takes none.
 * @throws DeviceError DEVICE_NOT_FOUND when the command is not installed, DEVICE_FAULT when it cannot be started
 */
export async function openProcess(settings: ProcessSettings, signal: AbortSignal): Promise<Link> {
  signal.throwIfAborted();
  const child = spawn(settings.command, settings.args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const inbox = new Inbox();
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  let stderrTail = '';
  child.stdout.on('data', (chunk: Buffer) => inbox.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => {
    stderrTail = (stderrTail + chunk.toString('utf8')).slice(-STDERR_TAIL_BYTES);
  });
  child.on('close', exitCode => inbox.fail(settings.explainExit(exitCode, stderrTail)));
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.on('error', error => reject(spawnError(settings.command, error)));
  });
  const close = async () => {
    inbox.fail(new DeviceError('DEVICE_GONE', `${settings.location} was closed`));
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    await ended;
    clearTimeout(timer);
  };
  return {
    location: settings.location,
    ...(settings.mediaType !== undefined && { mediaType: settings.mediaType }),
    lost: inbox.lost,
    write: () => Promise.reject(new DeviceError('DEVICE_FAULT', `${settings.location} takes no bytes`)),
    read: readSignal => inbox.take(readSignal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function spawnError(command: string, cause: Error): DeviceError {
  const missing = 'code' in cause && cause.code === 'ENOENT';
  if (missing)
    return new DeviceError('DEVICE_NOT_FOUND', `the program ${command} is not installed`, { cause });
  return new DeviceError('DEVICE_FAULT', `the program ${command} could not be started`, { cause });
}
