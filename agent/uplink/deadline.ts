import { UplinkError } from './errors.ts';
import type { UplinkClock } from './ports.ts';

/** The promise, or the signal's reason as soon as it aborts; the promise's own outcome is then left to itself. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    if (signal.aborted) {
      promise.catch(() => {});
      aborted();
      return;
    }
    signal.addEventListener('abort', aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', aborted));
  });
}

/**
 * Runs work with a signal that aborts with UPLINK_TIMEOUT after `ms`, or with the outer signal's reason before.
 * @throws what the work throws, and those two
 */
export async function withDeadline<T>(
  clock: UplinkClock,
  ms: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController();
  const done = new AbortController();
  clock.sleep(ms, done.signal).then(
    () => late.abort(new UplinkError('UPLINK_TIMEOUT', `no answer within ${ms} ms`)),
    () => {},
  );
  const signal = AbortSignal.any([outer, late.signal]);
  try {
    return await abortable(work(signal), signal);
  } finally {
    done.abort();
    // Whatever the work left behind has nobody to answer to any more.
    late.abort(new UplinkError('UPLINK_TIMEOUT', 'no longer waited for'));
  }
}
