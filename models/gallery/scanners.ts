/** Who scans blocks: this thread, and others beside it. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { loadLoops, type Scan, type Scannable, scanOf, writeSigns } from './scan.ts';
import type { ScanAnswer, ScanOrder } from './scan-worker.ts';

/** Scans one block. */
export interface Scanner {
  /** See `Scan`. Resolves when the block's memory holds what was found. */
  scan(lanes: number): Promise<readonly number[]>;
  release(): void;
}

/** Threads that scan; a block is one thread's for as long as it lives. */
export interface Scanners extends AsyncDisposable {
  /** Writes the signs of a block's rows into its memory, before a thread takes it. */
  writeSigns(block: Scannable, bytes: Int8Array): void;
  take(block: Scannable): Scanner;
}

interface Thread {
  rows: number;
  take(block: Scannable): Scanner;
}

/** @param threads this one among them */
export async function startScanners(threads: number): Promise<Scanners> {
  const module = await loadLoops();
  const others = Array.from({ length: threads - 1 }, () => new OtherThread(module));
  const all: Thread[] = [thisThread(module), ...others];
  return {
    writeSigns: (block, bytes) => writeSigns(module, block, bytes),
    take(block) {
      const thread = all.reduce((least, one) => (one.rows < least.rows ? one : least));
      const { count } = block.layout;
      const scanner = thread.take(block);
      thread.rows += count;
      return {
        scan: scanner.scan,
        release() {
          thread.rows -= count;
          scanner.release();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const other of others) await other[Symbol.asyncDispose]();
    },
  };
}

const thisThread = (module: WebAssembly.Module): Thread => ({
  rows: 0,
  take(block) {
    const scan: Scan = scanOf(module, block);
    return {
      async scan(lanes) {
        // First the other threads are told of theirs, whichever blocks come first.
        await Promise.resolve();
        return scan(lanes);
      },
      release() {},
    };
  },
});

/** A worker that dies takes the process along: its error is nobody's to handle here. */
class OtherThread implements Thread, AsyncDisposable {
  rows = 0;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (found: readonly number[]) => void>();
  #lastId = 0;

  constructor(module: WebAssembly.Module) {
    this.#worker = new Worker(new URL('./scan-worker.ts', import.meta.url), { workerData: module });
    this.#worker.on('message', ({ id, found }: ScanAnswer) => {
      this.#waiting.get(id)?.(found);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) this.#worker.unref();
    });
    this.#worker.unref();
  }

  take({ memory, layout }: Scannable): Scanner {
    const id = ++this.#lastId;
    this.#tell({ kind: 'take', id, memory, layout });
    return {
      scan: async lanes => {
        const { promise, resolve } = Promise.withResolvers<readonly number[]>();
        this.#waiting.set(id, resolve);
        this.#worker.ref();
        this.#tell({ kind: 'scan', id, lanes });
        return promise;
      },
      release: () => this.#tell({ kind: 'drop', id }),
    };
  }

  #tell(order: ScanOrder): void {
    this.#worker.postMessage(order);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#worker, 'exit');
    await this.#worker.terminate();
    await exited;
  }
}
