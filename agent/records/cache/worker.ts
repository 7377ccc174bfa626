/** The thread that works on the file of the kept records. */
import { parentPort, workerData } from 'node:worker_threads';
import { type CallAnswer, type CallRequest, OPENED, type Outcome } from '../../store/call-thread.ts';
import type { CallName, Calls, WorkerStart } from './calls.ts';
import { CacheError, type CacheErrorCode } from './errors.ts';
import { CacheStore } from './store.ts';

/** What each gives, the client's types say. */
type Handlers = { readonly [Name in CallName]: (takes: Calls[Name]['takes']) => unknown };

const handlersOf = (store: CacheStore): Handlers => ({
  status: () => store.status(),
  apply: ({ page, nowMs }) => store.apply(page, nowMs),
  find: ({ claim, nowMs }) => store.find(claim, nowMs),
  at: ({ row, nowMs }) => store.at(row, nowMs),
  faces: ({ after, limit }) => store.faces(after, limit),
  fingers: ({ after, limit }) => store.fingers(after, limit),
  rotate: ({ nowMs }) => store.rotate(nowMs),
  sealAnew: () => store.sealAnew(),
  expire: ({ nowMs }) => store.expire(nowMs),
  restart: () => store.restart(),
  wipe: () => store.wipe(),
  allow: ({ nowMs }) => store.allow(nowMs),
});

function answered(id: number, act: () => unknown): boolean {
  const answer = (outcome: Outcome<CacheErrorCode>) =>
    parentPort?.postMessage({ id, ...outcome } satisfies CallAnswer<CacheErrorCode>);
  try {
    answer({ ok: true, gives: act() ?? null });
    return true;
  } catch (error) {
    const { code, message } =
      error instanceof CacheError ? error : new CacheError('RECORDS_IO', 'the thread of the records failed');
    answer({ ok: false, code, message });
    return false;
  }
}

let store: CacheStore | undefined;
answered(OPENED, () => {
  const { options, nowMs } = workerData as WorkerStart;
  store = new CacheStore(options, nowMs);
});
if (store) serve(store);

function serve(store: CacheStore): void {
  const handlers = handlersOf(store) as Record<CallName, (takes: unknown) => unknown>;
  parentPort?.on('message', ({ id, name, takes }: CallRequest<CallName>) => {
    if (name !== 'close') answered(id, () => handlers[name](takes));
    else {
      answered(id, () => store[Symbol.dispose]());
      parentPort?.close();
    }
  });
}
