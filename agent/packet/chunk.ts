import { createHash } from 'node:crypto';
import { PacketError } from './errors.ts';
import { formatUuid, uuidBytes } from './uuid7.ts';

/** `VCH1`: chunk, format 1 (README.md, "Chunks"). */
const MAGIC = 0x56434831;

/** magic 4, id 16, SHA-256 32, container bytes 4, index 4, count 4. */
export const CHUNK_HEADER_BYTES = 64;

/** One part of a container on the wire. */
export interface Chunk {
  /** Message id, a UUID as text. */
  readonly id: string;
  /** SHA-256 of the whole container, lower-case hex. */
  readonly containerSha256: string;
  readonly containerBytes: number;
  /** 0 .. count - 1 */
  readonly index: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** Writes one chunk. Pure. */
export function encodeChunk(chunk: Chunk): Uint8Array {
  const out = Buffer.alloc(CHUNK_HEADER_BYTES + chunk.bytes.length);
  out.writeUInt32BE(MAGIC, 0);
  out.set(uuidBytes(chunk.id), 4);
  out.set(Buffer.from(chunk.containerSha256, 'hex'), 20);
  out.writeUInt32BE(chunk.containerBytes, 52);
  out.writeUInt32BE(chunk.index, 56);
  out.writeUInt32BE(chunk.count, 60);
  out.set(chunk.bytes, CHUNK_HEADER_BYTES);
  return out;
}

/**
 * Reads one chunk; its bytes are a view. Pure.
 * @throws PacketError PACKET_CHUNK when the header contradicts itself or the payload
 */
export function decodeChunk(message: Uint8Array): Chunk {
  const view = Buffer.from(message.buffer, message.byteOffset, message.byteLength);
  if (view.length <= CHUNK_HEADER_BYTES || view.readUInt32BE(0) !== MAGIC)
    throw refuse('not a chunk of format 1');
  const chunk: Chunk = {
    id: formatUuid(view.subarray(4, 20)),
    containerSha256: view.subarray(20, 52).toString('hex'),
    containerBytes: view.readUInt32BE(52),
    index: view.readUInt32BE(56),
    count: view.readUInt32BE(60),
    bytes: view.subarray(CHUNK_HEADER_BYTES),
  };
  if (chunk.index >= chunk.count) throw refuse('index beyond the number of chunks');
  if (chunk.count > chunk.containerBytes) throw refuse('more chunks than bytes');
  if (chunk.bytes.length > chunk.containerBytes) throw refuse('longer than its container');
  // Every chunk but the last has the same length, so each one alone says where it belongs.
  const last = chunk.index === chunk.count - 1;
  const others = chunk.count - 1;
  const fits = last
    ? others === 0
      ? chunk.bytes.length === chunk.containerBytes
      : (chunk.containerBytes - chunk.bytes.length) % others === 0 &&
        (chunk.containerBytes - chunk.bytes.length) / others >= chunk.bytes.length
    : chunk.bytes.length * others < chunk.containerBytes &&
      chunk.bytes.length * chunk.count >= chunk.containerBytes;
  if (!fits) throw refuse('length does not fit its place');
  return chunk;
}

/** How a container of this length is cut: chunks of `chunkBytes`, the last one shorter. */
const chunkCount = (containerBytes: number, chunkBytes: number): number =>
  Math.ceil(containerBytes / chunkBytes);

/**
 * Cuts a container into encoded chunks, made one at a time so that a long message needs no second copy of itself.
 * @param chunkBytes bytes of container in each chunk, without the header
 * @param wanted indices to make; all when absent
 */
export function* chunksOf(
  id: string,
  container: Uint8Array,
  chunkBytes: number,
  wanted?: readonly number[],
): Generator<Uint8Array> {
  const containerSha256 = createHash('sha256').update(container).digest('hex');
  const count = chunkCount(container.length, chunkBytes);
  const indices =
    wanted?.filter(index => index < count) ?? Array.from({ length: count }, (_, index) => index);
  for (const index of indices) {
    const bytes = container.subarray(index * chunkBytes, (index + 1) * chunkBytes);
    yield encodeChunk({ id, containerSha256, containerBytes: container.length, index, count, bytes });
  }
}

const refuse = (why: string): PacketError => new PacketError('PACKET_CHUNK', `chunk refused: ${why}`);
