import { JpegSplitter, MAX_FRAME_BYTES } from './jpeg-splitter.ts';

/** A part's header lines together; cameras send about 80 bytes. */
const MAX_HEADER_BYTES = 8_192;
/** JPEG end marker, ITU-T T.81 table B.1. */
const EOI = Buffer.from([0xff, 0xd9]);
const SOI = Buffer.from([0xff, 0xd8]);

/**
 * The boundary of a `multipart/x-mixed-replace` content type (RFC 2046 5.1), without leading dashes: some cameras name
 * it with, some without them. Undefined when there is none.
 */
export function boundaryOf(contentType: string): string | undefined {
  const match = /boundary\s*=\s*(?:"([^"]*)"|([^\s;"]+))/i.exec(contentType);
  const boundary = (match?.[1] ?? match?.[2] ?? '').replace(/^-+/, '');
  return boundary === '' ? undefined : boundary;
}

interface Walk {
  readonly kind: 'walk';
  readonly splitter: JpegSplitter;
  walkedBytes: number;
}

/**
 * Takes JPEG frames out of a multipart stream. A part's Content-Length is believed when the part then ends in an end
 * marker and a boundary follows; where it is missing or wrong the frame is found by its markers. Bounded in memory;
 * what is no frame is dropped and counted.
 */
export class MultipartReader {
  readonly #delimiter: Buffer;
  readonly #delimiterLine: Buffer;
  #held: Buffer = Buffer.alloc(0);
  #dropped = 0;
  #phase: { kind: 'header' } | { kind: 'body'; length: number } | Walk = { kind: 'header' };

  /** @param boundary as {@link boundaryOf} gives it */
  constructor(boundary: string) {
    this.#delimiter = Buffer.from(`--${boundary}`, 'latin1');
    this.#delimiterLine = Buffer.from(`\n--${boundary}`, 'latin1');
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** @returns the frames completed by `bytes`, each one whole JPEG file, copied. */
  push(bytes: Uint8Array): Uint8Array[] {
    this.#held = this.#held.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#held, bytes]);
    const frames: Uint8Array[] = [];
    for (;;) {
      const step = this.#step();
      if (step === 'need-more') return frames;
      if (step !== 'next') frames.push(step);
    }
  }

  #step(): Uint8Array | 'need-more' | 'next' {
    if (this.#phase.kind === 'header') return this.#header();
    return this.#phase.kind === 'body' ? this.#body(this.#phase.length) : this.#walk(this.#phase);
  }

  #header(): 'need-more' | 'next' {
    const start = this.#held.indexOf(this.#delimiter);
    if (start < 0) {
      // Whatever comes before a boundary is preamble; its end may be the boundary's beginning.
      this.#held = this.#held.subarray(Math.max(0, this.#held.length - this.#delimiter.length));
      return 'need-more';
    }
    this.#held = this.#held.subarray(start);
    const end = endOfHeader(this.#held);
    if (end === undefined) {
      if (this.#held.length <= MAX_HEADER_BYTES) return 'need-more';
      this.#dropped += 1;
      this.#held = this.#held.subarray(this.#delimiter.length);
      return 'next';
    }
    const length = Number(
      /^content-length\s*:\s*(\d{1,9})\s*$/im.exec(this.#held.toString('latin1', 0, end))?.[1],
    );
    this.#held = this.#held.subarray(end);
    const told = length > 0 && length <= MAX_FRAME_BYTES;
    this.#phase = told
      ? { kind: 'body', length }
      : { kind: 'walk', splitter: new JpegSplitter(), walkedBytes: 0 };
    return 'next';
  }

  /** A part whose length is told. */
  #body(length: number): Uint8Array | 'need-more' | 'next' {
    if (this.#held.length < length + 2) {
      // A frame that was cut short shows the next boundary before its length is reached.
      if (this.#nextBoundary() === undefined) return 'need-more';
    } else if (isJpeg(this.#held.subarray(0, length)) && this.#delimits(length)) {
      const frame = Uint8Array.from(this.#held.subarray(0, length));
      this.#endPart(length);
      return frame;
    }
    this.#phase = { kind: 'walk', splitter: new JpegSplitter(), walkedBytes: 0 };
    return 'next';
  }

  /** A part whose length is unknown, or was told wrong. */
  #walk(phase: Walk): Uint8Array | 'need-more' | 'next' {
    const boundary = this.#nextBoundary();
    const [frame] = phase.splitter.push(this.#held.subarray(phase.walkedBytes, boundary));
    phase.walkedBytes = this.#held.length;
    if (frame !== undefined) {
      this.#endPart(0);
      return frame;
    }
    if (boundary === undefined && this.#held.length <= MAX_FRAME_BYTES) return 'need-more';
    this.#dropped += 1;
    this.#endPart(boundary ?? this.#held.length);
    return 'next';
  }

  /** Whether a boundary, or a line end before one, begins at `at`; what has not arrived yet is believed. */
  #delimits(at: number): boolean {
    const rest = this.#held.subarray(at, at + 2 + this.#delimiter.length);
    const skip = rest[0] === 0x0d && rest[1] === 0x0a ? 2 : rest[0] === 0x0a ? 1 : 0;
    const seen = rest.subarray(skip, skip + this.#delimiter.length);
    return this.#delimiter.subarray(0, seen.length).equals(seen);
  }

  /** Only at the beginning of a line: a short boundary may well occur inside an image. */
  #nextBoundary(): number | undefined {
    const at = this.#held.indexOf(this.#delimiterLine);
    return at < 0 ? undefined : at;
  }

  #endPart(length: number): void {
    this.#held = this.#held.subarray(length);
    this.#phase = { kind: 'header' };
  }
}

/** Offset after the empty line; bare line feeds are tolerated. */
function endOfHeader(bytes: Buffer): number | undefined {
  const strict = bytes.indexOf('\r\n\r\n');
  const loose = bytes.indexOf('\n\n');
  if (strict >= 0 && (loose < 0 || strict < loose)) return strict + 4;
  return loose >= 0 ? loose + 2 : undefined;
}

/** Starts as an image and ends as one, padding with zeros apart. */
function isJpeg(bytes: Buffer): boolean {
  if (!bytes.subarray(0, 2).equals(SOI)) return false;
  const end = bytes.lastIndexOf(EOI);
  return end > 0 && bytes.subarray(end + 2).every(byte => byte === 0 || byte === 0x0d || byte === 0x0a);
}
