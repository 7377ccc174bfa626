import { isStrictBase64url } from './base64url.ts';
import { SealedError } from './error.ts';

/** First four bytes of a sealed message, format 1 (agent/packet/README.md, "Container"). */
const CONTAINER_MAGIC = 'VSM1';
const HEADER_BYTES = 8;

/** Joins a JWE (ASCII) and the sealed blobs, in manifest order. */
export function joinContainer(jwe: string, sealedBlobs: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.from(jwe, 'latin1');
  const header = Buffer.alloc(HEADER_BYTES);
  header.write(CONTAINER_MAGIC, 0, 'latin1');
  header.writeUInt32BE(body.length, 4);
  return new Uint8Array(Buffer.concat([header, body, ...sealedBlobs]));
}

/** Splits a container. @throws SealedError `container_malformed`. */
export function splitContainer(container: Uint8Array): { jwe: string; sealed: Uint8Array } {
  const bytes = Buffer.from(container.buffer, container.byteOffset, container.byteLength);
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 4) !== CONTAINER_MAGIC)
    throw new SealedError('container_malformed', 'no VSM1 header');
  const end = HEADER_BYTES + bytes.readUInt32BE(4);
  if (end > bytes.length) throw new SealedError('container_malformed', 'JWE cut short');
  const jwe = bytes.toString('latin1', HEADER_BYTES, end);
  const parts = jwe.split('.');
  if (parts.length !== 5 || !parts.every(part => part !== '' && isStrictBase64url(part)))
    throw new SealedError('container_malformed', 'not a compact JWE');
  return { jwe, sealed: container.subarray(end) };
}
