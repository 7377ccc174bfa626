import type { Reading } from '../device.ts';
import { canBeOfZone, ZoneAssembler } from '../serial-mrz/wire.ts';

/**
 * Codes as text on a link, and back. A code may hold lines, so it is the end of the text (ETX), not of a line, that ends it.
 */
const ETX = 0x03;
const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
/** The longest that a QR code can hold, in characters (ISO/IEC 18004, table 7, version 40-L). */
const MAX_CODE_CHARACTERS = 7_089;

/** A code's bytes, other control characters than line ends as spaces, and the mark that ends it. */
export const framed = (code: Uint8Array): Uint8Array =>
  Uint8Array.of(...code.map(byte => (byte < SPACE && byte !== CR && byte !== LF ? SPACE : byte)), ETX);

/** The documents in codes, whole or a line of the zone in each; and codes of one line that can be part of none. */
export class CodeText {
  readonly #zones = new ZoneAssembler();
  #characters: number[] = [];
  #dropped = 0;

  /** Lines that became part of no document, and codes of other content. */
  get dropped(): number {
    return this.#zones.dropped + this.#dropped;
  }

  push(bytes: Uint8Array): Reading[] {
    return [...bytes].flatMap(byte => {
      if (byte === ETX) return this.#end();
      // One more than a code can have, to know that it is none.
      if (this.#characters.length <= MAX_CODE_CHARACTERS) this.#characters.push(byte);
      return [];
    });
  }

  /** Drops a document begun. */
  reset(): void {
    this.#zones.reset();
  }

  #end(): Reading[] {
    const isCode = this.#characters.length <= MAX_CODE_CHARACTERS;
    const lines = Buffer.from(this.#characters)
      .toString('latin1')
      .split(/[\r\n]+/)
      .map(line => line.trim())
      .filter(line => line !== '');
    this.#characters = [];
    const [only] = lines;
    if (!isCode || only === undefined) {
      this.#dropped += 1;
      return [];
    }
    if (lines.length === 1 && !canBeOfZone(only)) return [{ kind: 'code', text: only }];
    return lines.flatMap(line => {
      const zone = this.#zones.push(line);
      return zone === undefined ? [] : [{ kind: 'zone' as const, lines: zone }];
    });
  }
}
