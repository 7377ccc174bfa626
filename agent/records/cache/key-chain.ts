import type { DatabaseSync } from 'node:sqlite';
import { DataKey, type WrappingKey } from './envelope.ts';
import { CacheError } from './errors.ts';

/** The data keys of one file: the newest seals, older ones open until everything has been sealed anew. */
export class KeyChain {
  readonly #database: DatabaseSync;
  readonly #wrapping: WrappingKey;
  readonly #place: string;
  /** Newest first. */
  readonly #keys: DataKey[];
  /** Whether a former wrapping key was needed: who had it and a copy of the file has the data key as well. */
  readonly wrappedByFormer: boolean;

  private constructor(
    database: DatabaseSync,
    wrapping: WrappingKey,
    place: string,
    keys: readonly DataKey[],
    wrappedByFormer = false,
  ) {
    this.#database = database;
    this.#wrapping = wrapping;
    this.#place = place;
    this.#keys = [...keys];
    this.wrappedByFormer = wrappedByFormer;
  }

  /** For a new file; the key is written by {@link keep}. */
  static make(database: DatabaseSync, wrapping: readonly WrappingKey[], place: string): KeyChain {
    const chain = new KeyChain(database, first(wrapping), place, []);
    chain.keep(DataKey.make(1));
    return chain;
  }

  /** Changes nothing. @throws CacheError RECORDS_KEY_FOREIGN, RECORDS_DAMAGED, RECORDS_TAMPERED */
  static open(database: DatabaseSync, wrapping: readonly WrappingKey[], place: string): KeyChain {
    const rows = database.prepare('SELECT generation, wrapped_by, wrapped FROM keys ORDER BY 1 DESC').all();
    if (rows.length === 0) throw new CacheError('RECORDS_TAMPERED', 'the keys of the records are gone');
    const current = first(wrapping);
    const keys = rows.map(({ generation, wrapped_by, wrapped }) => {
      const by = wrapping.find(({ id }) => id === wrapped_by);
      if (!by) throw new CacheError('RECORDS_KEY_FOREIGN', 'sealed under a key that is not in the key file');
      return DataKey.unwrap(Number(generation), wrapped as Uint8Array, by, place);
    });
    const former = rows.some(({ wrapped_by }) => wrapped_by !== current.id);
    return new KeyChain(database, current, place, keys, former);
  }

  /** Wraps all keys with the current wrapping key. */
  wrapAnew(): void {
    for (const key of this.#keys) this.#write(key);
  }

  get current(): DataKey {
    return this.#keys[0]!;
  }

  get all(): readonly DataKey[] {
    return this.#keys;
  }

  /** @throws CacheError RECORDS_TAMPERED for a generation that there is no key of */
  of(generation: number): DataKey {
    const key = this.#keys.find(one => one.generation === generation);
    if (!key) throw new CacheError('RECORDS_TAMPERED', 'sealed under a key that this file does not have');
    return key;
  }

  /** Writes a new key and seals with it from now on; to be called alone in its transaction. */
  keep(key: DataKey): void {
    this.#write(key);
    this.#keys.unshift(key);
  }

  /** Of a key that could not be written after all. */
  abandon(key: DataKey): void {
    const at = this.#keys.indexOf(key);
    if (at >= 0) this.#keys.splice(at, 1);
    key.forget();
  }

  /** Destroys all keys but the newest, on the disk; {@link forgetFormer} does so in memory, after the commit. */
  dropFormer(): void {
    this.#database.prepare('DELETE FROM keys WHERE generation <> ?').run(this.current.generation);
  }

  forgetFormer(): void {
    for (const key of this.#keys.splice(1)) key.forget();
  }

  forget(): void {
    for (const key of this.#keys.splice(0)) key.forget();
  }

  #write(key: DataKey): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO keys VALUES (?, ?, ?)')
      .run(key.generation, this.#wrapping.id, key.wrap(this.#wrapping, this.#place));
  }
}

function first(wrapping: readonly WrappingKey[]): WrappingKey {
  const [current] = wrapping;
  if (!current) throw new CacheError('RECORDS_KEY', 'there is no key');
  return current;
}
