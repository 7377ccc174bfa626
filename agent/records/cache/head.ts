import type { DatabaseSync } from 'node:sqlite';
import { CacheError } from './errors.ts';
import type { KeyChain } from './key-chain.ts';
import { emptyDigests, rootOf } from './tree.ts';
import type { CacheStatus } from './types.ts';

/** How far everything is, sealed: who changes it, or puts an older one there, is noticed. */
export interface Head extends Omit<CacheStatus, 'state' | 'keyGeneration' | 'toSealAnew'> {
  /** Which models made the templates. */
  readonly models: string;
  /** Row of the next record that is new. */
  readonly nextRow: number;
}

/** Of a file without records. */
export const NEW_HEAD: Head = {
  serial: 0,
  epoch: null,
  version: 0,
  complete: false,
  records: 0,
  root: rootOf(emptyDigests()),
  freshUntilMs: 0,
  syncedAtMs: 0,
  keyMadeAtMs: 0,
  models: '',
  nextRow: 1,
};

const bound = (place: string, generation: number): string => `${place}|head|${generation}`;

export function writeHead(database: DatabaseSync, keys: KeyChain, place: string, head: Head): void {
  const key = keys.current;
  const sealed = key.seal(bound(place, key.generation), Buffer.from(JSON.stringify(head), 'utf8'));
  database.prepare('INSERT OR REPLACE INTO head VALUES (1, ?, ?)').run(key.generation, sealed);
}

/** @throws CacheError RECORDS_DAMAGED, RECORDS_TAMPERED */
export function readHead(database: DatabaseSync, keys: KeyChain, place: string): Head {
  const found = database.prepare('SELECT generation, sealed FROM head').get();
  if (!found) throw new CacheError('RECORDS_TAMPERED', 'the head is gone');
  const generation = Number(found.generation);
  const clear = keys.of(generation).open(bound(place, generation), found.sealed as Uint8Array);
  return JSON.parse(clear.toString('utf8')) as Head;
}
