/** A cache of made-up records, each sealed, as a kiosk's is: read and unsealed in a thread of its own. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { GalleryOptions } from '../../models/index.ts';
import type { Order, SealedCache } from './sealed-worker.ts';

type Lot = { readonly ids: Uint32Array; readonly bytes: Int8Array };

export interface Sealed extends AsyncDisposable {
  /** All records; the next lot is unsealed while one is used. */
  readonly fill: GalleryOptions['fill'];
}

export async function sealedRecords(records: number): Promise<Sealed> {
  const folder = await mkdtemp(`${tmpdir()}/vantay-bench-`);
  const cache: SealedCache = { path: `${folder}/records.db`, key: randomBytes(32), records };
  const worker = new Worker(new URL('./sealed-worker.ts', import.meta.url), { workerData: cache });
  const ask = async (order: Order): Promise<unknown> => {
    const answer = once(worker, 'message');
    worker.postMessage(order);
    return (await answer)[0];
  };
  await ask('make');
  return {
    async *fill() {
      let next = ask(0) as Promise<Lot>;
      for (let lot = await next; lot.ids.length > 0; lot = await next) {
        next = ask(lot.ids.at(-1)! + 1) as Promise<Lot>;
        yield lot;
      }
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
      await rm(folder, { recursive: true });
    },
  };
}
