import { PacketError } from './errors.ts';

/** `VSM1`: sealed message, format 1 (README.md, "Container"). */
const MAGIC = 0x56534d31;
/** Magic and length of the JWE, bytes. */
const HEADER_BYTES = 8;

/** Bytes that AES-GCM adds to a blob: its tag (NIST SP 800-38D, 128 bits). */
export const TAG_BYTES = 16;

/** Largest JWE a reader looks at, bytes: a manifest of ten fingers is about 10 KB, so this is ample. */
const MAX_JWE_BYTES = 1 << 20;

/** Parts of a compact JWE (RFC 7516 section 7.1), each with four bytes of length before it. */
const JWE_PARTS = 5;
const LENGTH_BYTES = 4;

/**
 * Puts the encrypted manifest and the sealed blobs together. The JWE's parts go as the bytes they are: base64url of what
 * holds base64url already would cost a third of the manifest. Pure.
 */
export function encodeContainer(jwe: string, sealedBlobs: readonly Uint8Array[]): Uint8Array {
  const parts = jwe.split('.').flatMap(part => {
    const bytes = Buffer.from(part, 'base64url');
    return [uint32(bytes.length), bytes];
  });
  const jweBytes = parts.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([uint32(MAGIC), uint32(jweBytes), ...parts, ...sealedBlobs]);
}

/**
 * Takes a container apart; what the body holds only the manifest knows. Pure, copies nothing of the body.
 * @returns the JWE in compact form, and the bytes behind it
 * @throws PacketError PACKET_FORMAT, PACKET_TRUNCATED, PACKET_JWE_MALFORMED
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
  return { jwe: compactJwe(view.subarray(HEADER_BYTES, bodyAt)), body: view.subarray(bodyAt) };
}

function compactJwe(bytes: Buffer): string {
  const malformed = new PacketError('PACKET_JWE_MALFORMED', 'the manifest is no JWE');
  const parts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (at + LENGTH_BYTES > bytes.length) throw malformed;
    const end = at + LENGTH_BYTES + bytes.readUInt32BE(at);
    if (end > bytes.length || end === at + LENGTH_BYTES) throw malformed;
    parts.push(bytes.toString('base64url', at + LENGTH_BYTES, end));
    at = end;
  }
  if (parts.length !== JWE_PARTS) throw malformed;
  return parts.join('.');
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  bytes.writeUInt32BE(value);
  return bytes;
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
