import { PacketError } from './errors.ts';

/** `VSM1`: sealed message, format 1 (README.md, "Container"). */
const MAGIC = 0x56534d31;
/** Magic and length of the JWE, bytes. */
const HEADER_BYTES = 8;

/** Bytes that AES-GCM adds to a blob: its tag (NIST SP 800-38D, 128 bits). */
export const TAG_BYTES = 16;

/** Largest JWE a reader looks at, bytes: a manifest of ten fingers is about 10 KB, so this is ample. */
const MAX_JWE_BYTES = 1 << 20;

/** Puts the encrypted manifest and the parts of the sealed blobs together. Pure. */
export function encodeContainer(jwe: string, sealedParts: readonly Uint8Array[]): Uint8Array {
  const jweBytes = Buffer.from(jwe, 'ascii');
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(MAGIC, 0);
  header.writeUInt32BE(jweBytes.length, 4);
  return Buffer.concat([header, jweBytes, ...sealedParts]);
}

/**
 * Takes a container apart; what the body holds only the manifest knows. Pure, copies nothing.
 * @throws PacketError PACKET_FORMAT, PACKET_TRUNCATED
 */
export function decodeContainer(container: Uint8Array): { jwe: string; body: Uint8Array } {
  const view = Buffer.from(container.buffer, container.byteOffset, container.byteLength);
  if (view.length >= 4 && view.readUInt32BE(0) !== MAGIC) {
    throw new PacketError('PACKET_FORMAT', 'not a sealed message of format 1');
  }
  if (view.length < HEADER_BYTES)
    throw new PacketError('PACKET_TRUNCATED', 'container ends within its header');
  const jweBytes = view.readUInt32BE(4);
  if (jweBytes > MAX_JWE_BYTES)
    throw new PacketError('PACKET_FORMAT', 'the manifest’s length is out of range');
  const bodyAt = HEADER_BYTES + jweBytes;
  if (bodyAt > view.length) throw new PacketError('PACKET_TRUNCATED', 'container ends within the manifest');
  const jweView = view.subarray(HEADER_BYTES, bodyAt);
  // latin1 keeps every byte apart; 'ascii' would drop the highest bit and so forgive an altered byte.
  return { jwe: jweView.toString('latin1'), body: view.subarray(bodyAt) };
}

/**
 * Cuts a container's body into sealed blobs of the given clear lengths.
 * @throws PacketError PACKET_TRUNCATED, PACKET_TRAILING_BYTES
 */
export function splitBody(body: Uint8Array, clearBytes: readonly number[]): Uint8Array[] {
  const blobs: Uint8Array[] = [];
  let at = 0;
  for (const length of clearBytes) {
    const end = at + length + TAG_BYTES;
    if (end > body.length) throw new PacketError('PACKET_TRUNCATED', 'container ends within a blob');
    blobs.push(body.subarray(at, end));
    at = end;
  }
  if (at !== body.length) throw new PacketError('PACKET_TRAILING_BYTES', 'bytes follow the last blob');
  return blobs;
}
