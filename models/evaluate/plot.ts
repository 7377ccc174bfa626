import type { ScoredPair } from './rates.ts';
export const plotRates = async (_sets: ReadonlyMap<string, readonly ScoredPair[]>): Promise<Uint8Array> =>
  new Uint8Array();
