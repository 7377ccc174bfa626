/** What every process of models does alike: it answers one call at a time, and ends with its parent. */
import { setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { ModelError } from './error.ts';
import type { CallMessage, Failure, HostMessage } from './protocol.ts';
import { memoryReturner } from './spare-memory.ts';

/** Nobody has called for so long, in milliseconds: what graphs and images needed goes back. */
const IDLE_MS = 1_000;

/** Nothing is sent to a parent that has gone, or that closed this process while it worked. */
export const send = (message: HostMessage): void => {
  if (process.connected) process.send?.(message);
};

/** Messages of ModelError speak of files and sizes, never of people; any other error might quote its input. */
export function describe(error: unknown): Pick<Failure, 'code' | 'message'> {
  if (error instanceof ModelError) return { code: error.code, message: error.message };
  return {
    code: 'MODEL_INVALID',
    message: `unexpected ${error instanceof Error ? error.name : 'failure'} in the models`,
  };
}

/** @param priority as of `os.setPriority`: below the agent's, whose screen must not stutter while a graph runs */
export function becomeChild(priority: number): void {
  // A run blocks this thread, so a parent's end shows to another thread first: nothing may be left behind.
  new Worker(new URL('./watchdog.ts', import.meta.url), { workerData: { parentPid: process.ppid } }).unref();
  process.on('disconnect', () => process.exit(0));
  // What Node would print of an error may quote its input.
  process.on('uncaughtException', error => {
    process.stderr.write(`${describe(error).message}\n`);
    process.exit(1);
  });
  // Ctrl-C reaches the whole process group; the parent closes its models in its own order.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  setPriority(priority);
}

/** Calls `work` for each message, one after the other in their order, and sends what it gives or why it failed. */
export function answerCalls(work: (call: CallMessage) => Promise<unknown>): void {
  let last: Promise<void> = Promise.resolve();
  const returner = memoryReturner();
  const idle = setTimeout(() => void returner.then(returnMemory => returnMemory()), IDLE_MS).unref();
  process.on('message', (message: CallMessage) => {
    last = last.then(async () => {
      try {
        send({ kind: 'answer', id: message.id, value: await work(message) });
      } catch (error) {
        send({ kind: 'error', id: message.id, ...describe(error) });
      }
      idle.refresh();
    });
  });
}
