/** The registry's own hash tree over what a kiosk keeps (agent/records/cache/README.md). */
import { createHash, createHmac } from 'node:crypto';

const BUCKETS = 4096;

/** Lower-case hex. */
export function treeRoot(
  epoch: Uint8Array,
  records: Iterable<{ readonly recordId: string; readonly version: number }>,
): string {
  const buckets = Array.from({ length: BUCKETS }, (): string[] => []);
  for (const { recordId, version } of records) {
    const leaf = createHmac('sha256', epoch).update(`${version}|${recordId}`).digest('hex');
    buckets[Number.parseInt(leaf.slice(0, 3), 16)]!.push(leaf);
  }
  const root = createHash('sha256');
  for (const leaves of buckets)
    root.update(createHash('sha256').update(leaves.sort().join(''), 'hex').digest());
  return root.digest('hex');
}
