/** The registry's side of what is kept: the version of each record, and the root that it signs for. */
import { randomBytes } from 'node:crypto';
import {
  bucketOf,
  digestOf,
  emptyDigests,
  HASH_BYTES,
  leafOf,
  rootOf,
} from '../../agent/records/cache/tree.ts';

export const recordIdOf = (record: number): string => `record-${record}`;

export class SignedLog {
  readonly epoch: Uint8Array = randomBytes(HASH_BYTES);
  version = 0;
  readonly #leaves: Buffer;
  /** Of each record's leaf. */
  readonly #buckets: Uint16Array;
  readonly #digests = emptyDigests();
  readonly #touched = new Set<number>();

  constructor(records: number) {
    this.#leaves = Buffer.alloc(records * HASH_BYTES);
    this.#buckets = new Uint16Array(records).fill(ABSENT);
  }

  /** A record is put, or changes. @returns its version */
  put(record: number): number {
    this.version += 1;
    const leaf = leafOf(this.epoch, recordIdOf(record), this.version);
    const former = this.#buckets[record]!;
    if (former !== ABSENT) this.#touched.add(former);
    this.#leaves.set(leaf, record * HASH_BYTES);
    this.#buckets[record] = bucketOf(leaf);
    this.#touched.add(bucketOf(leaf));
    return this.version;
  }

  /** Of all records as they are now, lower-case hex. */
  root(): string {
    for (const bucket of this.#touched) {
      const leaves: Buffer[] = [];
      for (let at = this.#buckets.indexOf(bucket); at >= 0; at = this.#buckets.indexOf(bucket, at + 1))
        leaves.push(this.#leaves.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES));
      this.#digests.set(digestOf(leaves.sort(Buffer.compare)), bucket * HASH_BYTES);
    }
    this.#touched.clear();
    return rootOf(this.#digests);
  }
}

/** No bucket: these have 12 bits. */
const ABSENT = 0xffff;
