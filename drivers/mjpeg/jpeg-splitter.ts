/** Largest frame that is kept: a 4K camera's best JPEG is near 4 MB. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024;

const SOI = 0xd8;
const EOI = 0xd9;
const SOS = 0xda;
const TEM = 0x01;

/**
 * Cuts a stream of concatenated JPEG files into frames by walking their markers (ITU-T T.81 annex B), so that an end
 * marker inside a thumbnail or a comment ends nothing. Broken, truncated and oversized frames are dropped and counted.
 */
export class JpegSplitter {
  #held: Buffer = Buffer.alloc(0);
  /** Where the walk goes on; 0 while no start of an image was found. */
  #at = 0;
  #inScan = false;
  #dropped = 0;

  /** Frames dropped so far, and stretches of bytes that belonged to no frame. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @returns the frames completed by `bytes`, each one whole JPEG file, copied. */
  push(bytes: Uint8Array): Uint8Array[] {
    this.#held = this.#held.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes]);
    const frames: Uint8Array[] = [];
    while (this.#findStart()) {
      const end = this.#walk();
      if (end === 'need-more') {
        if (this.#held.length > MAX_FRAME_BYTES) this.#drop(2);
        else break;
      } else if (end === 'broken') {
        this.#drop(Math.max(2, this.#at));
      } else {
        frames.push(Uint8Array.from(this.#held.subarray(0, end)));
        this.#restart(end);
      }
    }
    return frames;
  }

  /** Drops what is held, e.g. at a part boundary; a frame begun counts as dropped. */
  reset(): void {
    if (this.#at > 0) this.#dropped += 1;
    this.#restart(this.#held.length);
  }

  /** Moves the start of an image to the front of what is held. */
  #findStart(): boolean {
    if (this.#at > 0) return true;
    const start = this.#held.indexOf(Buffer.from([0xff, SOI]));
    if (start < 0) {
      // The last byte may be the first half of a marker.
      const keep = this.#held.at(-1) === 0xff ? 1 : 0;
      if (this.#held.length > keep && !this.#isPadding(this.#held.length - keep)) this.#dropped += 1;
      this.#held = this.#held.subarray(this.#held.length - keep);
      return false;
    }
    if (start > 0 && !this.#isPadding(start)) this.#dropped += 1;
    this.#held = this.#held.subarray(start);
    this.#at = 2;
    return true;
  }

  /** Some cameras pad frames to a round length. */
  #isPadding(length: number): boolean {
    return this.#held.subarray(0, length).every(byte => byte === 0);
  }

  #walk(): number | 'need-more' | 'broken' {
    for (;;) {
      if (this.#inScan && !this.#skipScan()) return 'need-more';
      const available = this.#held.length - this.#at;
      if (available < 2) return 'need-more';
      const marker = this.#held[this.#at + 1]!;
      if (this.#held[this.#at] !== 0xff || marker === 0 || marker === SOI) return 'broken';
      if (marker === 0xff) this.#at += 1;
      else if (marker === EOI) return this.#at + 2;
      else if (isBare(marker)) this.#at += 2;
      else {
        if (available < 4) return 'need-more';
        const length = this.#held.readUInt16BE(this.#at + 2);
        if (length < 2) return 'broken';
        if (available < 2 + length) return 'need-more';
        this.#at += 2 + length;
        this.#inScan = marker === SOS;
      }
    }
  }

  /** Over entropy-coded data to the next true marker. */
  #skipScan(): boolean {
    for (;;) {
      const next = this.#held.indexOf(0xff, this.#at);
      if (next < 0 || next + 1 >= this.#held.length) {
        this.#at = next < 0 ? this.#held.length : next;
        return false;
      }
      this.#at = next;
      const code = this.#held[next + 1]!;
      if (code === 0 || isBare(code)) this.#at += 2;
      else if (code === 0xff) this.#at += 1;
      else {
        this.#inScan = false;
        return true;
      }
    }
  }

  #drop(length: number): void {
    this.#dropped += 1;
    this.#restart(length);
  }

  #restart(from: number): void {
    this.#held = this.#held.subarray(from);
    this.#at = 0;
    this.#inScan = false;
  }
}

/** Markers without a segment: restart intervals and TEM. */
function isBare(marker: number): boolean {
  return (marker >= 0xd0 && marker <= 0xd7) || marker === TEM;
}
