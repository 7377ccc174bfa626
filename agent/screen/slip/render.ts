/** Slips are drawn in a thread of their own: fonts and pictures would hold up the main process for too long. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Slip } from '../receipt.ts';

/** Longest a slip may take to be drawn, in milliseconds. */
const DEADLINE_MS = 30_000;

export type SlipFormat = 'escpos' | 'pdf';

/** @throws Error when it cannot be drawn; the abort reason or a TimeoutError */
export async function renderSlip(format: SlipFormat, slip: Slip, signal: AbortSignal): Promise<Uint8Array> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]);
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: { format, slip } });
  try {
    const [bytes] = (await once(worker, 'message', { signal: within })) as [Uint8Array];
    return bytes;
  } finally {
    await worker.terminate();
  }
}
