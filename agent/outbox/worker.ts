import { parentPort, workerData } from 'node:worker_threads';
import { OutboxError, type OutboxErrorCode } from './errors.ts';
import { OutboxStore } from './store.ts';
import type { NewPacket, OutboxLimits, OutboxStatus, PacketRow, ReceiptOutcome } from './types.ts';

export interface WorkerStart {
  readonly path: string;
  readonly limits: OutboxLimits;
}

/** The store's methods as they go to the thread: what they take and what they give. */
export interface Calls {
  accept: { takes: { packet: NewPacket; nowMs: number }; gives: null };
  next: { takes: { except: readonly string[] }; gives: { row: PacketRow; container: Uint8Array } | null };
  find: { takes: { id: string }; gives: PacketRow | null };
  markSent: { takes: { id: string; nowMs: number }; gives: null };
  apply: { takes: { outcome: ReceiptOutcome; nowMs: number }; gives: 'applied' | 'unchanged' | 'unknown' };
  status: { takes: { nowMs: number }; gives: OutboxStatus };
  nextBoot: { takes: null; gives: number };
  nextSequence: { takes: null; gives: number };
  close: { takes: null; gives: null };
}
export type CallName = keyof Calls;

type Handlers = { [Name in CallName]: (takes: Calls[Name]['takes']) => Calls[Name]['gives'] };

export type WorkerRequest = { readonly id: number; readonly name: CallName; readonly takes: unknown };
export type WorkerAnswer =
  | { readonly id: number; readonly ok: true; readonly gives: unknown }
  | { readonly id: number; readonly ok: false; readonly code: OutboxErrorCode; readonly message: string };

/** Id of the answer that says whether the file could be opened. */
export const OPENED = 0;

function handlersOf(store: OutboxStore): Handlers {
  return {
    accept: ({ packet, nowMs }) => {
      store.accept(packet, nowMs);
      return null;
    },
    next: ({ except }) => store.next(except),
    find: ({ id }) => store.find(id),
    markSent: ({ id, nowMs }) => {
      store.markSent(id, nowMs);
      return null;
    },
    apply: ({ outcome, nowMs }) => store.apply(outcome, nowMs),
    status: ({ nowMs }) => store.status(nowMs),
    nextBoot: () => store.nextBoot(),
    nextSequence: () => store.nextSequence(),
    close: () => {
      store[Symbol.dispose]();
      parentPort?.close();
      return null;
    },
  };
}

function answer(id: number, act: () => unknown): boolean {
  let message: WorkerAnswer;
  try {
    message = { id, ok: true, gives: act() };
  } catch (error) {
    const known = error instanceof OutboxError ? error : null;
    message = {
      id,
      ok: false,
      code: known?.code ?? 'OUTBOX_IO',
      message: known?.message ?? 'the outbox thread failed',
    };
  }
  // A container is handed over rather than copied: copying 1.5 MB would be the main process's work as well.
  const container = message.ok
    ? (message.gives as { container?: Uint8Array<ArrayBuffer> } | null)?.container
    : undefined;
  parentPort?.postMessage(message, container === undefined ? [] : [container.buffer]);
  return message.ok;
}

let handlers: Handlers | null = null;
const start = workerData as WorkerStart;
const opened = answer(OPENED, () => {
  handlers = handlersOf(new OutboxStore(start.path, start.limits));
  return null;
});
if (opened) {
  parentPort?.on('message', ({ id, name, takes }: WorkerRequest) => {
    // Name and argument were paired by the type of Outbox#call; the message channel cannot say so.
    answer(id, () => (handlers![name] as (takes: unknown) => unknown)(takes));
  });
}
