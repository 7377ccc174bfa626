/**
 * What goes between the agent and a process that owns a device, both ways over a pipe: frames of
 *
 *     uint32 length of the word | uint32 length of the bytes | the word, JSON | the bytes as they are
 *
 * in big endian. Node's own messages between processes are not used: they copy what they carry to places that nobody can
 * wipe, and what a device sends may be a finger.
 */

/** What the owner is asked; `ask` is one of its driver's, or `ping`. The bytes belong to it. */
export interface Request {
  readonly id: number;
  readonly ask: string;
}

/** What the owner tells; the bytes of `input` come from the device, those of `done` are the answer. */
export type Report =
  | { readonly kind: 'open' | 'input' }
  | { readonly kind: 'refused' | 'lost'; readonly text: string }
  | { readonly kind: 'done'; readonly id: number }
  | { readonly kind: 'failed'; readonly id: number; readonly text: string };

export interface Frame<W> {
  readonly word: W;
  readonly bytes: Uint8Array;
}

const NOTHING = Buffer.alloc(0);
const LENGTHS_BYTES = 8;
/** More than anything either side says: a process whose memory is broken may say anything. */
const MAX_FRAME_BYTES = 65_536;

/** A frame without its bytes, which follow. */
export function encodeHead(word: object, bytesLength: number): Buffer {
  const text = Buffer.from(JSON.stringify(word));
  const lengths = Buffer.alloc(LENGTHS_BYTES);
  lengths.writeUInt32BE(text.length, 0);
  lengths.writeUInt32BE(bytesLength, 4);
  return Buffer.concat([lengths, text]);
}

/** Puts frames together again. `W` is what the other side is known to say: it is the same program. */
export class FrameReader<W> {
  #held: Buffer = NOTHING;

  /** @throws RangeError or SyntaxError where what came is no frame; nothing can be read from then on */
  push(chunk: Buffer): Frame<W>[] {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const frames: Frame<W>[] = [];
    for (;;) {
      if (this.#held.length < LENGTHS_BYTES) break;
      const bytesAt = LENGTHS_BYTES + this.#held.readUInt32BE(0);
      const end = bytesAt + this.#held.readUInt32BE(4);
      if (end > MAX_FRAME_BYTES) throw new RangeError(`a frame of ${end} bytes`);
      if (this.#held.length < end) break;
      const word = JSON.parse(this.#held.toString('utf8', LENGTHS_BYTES, bytesAt)) as W;
      frames.push({ word, bytes: this.#held.subarray(bytesAt, end) });
      this.#held = this.#held.subarray(end);
    }
    // Even an empty part of a buffer would keep all of it, and with it the last document until the next one.
    if (this.#held.length === 0) this.#held = NOTHING;
    return frames;
  }
}
