/**
 * Fields that finger and face records of ISO/IEC 19794:2011 share: big-endian integers one after the other, capture time
 * and quality blocks (as ISO/IEC 19794-1:2011 lays them out).
 */

/** One quality score with the registered numbers of its algorithm. */
export interface RecordQuality {
  /** 0..100; 254 not computed, 255 failed to compute. */
  readonly score: number;
  /** CBEFF vendor id of the algorithm; 0 unspecified. */
  readonly vendor: number;
  /** Id the vendor gave the algorithm; 0 unspecified. */
  readonly algorithm: number;
}

/** Fields written one after the other, big-endian. Copies bytes only once, when all are there: images are long. */
export class FieldWriter {
  readonly #parts: Uint8Array[] = [];

  /** Bytes written so far. */
  get length(): number {
    return this.#parts.reduce((sum, part) => sum + part.length, 0);
  }

  uint(value: number, bytes: 1 | 2 | 3 | 4): this {
    const part = Buffer.alloc(bytes);
    part.writeUIntBE(value, 0, bytes);
    this.#parts.push(part);
    return this;
  }

  raw(bytes: Uint8Array | string): this {
    this.#parts.push(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);
    return this;
  }

  fields(of: FieldWriter): this {
    this.#parts.push(...of.#parts);
    return this;
  }

  /** Capture date and time, 9 bytes in UTC: year, month, day, hour, minute, second, milliseconds. */
  time(at: Date): this {
    return this.uint(at.getUTCFullYear(), 2)
      .uint(at.getUTCMonth() + 1, 1)
      .uint(at.getUTCDate(), 1)
      .uint(at.getUTCHours(), 1)
      .uint(at.getUTCMinutes(), 1)
      .uint(at.getUTCSeconds(), 1)
      .uint(at.getUTCMilliseconds(), 2);
  }

  quality(blocks: readonly RecordQuality[]): this {
    this.uint(blocks.length, 1);
    for (const block of blocks) this.uint(block.score, 1).uint(block.vendor, 2).uint(block.algorithm, 2);
    return this;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}

/** The counterpart of {@link FieldWriter}. Throws RangeError at the end of the bytes. */
export class FieldReader {
  readonly #view: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.#view.length - this.#at;
  }

  uint(bytes: 1 | 2 | 3 | 4): number {
    const value = this.#view.readUIntBE(this.#at, bytes);
    this.#at += bytes;
    return value;
  }

  raw(length: number): Uint8Array {
    if (length > this.left) throw new RangeError('record ends within a field');
    this.#at += length;
    return this.#view.subarray(this.#at - length, this.#at);
  }

  time(): Date {
    const [year, month, day] = [this.uint(2), this.uint(1), this.uint(1)];
    const [hour, minute, second] = [this.uint(1), this.uint(1), this.uint(1)];
    return new Date(Date.UTC(year, month - 1, day, hour, minute, second, this.uint(2)));
  }

  quality(): RecordQuality[] {
    return Array.from({ length: this.uint(1) }, () => ({
      score: this.uint(1),
      vendor: this.uint(2),
      algorithm: this.uint(2),
    }));
  }
}
