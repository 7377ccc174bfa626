/** Runs the program that speaks to a token: a slow or crashing token can neither stop nor end this process. */
import { execFile } from 'node:child_process';
import { KeyError } from './errors.ts';

export interface ToolCall {
  readonly program: string;
  readonly args: readonly string[];
  /** Given on standard input. */
  readonly input?: Uint8Array;
  /** Beside this process's own; the place for a secret, since others can read a command line. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** What a failed program said on standard error. */
export class ToolFailure extends Error {
  override readonly name = 'ToolFailure';
  readonly complaint: string;
  constructor(program: string, complaint: string) {
    super(`${program}: ${complaint.trim().split('\n').slice(-2).join('; ').slice(0, 200)}`);
    this.complaint = complaint;
  }
}

/** Longest one call may take, in milliseconds: a smart card makes a key in seconds, and signs in one. */
const CALL_DEADLINE_MS = 20_000;

/**
 * @returns standard output
 * @throws KeyError KEY_TOOL_MISSING, KEY_TIMEOUT; ToolFailure; the signal's reason
 */
export function runTool(
  { program, args, input, environment }: ToolCall,
  signal: AbortSignal,
): Promise<Buffer> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      {
        encoding: 'buffer',
        // In the words that the tables of complaints know.
        env: { ...process.env, ...environment, LC_ALL: 'C' },
        killSignal: 'SIGKILL',
        timeout: CALL_DEADLINE_MS,
        signal,
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else if (signal.aborted) reject(signal.reason);
        else if (error.code === 'ENOENT')
          reject(new KeyError('KEY_TOOL_MISSING', `${program} is not installed`));
        else if (error.killed) reject(new KeyError('KEY_TIMEOUT', `${program} did not answer in time`));
        else reject(new ToolFailure(program, stderr.toString('utf8')));
      },
    );
    // A program that ends before it has read is told of by its exit.
    child.stdin?.on('error', () => undefined).end(input);
  });
}

/** One after the other: tokens with one session for everybody are common. */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return work => {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
