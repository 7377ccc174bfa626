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
