import { randomBytes } from 'node:crypto';

/**
 * Makes UUIDs of version 7 (RFC 9562 section 5.7) that never go backwards within one maker, also when the clock does:
 * the 12 bits of `rand_a` count within one millisecond (section 6.2, method 1).
 */
export function uuid7Maker(
  nowMs: () => number,
  random: (bytes: number) => Uint8Array = randomBytes,
): () => string {
  let lastMs = 0;
  let counter = 0;
  return () => {
    const ms = Math.max(Math.floor(nowMs()), lastMs);
    if (ms === lastMs) counter += 1;
    else counter = ((random(1)[0] ?? 0) << 2) & 0x3ff; // starts low, so that a millisecond's count cannot overflow soon
    lastMs = ms;
    if (counter > 0xfff) {
      lastMs += 1;
      counter = 0;
    }
    const bytes = Buffer.from(random(16));
    bytes.writeUIntBE(lastMs, 0, 6);
    bytes.writeUInt16BE(0x7000 | counter, 6);
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
    return formatUuid(bytes);
  };
}

/** @param bytes 16 bytes */
export function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The 16 bytes of a UUID's text, as they stand in a chunk. */
export const uuidBytes = (uuid: string): Uint8Array => Buffer.from(uuid.replaceAll('-', ''), 'hex');
