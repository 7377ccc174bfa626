/**
 * The hash tree over a set of records, the same at the registry and on the kiosk (agent/records/cache/README.md): a leaf
 * for each record and version, leaves sorted into buckets by their first bits, a digest a bucket, one root. Pure.
 */
import { createHash, createHmac } from 'node:crypto';

/** Bytes of a leaf, a digest, and the root. */
export const HASH_BYTES = 32;
/** A million records make 244 leaves a bucket: so many are hashed for a change, and 128 KB of digests for the root. */
const BUCKETS = 4096;
const BUCKET_BITS = 12;

/**
 * What stands for one version of one record.
 * @param epoch secret of the registry and its kiosks, so that a leaf on a disk tells nothing
 */
export const leafOf = (epoch: Uint8Array, recordId: string, version: number): Buffer =>
  createHmac('sha256', epoch).update(`${version}|${recordId}`, 'utf8').digest();

/** 0..4095 */
export const bucketOf = (leaf: Uint8Array): number => ((leaf[0] ?? 0) << 4) | ((leaf[1] ?? 0) >> 4);

/** First leaf that a bucket could hold; of the bucket after the last one, null. */
export function bucketStart(bucket: number): Uint8Array | null {
  if (bucket >= BUCKETS) return null;
  const start = Buffer.alloc(HASH_BYTES);
  start.writeUInt16BE(bucket << (16 - BUCKET_BITS));
  return start;
}

/** @param leaves of one bucket, ascending */
export function digestOf(leaves: Iterable<Uint8Array>): Buffer {
  const hash = createHash('sha256');
  for (const leaf of leaves) hash.update(leaf);
  return hash.digest();
}

/** @param digests of all buckets, one after the other. @returns lower-case hex */
export const rootOf = (digests: Uint8Array): string => createHash('sha256').update(digests).digest('hex');

const EMPTY = digestOf([]);

/** Digests of a set without records. */
export const emptyDigests = (): Buffer => Buffer.concat(Array.from({ length: BUCKETS }, () => EMPTY));
