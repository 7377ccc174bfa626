/**
 * Loaded into the processes of an agent under trial, beside their own code (`--import`): says at each SIGUSR2 what memory the
 * process needs after a full collection of garbage. It is no part of the agent.
 */
import { appendFileSync, readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

/** Where the lines go: one JSON {@link Sample} each, of all processes. */
const file = process.env.SOAK_FILE;

/** One look at one process. */
export interface Sample {
  /** Which process: the name of its main module. */
  readonly who: string;
  readonly pid: number;
  /** Seconds since the process began. */
  readonly atSeconds: number;
  readonly residentBytes: number;
  /** Of the main thread's heap, after a full collection. */
  readonly heapBytes: number;
  /** Of these, compiled code and what belongs to it: it grows for hours while functions become hot, and then no more. */
  readonly codeBytes: number;
  /** Array buffers and what native objects hold, all threads together. */
  readonly externalBytes: number;
  readonly descriptors: number;
}

if (isMainThread && file !== undefined) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  process.on('SIGUSR2', () => {
    collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    const sample: Sample = {
      who: basename(process.argv[1] ?? 'node', '.ts'),
      pid: process.pid,
      atSeconds: process.uptime(),
      residentBytes: rss,
      heapBytes: heapUsed,
      codeBytes: getHeapSpaceStatistics()
        .filter(({ space_name }) => /code|trusted/.test(space_name))
        .reduce((sum, { space_used_size }) => sum + space_used_size, 0),
      externalBytes: external,
      descriptors: readdirSync('/proc/self/fd').length,
    };
    appendFileSync(file, `${JSON.stringify(sample)}\n`);
  });
}
