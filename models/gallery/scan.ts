/** The loops of scan.wat over one block's memory. The module is that text, assembled; a test holds the two together. */
import { readFile } from 'node:fs/promises';

export interface Scan {
  distances(rows: number, count: number, stride: number, query: number, out: number): void;
  nearest(
    distances: number,
    count: number,
    histogram: number,
    farthest: number,
    wanted: number,
    out: number,
  ): number;
  products(rows: number, length: number, chosen: number, count: number, query: number, out: number): void;
}

export const loadScan = async (): Promise<WebAssembly.Module> =>
  WebAssembly.compile(await readFile(new URL('./scan.wasm', import.meta.url)));

export const scanOver = async (module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<Scan> =>
  (await WebAssembly.instantiate(module, { block: { memory } })).exports as unknown as Scan;
