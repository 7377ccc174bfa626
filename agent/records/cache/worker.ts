/** The thread that works on the file of the kept records. */
import { parentPort, workerData } from 'node:worker_threads';
import { type CallName, type Calls, OPENED, type WorkerRequest, type WorkerStart } from './calls.ts';
import { CacheError } from './errors.ts';
import { CacheStore } from './store.ts';

/** What each gives, the client's types say. */
type Handlers = { readonly [Name in CallName]: (takes: Calls[Name]['takes']) => unknown };

const handlersOf = (store: CacheStore): Handlers => ({
  status: () => store.status(),
  apply: ({ page, nowMs }) => store.apply(page, nowMs),
  find: ({ claim, nowMs }) => store.find(claim, nowMs),
  at: ({ row, nowMs }) => store.at(row, nowMs),
  faces: ({ after, limit }) => store.faces(after, limit),
  rotate: ({ nowMs }) => store.rotate(nowMs),
  sealAnew: () => store.sealAnew(),
  expire: ({ nowMs }) => store.expire(nowMs),
  restart: () => store.restart(),
  wipe: () => store.wipe(),
  allow: ({ nowMs }) => store.allow(nowMs),
  close: () => store[Symbol.dispose](),
});

function answered(id: number, act: () => unknown): boolean {
  try {
    parentPort?.postMessage({ id, ok: true, gives: act() ?? null });
    return true;
  } catch (error) {
    const { code, message } =
      error instanceof CacheError ? error : new CacheError('RECORDS_IO', 'the thread of the records failed');
    parentPort?.postMessage({ id, ok: false, code, message });
    return false;
  }
}

let handlers: Handlers | undefined;
answered(OPENED, () => {
  const { options, nowMs } = workerData as WorkerStart;
  handlers = handlersOf(new CacheStore(options, nowMs));
});
if (handlers) {
  const known = handlers as Record<CallName, (takes: unknown) => unknown>;
  parentPort?.on('message', ({ id, name, takes }: WorkerRequest) => {
    answered(id, () => known[name](takes));
    if (name === 'close') parentPort?.close();
  });
}
