import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { CacheError } from './errors.ts';
import { bucketOf, bucketStart, digestOf, emptyDigests, HASH_BYTES, rootOf } from './tree.ts';

/** The hash tree over the table of records: digests in memory, leaves on the disk. */
export class TreeView {
  readonly #leaves: StatementSync;
  readonly #lastLeaves: StatementSync;
  readonly #digests: Buffer;
  /** Buckets whose leaves have changed since their digest was made. */
  readonly #touched = new Set<number>();

  private constructor(database: DatabaseSync, digests: Buffer) {
    this.#leaves = database.prepare('SELECT leaf FROM records WHERE leaf >= ? AND leaf < ? ORDER BY leaf');
    this.#lastLeaves = database.prepare('SELECT leaf FROM records WHERE leaf >= ? ORDER BY leaf');
    this.#digests = digests;
  }

  static empty(database: DatabaseSync): TreeView {
    return new TreeView(database, emptyDigests());
  }

  /** Reads all leaves: a million take about a second. */
  static read(database: DatabaseSync): TreeView {
    const digests = emptyDigests();
    let bucket = 0;
    let leaves: Uint8Array[] = [];
    const settle = () => leaves.length > 0 && digests.set(digestOf(leaves), bucket * HASH_BYTES);
    for (const found of database.prepare('SELECT leaf FROM records ORDER BY leaf').iterate()) {
      const leaf = found.leaf as Uint8Array;
      if (bucketOf(leaf) !== bucket) {
        settle();
        [bucket, leaves] = [bucketOf(leaf), []];
      }
      leaves.push(leaf);
    }
    settle();
    return new TreeView(database, digests);
  }

  copyOn(database: DatabaseSync): TreeView {
    return new TreeView(database, Buffer.from(this.#digests));
  }

  /** To be called for every leaf that comes or goes. */
  touch(leaf: Uint8Array): void {
    this.#touched.add(bucketOf(leaf));
  }

  /** All leaves have gone. */
  clear(): void {
    this.#touched.clear();
    this.#digests.set(emptyDigests());
  }

  /** Of the leaves that lie there now, lower-case hex. */
  root(): string {
    for (const bucket of this.#touched) this.#digests.set(this.#read(bucket), bucket * HASH_BYTES);
    this.#touched.clear();
    return rootOf(this.#digests);
  }

  /** Holds the bucket of a leaf to what was kept. @throws CacheError RECORDS_TAMPERED */
  check(leaf: Uint8Array): void {
    const bucket = bucketOf(leaf);
    const kept = this.#digests.subarray(bucket * HASH_BYTES, (bucket + 1) * HASH_BYTES);
    if (!this.#read(bucket).equals(kept))
      throw new CacheError('RECORDS_TAMPERED', 'a record is missing, added, or older than it was');
  }

  #read(bucket: number): Buffer {
    const [start, end] = [bucketStart(bucket), bucketStart(bucket + 1)];
    const rows = end ? this.#leaves.all(start, end) : this.#lastLeaves.all(start);
    return digestOf(rows.map(({ leaf }) => leaf as Uint8Array));
  }
}
