import { ModelError } from './error.ts';
import type { CallOptions, FaceCallOptions } from './models.ts';
import type { Side } from './protocol.ts';

/** A call that waits for the model process, or runs in it. */
export interface Call {
  readonly id: number;
  readonly side: Side;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly live: boolean;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Calls of one side that may wait while another runs: with more, a frozen screen would follow from a slow model. */
const MAX_WAITING = 2;

const dropped = (): ModelError => new ModelError('MODEL_BUSY', 'a newer frame took the place of this one');
const busy = (side: Side): ModelError =>
  new ModelError('MODEL_BUSY', `${MAX_WAITING} calls of ${side} wait already`);

/** The calls that wait: in order of arrival, live frames last and only the newest of them. */
export class CallQueue {
  readonly #waiting: Call[] = [];

  get size(): number {
    return this.#waiting.length;
  }

  /** @throws ModelError MODEL_BUSY when the side's places are taken */
  add(call: Call): void {
    const ofSide = this.#waiting.filter(waiting => waiting.side === call.side);
    const older = ofSide.find(waiting => waiting.live);
    const full = ofSide.length >= MAX_WAITING;
    if (older && (call.live || full)) this.#drop(older);
    else if (full) throw busy(call.side);
    this.#waiting.push(call);
  }

  /** The next to run, taken out; undefined when none waits. */
  next(): Call | undefined {
    const firm = this.#waiting.findIndex(call => !call.live);
    return this.#waiting.splice(Math.max(0, firm), 1)[0];
  }

  remove(call: Call): void {
    const at = this.#waiting.indexOf(call);
    if (at >= 0) this.#waiting.splice(at, 1);
  }

  rejectAll(error: Error): void {
    for (const call of this.#waiting.splice(0)) call.reject(error);
  }

  #drop(call: Call): void {
    this.remove(call);
    call.reject(dropped());
  }
}

/** Makes a call out of a request; the promise settles once and stops listening to the signal then. */
export function newCall(
  request: Pick<Call, 'id' | 'side' | 'method' | 'args'>,
  options: CallOptions & FaceCallOptions,
  onAbort: (call: Call) => void,
): { call: Call; result: Promise<unknown> } {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const { signal } = options;
  const call: Call = { ...request, live: options.live ?? false, resolve, reject };
  const abort = (): void => {
    onAbort(call);
    reject(signal?.reason);
  };
  signal?.addEventListener('abort', abort, { once: true });
  const result = promise.finally(() => signal?.removeEventListener('abort', abort));
  if (signal?.aborted) abort();
  return { call, result };
}
