import { createHash } from 'node:crypto';
import { SealedError } from './error.ts';

/** First four bytes of a chunk, format 1 (agent/packet/README.md, "Chunks"). */
const CHUNK_MAGIC = 'VCH1';
/** 4 magic + 16 id + 32 hash + 4 total length + 4 index + 4 count. */
const CHUNK_HEADER_BYTES = 64;

export interface Chunk {
  /** The message's id as a lower-case UUID string. */
  readonly id: string;
  /** SHA-256 of the whole container, lower-case hex. */
  readonly containerSha256: string;
  /** Length of the whole container, bytes. */
  readonly totalBytes: number;
  readonly index: number;
  readonly count: number;
  readonly body: Uint8Array;
}

export function encodeChunk(chunk: Chunk): Uint8Array {
  const out = Buffer.alloc(CHUNK_HEADER_BYTES + chunk.body.length);
  out.write(CHUNK_MAGIC, 0, 'latin1');
  out.write(chunk.id.replaceAll('-', ''), 4, 'hex');
  out.write(chunk.containerSha256, 20, 'hex');
  out.writeUInt32BE(chunk.totalBytes, 52);
  out.writeUInt32BE(chunk.index, 56);
  out.writeUInt32BE(chunk.count, 60);
  out.set(chunk.body, CHUNK_HEADER_BYTES);
  return new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
}

/** Reads one chunk and checks what it says of itself. @throws SealedError `chunk_malformed`. */
export function decodeChunk(message: Uint8Array): Chunk {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (bytes.length <= CHUNK_HEADER_BYTES || bytes.toString('latin1', 0, 4) !== CHUNK_MAGIC)
    throw new SealedError('chunk_malformed', 'no VCH1 header or no bytes');
  const id = uuidOf(bytes.toString('hex', 4, 20));
  if (!UUID7.test(id)) throw new SealedError('chunk_malformed', 'the id is no UUID of version 7');
  const totalBytes = bytes.readUInt32BE(52);
  const index = bytes.readUInt32BE(56);
  const count = bytes.readUInt32BE(60);
  const body = message.subarray(CHUNK_HEADER_BYTES);
  if (count === 0 || index >= count) throw new SealedError('chunk_malformed', 'index outside the count');
  const others = count - 1;
  const last = index === others;
  // Every chunk but the last is equally long, so one chunk alone tells whether the numbers can be true.
  const fits = last
    ? others === 0
      ? body.length === totalBytes
      : body.length < totalBytes &&
        (totalBytes - body.length) % others === 0 &&
        body.length <= (totalBytes - body.length) / others
    : body.length * others < totalBytes && totalBytes <= body.length * count;
  if (!fits) throw new SealedError('chunk_malformed', 'lengths do not add up');
  return {
    id,
    containerSha256: bytes.toString('hex', 20, 52),
    totalBytes,
    index,
    count,
    body,
  };
}

/** Cuts a container into encoded chunks of at most `chunkBytes` body bytes each. */
export function cutContainer(id: string, container: Uint8Array, chunkBytes: number): Uint8Array[] {
  const containerSha256 = createHash('sha256').update(container).digest('hex');
  const count = Math.ceil(container.length / chunkBytes);
  return Array.from({ length: count }, (_, index) =>
    encodeChunk({
      id,
      containerSha256,
      totalBytes: container.length,
      index,
      count,
      body: container.subarray(index * chunkBytes, (index + 1) * chunkBytes),
    }),
  );
}

/** RFC 9562 section 5.7, lower case. */
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const uuidOf = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
