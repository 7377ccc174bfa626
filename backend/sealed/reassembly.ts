import { createHash } from 'node:crypto';
import { type Chunk, decodeChunk } from './chunk.ts';
import { SealedError } from './error.ts';

export interface ReassemblyLimits {
  /** Largest container, bytes. */
  readonly messageBytes: number;
  /** Most bytes held for all unfinished messages together. */
  readonly totalBytes: number;
  /** Most unfinished messages at once. */
  readonly messages: number;
  /** An unfinished message that got nothing new for so long is given up, milliseconds. */
  readonly idleMs: number;
}

/** A visit with ten lossless fingers and a face is below 2 MB; the rest is head-room for 1000 ppi sensors. */
export const DEFAULT_LIMITS: ReassemblyLimits = {
  messageBytes: 64 << 20,
  totalBytes: 256 << 20,
  messages: 256,
  idleMs: 120_000,
};

export type Reassembled =
  | { readonly kind: 'incomplete'; readonly id: string }
  | { readonly kind: 'complete'; readonly id: string; readonly container: Uint8Array };

interface Unfinished {
  readonly first: Chunk;
  readonly bodies: Map<number, Uint8Array>;
  bytes: number;
  touchedMs: number;
}

/** Puts chunks together, bounded in bytes, messages and time. Messages of different senders never meet. */
export class Reassembly {
  readonly #limits: ReassemblyLimits;
  readonly #nowMs: () => number;
  readonly #unfinished = new Map<string, Unfinished>();
  #heldBytes = 0;

  /** @param nowMs monotonic milliseconds */
  constructor(limits: ReassemblyLimits = DEFAULT_LIMITS, nowMs: () => number = () => performance.now()) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** Takes one chunk of a sender (a topic). @throws SealedError with the code of the refusal. */
  accept(sender: string, message: Uint8Array): Reassembled {
    this.#giveUpIdle();
    const chunk = decodeChunk(message);
    if (chunk.totalBytes > this.#limits.messageBytes) throw new SealedError('message_too_large');
    const key = `${sender} ${chunk.id}`;
    const entry = this.#unfinished.get(key) ?? this.#begin(key, chunk);
    this.#add(entry, chunk);
    if (entry.bodies.size < chunk.count) return { kind: 'incomplete', id: chunk.id };
    this.forget(sender, chunk.id);
    const container = joined(entry);
    if (createHash('sha256').update(container).digest('hex') !== chunk.containerSha256)
      throw new SealedError('container_hash_mismatch');
    return { kind: 'complete', id: chunk.id, container };
  }

  /** Indices not yet seen of an unfinished message; empty when it is not known. */
  missing(sender: string, id: string): number[] {
    const entry = this.#unfinished.get(`${sender} ${id}`);
    if (entry === undefined) return [];
    return Array.from({ length: entry.first.count }, (_, index) => index).filter(
      index => !entry.bodies.has(index),
    );
  }

  forget(sender: string, id: string): void {
    this.#drop(`${sender} ${id}`);
  }

  #begin(key: string, first: Chunk): Unfinished {
    if (this.#unfinished.size >= this.#limits.messages)
      throw new SealedError('limit_exceeded', 'unfinished messages');
    const entry = { first, bodies: new Map<number, Uint8Array>(), bytes: 0, touchedMs: this.#nowMs() };
    this.#unfinished.set(key, entry);
    return entry;
  }

  #add(entry: Unfinished, chunk: Chunk): void {
    const { first } = entry;
    if (
      chunk.containerSha256 !== first.containerSha256 ||
      chunk.totalBytes !== first.totalBytes ||
      chunk.count !== first.count
    )
      throw new SealedError('chunk_conflict', 'header differs from the first chunk');
    const known = entry.bodies.get(chunk.index);
    if (known !== undefined) return;
    if (this.#heldBytes + chunk.body.length > this.#limits.totalBytes)
      throw new SealedError('limit_exceeded', 'bytes of unfinished messages');
    // A copy: the caller's buffer may be a slice of a much larger network read.
    entry.bodies.set(chunk.index, chunk.body.slice());
    entry.bytes += chunk.body.length;
    this.#heldBytes += chunk.body.length;
    entry.touchedMs = this.#nowMs();
  }

  #giveUpIdle(): void {
    const oldest = this.#nowMs() - this.#limits.idleMs;
    for (const [key, entry] of this.#unfinished) if (entry.touchedMs < oldest) this.#drop(key);
  }

  #drop(key: string): void {
    this.#heldBytes -= this.#unfinished.get(key)?.bytes ?? 0;
    this.#unfinished.delete(key);
  }
}

function joined(entry: Unfinished): Uint8Array {
  const parts = Array.from(
    { length: entry.first.count },
    (_, index) => entry.bodies.get(index) ?? new Uint8Array(),
  );
  return new Uint8Array(Buffer.concat(parts));
}
