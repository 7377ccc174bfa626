/**
 * A signal that aborts with its parent, or with `makeError()` after `ms`. Dispose it (`using`) when the wait is over:
 * that removes the timer and the listener, so waits leave nothing behind on a long-lived parent.
 */
export function deadline(
  parent: AbortSignal,
  ms: number,
  makeError: () => Error,
): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const follow = () => controller.abort(parent.reason);
  const timer = setTimeout(() => controller.abort(makeError()), ms);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      clearTimeout(timer);
      parent.removeEventListener('abort', follow);
    },
  };
}

/** Waits `ms`; rejects with the abort reason when `signal` aborts first. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal.addEventListener('abort', abort);
  });
}

/** `work`, or the abort reason as soon as `signal` aborts. The work itself goes on; its later failure is swallowed. */
export function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
