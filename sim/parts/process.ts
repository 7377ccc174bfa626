import { once } from 'node:events';

/**
 * Runs one part of the simulation as its own process: start it, print one JSON line when it is ready, end it on SIGTERM,
 * SIGINT or when `signal` aborts.
 */
export async function runPart(
  start: (signal: AbortSignal) => Promise<{ readonly part: AsyncDisposable; readonly ready: object }>,
  signal?: AbortSignal,
): Promise<void> {
  const stop = new AbortController();
  const end = (): void => stop.abort();
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  const ended = signal === undefined ? stop.signal : AbortSignal.any([stop.signal, signal]);
  try {
    const { part, ready } = await start(ended);
    console.log(JSON.stringify({ ready: true, pid: process.pid, ...ready }));
    // The timer keeps the process alive where the part alone would not (a client between two connections).
    const alive = setInterval(() => undefined, 1 << 30);
    if (!ended.aborted) await once(ended, 'abort');
    clearInterval(alive);
    await part[Symbol.asyncDispose]();
  } finally {
    process.off('SIGTERM', end);
    process.off('SIGINT', end);
  }
}

/** A value that the command line has to give. @throws with the option's name. */
export function required(value: string | undefined, option: string): string {
  if (value === undefined) throw new Error(`--${option} is missing`);
  return value;
}
