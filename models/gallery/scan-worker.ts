/** A thread that scans the blocks it was given. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Scan, type Scannable, scanOf } from './scan.ts';

export type ScanOrder =
  | ({ readonly kind: 'take'; readonly id: number } & Scannable)
  | { readonly kind: 'scan'; readonly id: number; readonly lanes: number }
  | { readonly kind: 'drop'; readonly id: number };

export interface ScanAnswer {
  readonly id: number;
  readonly found: readonly number[];
}

const scans = new Map<number, Scan>();

parentPort?.on('message', (order: ScanOrder) => {
  if (order.kind === 'take') scans.set(order.id, scanOf(workerData as WebAssembly.Module, order));
  else if (order.kind === 'drop') scans.delete(order.id);
  else {
    const found = scans.get(order.id)?.(order.lanes) ?? [];
    parentPort?.postMessage({ id: order.id, found } satisfies ScanAnswer);
  }
});
