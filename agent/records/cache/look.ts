import { existsSync } from 'node:fs';
import { openToRead } from '../../store/sqlite.ts';
import { translated } from './database.ts';
import type { WrappingKey } from './envelope.ts';
import { readHead } from './head.ts';
import { KeyChain } from './key-chain.ts';
import type { CacheStatus } from './types.ts';
import { factOf } from './wipe.ts';

export type Look = { readonly state: 'none' | 'wiped' } | ({ readonly state: 'ready' } & Shown);

type Shown = Pick<
  CacheStatus,
  'version' | 'complete' | 'records' | 'freshUntilMs' | 'syncedAtMs' | 'keyGeneration' | 'keyMadeAtMs'
>;

/**
 * Looks at a file of kept records, also beside a running agent; changes nothing.
 * @throws CacheError RECORDS_KEY_FOREIGN, RECORDS_DAMAGED, RECORDS_TAMPERED, RECORDS_IO
 */
export const lookAt = (path: string, wrapping: readonly WrappingKey[]): Look =>
  translated(() => {
    if (!existsSync(path)) return { state: 'none' };
    const database = openToRead(path);
    try {
      if (factOf(database, 'wiped') !== null) return { state: 'wiped' };
      const place = factOf(database, 'place');
      if (place === null) return { state: 'none' };
      const keys = KeyChain.open(database, wrapping, place);
      const head = readHead(database, keys, place);
      const { version, complete, records, freshUntilMs, syncedAtMs, keyMadeAtMs } = head;
      const keyGeneration = keys.current.generation;
      keys.forget();
      return {
        ...{ state: 'ready', version, complete, records, freshUntilMs, syncedAtMs },
        ...{ keyGeneration, keyMadeAtMs },
      };
    } finally {
      database.close();
    }
  });
