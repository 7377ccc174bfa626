import { SealedError } from './error.ts';

/** First four bytes of a sealed message, format 1 (agent/packet/README.md, "Container"). */
const CONTAINER_MAGIC = 'VSM1';
const HEADER_BYTES = 8;
/** Protected header, encrypted key, initialisation vector, ciphertext, tag. */
const JWE_PARTS = 5;

const withLength = (bytes: Buffer): Buffer => {
  const framed = Buffer.alloc(4 + bytes.length);
  framed.writeUInt32BE(bytes.length, 0);
  bytes.copy(framed, 4);
  return framed;
};

/** Joins a JWE (compact) and the sealed blobs, in manifest order. */
export function joinContainer(jwe: string, sealedBlobs: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(jwe.split('.').map(part => withLength(Buffer.from(part, 'base64url'))));
  const magic = Buffer.from(CONTAINER_MAGIC, 'latin1');
  return new Uint8Array(Buffer.concat([magic, withLength(body), ...sealedBlobs]));
}

/** Splits a container; the JWE comes in compact form. @throws SealedError `container_malformed`. */
export function splitContainer(container: Uint8Array): { jwe: string; sealed: Uint8Array } {
  const bytes = Buffer.from(container.buffer, container.byteOffset, container.byteLength);
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, 4) !== CONTAINER_MAGIC)
    throw new SealedError('container_malformed', 'no VSM1 header');
  const end = HEADER_BYTES + bytes.readUInt32BE(4);
  if (end > bytes.length) throw new SealedError('container_malformed', 'JWE cut short');
  const parts: string[] = [];
  for (let rest = bytes.subarray(HEADER_BYTES, end); rest.length > 0; ) {
    const partEnd = rest.length < 4 ? Number.POSITIVE_INFINITY : 4 + rest.readUInt32BE(0);
    if (partEnd > rest.length || partEnd === 4)
      throw new SealedError('container_malformed', 'a part of the JWE has an impossible length');
    parts.push(rest.toString('base64url', 4, partEnd));
    rest = rest.subarray(partEnd);
  }
  if (parts.length !== JWE_PARTS) throw new SealedError('container_malformed', 'not a JWE of five parts');
  return { jwe: parts.join('.'), sealed: container.subarray(end) };
}
