import { createHash } from 'node:crypto';
import type { Chunk } from './chunk.ts';
import { PacketError } from './errors.ts';

/** Bounds on what unfinished messages may cost a receiver. */
export interface ReassemblyLimits {
  /** Bytes of all unfinished messages together. */
  readonly maxBytes: number;
  /** Unfinished messages at a time. */
  readonly maxMessages: number;
  /** Milliseconds a message may stay unfinished, counted from its first chunk. */
  readonly maxAgeMs: number;
}

interface Partial {
  readonly first: Chunk;
  readonly startedMs: number;
  readonly container: Uint8Array;
  readonly have: Set<number>;
  /** Length of every chunk but the last; null until one of them came. */
  chunkBytes: number | null;
}

/**
 * Puts containers together from chunks that come twice, late, or in any order. Holds memory only within its limits, and
 * none for a message that is done. Time is passed in: it neither reads a clock nor sets a timer.
 */
export class Reassembly {
  readonly #limits: ReassemblyLimits;
  readonly #partials = new Map<string, Partial>();
  #bytes = 0;

  constructor(limits: ReassemblyLimits) {
    this.#limits = limits;
  }

  /** Messages that are not complete. */
  get unfinished(): number {
    return this.#partials.size;
  }

  /**
   * Takes one chunk.
   * @param nowMs monotonic milliseconds
   * @returns the container once it is complete and its hash is right, else null
   * @throws PacketError PACKET_CHUNK, PACKET_CHUNK_HASH, PACKET_CHUNK_LIMIT; the chunk has then changed nothing, save
   * that a message whose hash is wrong is forgotten
   */
  take(chunk: Chunk, nowMs: number): { id: string; container: Uint8Array } | null {
    this.expire(nowMs);
    const partial = this.#partials.get(chunk.id) ?? this.#begin(chunk, nowMs);
    const { first } = partial;
    if (
      chunk.containerSha256 !== first.containerSha256 ||
      chunk.containerBytes !== first.containerBytes ||
      chunk.count !== first.count
    ) {
      throw new PacketError('PACKET_CHUNK', 'chunk disagrees with the first of its message');
    }
    const last = chunk.index === chunk.count - 1;
    // The last chunk's length implies the others': container = (count - 1) * others + last.
    const chunkBytes =
      last && chunk.count > 1
        ? (chunk.containerBytes - chunk.bytes.length) / (chunk.count - 1)
        : chunk.bytes.length;
    if (partial.chunkBytes !== null && partial.chunkBytes !== chunkBytes) {
      throw new PacketError('PACKET_CHUNK', 'chunk has another length than the others of its message');
    }
    partial.chunkBytes = chunkBytes;
    partial.container.set(chunk.bytes, chunk.index * chunkBytes);
    partial.have.add(chunk.index);
    if (partial.have.size < chunk.count) return null;

    this.forget(chunk.id);
    if (createHash('sha256').update(partial.container).digest('hex') !== first.containerSha256) {
      throw new PacketError('PACKET_CHUNK_HASH', 'chunks do not make the container they announced');
    }
    return { id: chunk.id, container: partial.container };
  }

  /** Lets go of messages that are older than the limit. */
  expire(nowMs: number): void {
    for (const [id, partial] of this.#partials) {
      if (nowMs - partial.startedMs > this.#limits.maxAgeMs) this.forget(id);
    }
  }

  /** Lets go of one message. */
  forget(id: string): void {
    const partial = this.#partials.get(id);
    if (partial === undefined) return;
    this.#partials.delete(id);
    this.#bytes -= partial.first.containerBytes;
  }

  #begin(first: Chunk, nowMs: number): Partial {
    if (
      this.#bytes + first.containerBytes > this.#limits.maxBytes ||
      this.#partials.size >= this.#limits.maxMessages
    ) {
      throw new PacketError('PACKET_CHUNK_LIMIT', 'too much is unfinished already');
    }
    const partial: Partial = {
      first: { ...first, bytes: new Uint8Array(0) },
      startedMs: nowMs,
      container: new Uint8Array(first.containerBytes),
      have: new Set(),
      chunkBytes: null,
    };
    this.#partials.set(first.id, partial);
    this.#bytes += first.containerBytes;
    return partial;
  }
}
