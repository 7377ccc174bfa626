import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { type CallAnswer, type CallRequest, OPENED, type Outcome } from '../store/call-thread.ts';
import type { Call, CallName, WorkerStart } from './calls.ts';
import { OutboxError, type OutboxErrorCode } from './errors.ts';
import { OutboxStore } from './store.ts';

/** Calls that share a commit; beyond, the first would wait too long for the last. */
const GROUP = 64;

type Request = CallRequest<CallName>;

const done: Outcome<OutboxErrorCode> = { ok: true, gives: null };

function answer(id: number, outcome: Outcome<OutboxErrorCode>): void {
  // A container is handed over rather than copied: copying 1.5 MB would be the main process's work as well.
  const container = outcome.ok
    ? (outcome.gives as { container?: Uint8Array<ArrayBuffer> } | null)?.container
    : undefined;
  const message: CallAnswer<OutboxErrorCode> = { id, ...outcome };
  parentPort?.postMessage(message, container === undefined ? [] : [container.buffer]);
}

function open(): OutboxStore | null {
  const { path, limits } = workerData as WorkerStart;
  try {
    const store = new OutboxStore(path, limits, { alone: true });
    store.settle(Date.now());
    answer(OPENED, done);
    return store;
  } catch (error) {
    const { code, message } =
      error instanceof OutboxError ? error : new OutboxError('OUTBOX_IO', 'the outbox cannot be opened');
    answer(OPENED, { ok: false, code, message });
    return null;
  }
}

/** The call that woke the thread, and those that came while the last commit ran. */
function group(first: Request): Request[] {
  const requests = [first];
  while (requests.length < GROUP && parentPort !== null) {
    const more = receiveMessageOnPort(parentPort);
    if (more === undefined) break;
    requests.push(more.message as Request);
  }
  return requests;
}

const store = open();
if (store !== null) {
  parentPort?.on('message', (first: Request) => {
    const requests = group(first);
    const calls = requests.filter((request): request is Request & Call => request.name !== 'close');
    for (const [index, outcome] of store.batch(calls).entries()) answer(calls[index]!.id, outcome);
    store.settle(Date.now());
    const close = requests.find(request => request.name === 'close');
    if (close === undefined) return;
    store[Symbol.dispose]();
    answer(close.id, done);
    parentPort?.close();
  });
}
