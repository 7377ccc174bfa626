import { ModelError } from '../error.ts';
import type { MinutiaeRepresentation, RecordedMinutia } from './record19794-2.ts';

/** What the minutiae records of both versions are made of: what is read must be whole. */

/** Of 14 bits. */
const MAX_SIDE = 16_383;
/** 250 ppi, the least the standard allows. */
export const MIN_PIXELS_PER_CM = 99;
/** Quality that is not reported. */
export const NO_QUALITY = 254;
/** Types of minutiae, by their code. */
export const TYPES = ['other', 'ending', 'bifurcation'] as const;
/** Pixels. */
export const isSide = (side: number): boolean => side >= 1 && side <= MAX_SIDE;
/** 0..100, not reported, or failed to compute. */
export const isQuality = (score: number): boolean =>
  (score >= 0 && score <= 100) || score === 254 || score === 255;

type Frame = Pick<MinutiaeRepresentation, 'width' | 'height' | 'pixelsPerCmX' | 'pixelsPerCmY'>;

/** What both versions ask of size and resolution. @throws ModelError MODEL_INPUT */
export function requireFrame({ width, height, pixelsPerCmX, pixelsPerCmY }: Frame): void {
  if (Math.min(pixelsPerCmX, pixelsPerCmY) < MIN_PIXELS_PER_CM) throw refused('has too low a resolution');
  if (!isSide(width) || !isSide(height)) throw refused('has an impossible size');
}

/** A minutia as both versions have it; without its quality where it has five bytes. @throws ModelError MODEL_INPUT */
export function decodeMinutia(
  reader: Reader,
  minutiaBytes: 5 | 6,
  width: number,
  height: number,
): RecordedMinutia {
  const [first, second] = [reader.uint(2), reader.uint(2)];
  const type = TYPES[first >> 14];
  if (type === undefined) throw refused('has a minutia of an unknown type');
  if (second >> 14 !== 0) throw refused('sets reserved bits');
  const [x, y] = [first & 0x3fff, second];
  if (x >= width || y >= height) throw refused('has a minutia outside its image');
  const angleSteps = reader.uint(1);
  const quality = minutiaBytes === 6 ? reader.uint(1) : NO_QUALITY;
  if (!isQuality(quality)) throw refused('has a minutia of impossible quality');
  return { type, x, y, angleSteps, quality };
}

const TIME_BYTES = 9;

/** @throws RangeError when the caller asks for what the format cannot say */
export function demand(holds: boolean, what: string): void {
  if (!holds) throw new RangeError(`a minutiae record cannot hold this ${what}`);
}

/** Says what is wrong, never what the record holds. */
export const refused = (why: string): ModelError =>
  new ModelError('MODEL_INPUT', `the minutiae record ${why}`);

/** Big-endian fields one after the other; a value that does not fit is a RangeError of Buffer's. */
export class Writer {
  readonly #parts: Buffer[] = [];

  uint(value: number, bytes: 1 | 2 | 4): this {
    demand(Number.isInteger(value), 'field');
    const part = Buffer.alloc(bytes);
    part.writeUIntBE(value, 0, bytes);
    this.#parts.push(part);
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#parts.push(Buffer.from(bytes));
    return this;
  }

  text(text: string): this {
    return this.raw(Buffer.from(text, 'latin1'));
  }

  time(at: Date | null): this {
    if (!at) return this.raw(new Uint8Array(TIME_BYTES).fill(0xff));
    return this.uint(at.getUTCFullYear(), 2)
      .uint(at.getUTCMonth() + 1, 1)
      .uint(at.getUTCDate(), 1)
      .uint(at.getUTCHours(), 1)
      .uint(at.getUTCMinutes(), 1)
      .uint(at.getUTCSeconds(), 1)
      .uint(at.getUTCMilliseconds(), 2);
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

/** Big-endian fields one after the other; what ends too early is refused. */
export class Reader {
  readonly #view: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  raw(length: number): Uint8Array {
    if (length < 0 || length > this.#view.length - this.#at) throw refused('is truncated');
    this.#at += length;
    return Uint8Array.from(this.#view.subarray(this.#at - length, this.#at));
  }

  part(length: number): Reader {
    return new Reader(this.raw(length));
  }

  uint(bytes: 1 | 2 | 4): number {
    if (this.#view.length - this.#at < bytes) throw refused('is truncated');
    this.#at += bytes;
    return this.#view.readUIntBE(this.#at - bytes, bytes);
  }

  text(length: number): string {
    return Buffer.from(this.raw(length)).toString('latin1');
  }

  /** Null where the time is not given; a date that no calendar has is refused. */
  time(): Date | null {
    const start = this.#at;
    const [year, month, day] = [this.uint(2), this.uint(1), this.uint(1)];
    const [hour, minute, second, ms] = [this.uint(1), this.uint(1), this.uint(1), this.uint(2)];
    if (this.#view.subarray(start, this.#at).every(byte => byte === 0xff)) return null;
    const at = new Date(0);
    at.setUTCFullYear(year, month - 1, day);
    at.setUTCHours(hour, minute, second, ms);
    const written = new Writer().time(at).bytes();
    if (!this.#view.subarray(start, this.#at).equals(written))
      throw refused('has an impossible capture time');
    return at;
  }

  end(): void {
    if (this.#at !== this.#view.length) throw refused('goes on after its end');
  }
}
