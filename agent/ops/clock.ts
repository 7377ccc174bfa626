import { existsSync } from 'node:fs';

/** The only source of time in the agent: tests and accelerated runs put another in its place. */
export interface Clock {
  /** Wall-clock time. For records and dates, never for ordering or measuring. */
  now(): Date;
  /** Monotonic milliseconds, for deadlines and durations. */
  monotonicMs(): number;
  /** Resolves after `ms`, rejects with the abort reason. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const aborted = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener('abort', aborted);
        resolve();
      }, ms);
      signal.addEventListener('abort', aborted, { once: true });
    }),
};

/** Written by systemd-timesyncd once it has set the clock (systemd-timesyncd.service(8)). */
const TIMESYNC_MARK = '/run/systemd/timesync/synchronized';

/** Whether this machine's clock is known to be right. */
export const clockTrust = (): 'synchronised' | 'unknown' =>
  existsSync(TIMESYNC_MARK) ? 'synchronised' : 'unknown';
