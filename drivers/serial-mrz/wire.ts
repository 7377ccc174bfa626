/**
 * What a serial reader of machine-readable zones sends: lines of text, each ended by CR, LF or both. A document is two
 * lines of 44 (TD3, ICAO 9303-4) or three of 30 (TD1, ICAO 9303-5). Nothing here judges check digits.
 */
import type { Reading } from '../device.ts';

/** Longest line kept: a whole TD1 zone sent as one line has 90 characters. */
const MAX_LINE_CHARACTERS = 256;
const CR = 0x0d;
const LF = 0x0a;
/** Control characters that some readers frame a reading with (STX, ETX), and all below the space. */
const FIRST_PRINTABLE = 0x20;

/** Characters of a zone, ICAO 9303-3 4.2. */
const ZONE = /^[A-Z0-9<]+$/;
const TD3_WIDTH = 44;
const TD1_WIDTH = 30;

/** Cuts bytes into lines. Overlong lines are dropped and counted; empty ones are nothing. */
export class LineReader {
  #characters: number[] = [];
  #overlong = false;
  #dropped = 0;

  get dropped(): number {
    return this.#dropped;
  }

  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    for (const byte of bytes) {
      if (byte === CR || byte === LF) {
        const line = this.#end();
        if (line !== '') lines.push(line);
      } else if (byte >= FIRST_PRINTABLE) this.#take(byte);
    }
    return lines;
  }

  #take(byte: number): void {
    if (this.#characters.length < MAX_LINE_CHARACTERS) this.#characters.push(byte);
    else this.#overlong = true;
  }

  #end(): string {
    const line = String.fromCharCode(...this.#characters).trim();
    if (this.#overlong) this.#dropped += 1;
    const kept = this.#overlong ? '' : line;
    this.#characters = [];
    this.#overlong = false;
    return kept;
  }
}

/** Whether a line, whole and by itself, could belong to a zone. */
export const canBeOfZone = (line: string): boolean => split(line) !== undefined;

/** The documents in a reader's text. */
export class ZoneText {
  readonly #lines = new LineReader();
  readonly #zones = new ZoneAssembler();

  /** Lines that became part of no document. */
  get dropped(): number {
    return this.#lines.dropped + this.#zones.dropped;
  }

  push(bytes: Uint8Array): Reading[] {
    return this.#lines.push(bytes).flatMap(line => {
      const lines = this.#zones.push(line);
      return lines === undefined ? [] : [{ kind: 'zone' as const, lines }];
    });
  }

  /** Drops a document begun. */
  reset(): void {
    this.#zones.reset();
  }
}

/**
 * Joins lines to documents. A line that cannot continue the document begun drops it and may begin the next one, so a
 * lost line costs one document and never shifts the following ones.
 */
export class ZoneAssembler {
  #begun: string[] = [];
  #dropped = 0;

  /** Lines that became part of no document. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @returns the lines of a document when `line` completes one */
  push(line: string): readonly string[] | undefined {
    const parts = split(line);
    if (parts === undefined) return this.#refuse(1);
    let complete: readonly string[] | undefined;
    for (const part of parts) complete = this.#join(part) ?? complete;
    return complete;
  }

  /** Drops a document begun, e.g. after a silence: what follows belongs to another. */
  reset(): void {
    this.#refuse(0);
  }

  #join(line: string): readonly string[] | undefined {
    if (!this.#continues(line)) {
      this.#refuse(0);
      if (!begins(line)) return this.#refuse(1);
    }
    this.#begun.push(line);
    if (this.#begun.length < (line.length === TD3_WIDTH ? 2 : 3)) return undefined;
    const document = this.#begun;
    this.#begun = [];
    return document;
  }

  #continues(line: string): boolean {
    const [first] = this.#begun;
    if (first === undefined || first.length !== line.length) return false;
    // The last line of a TD1 zone holds names only; every other following line holds numbers.
    if (line.length === TD1_WIDTH && this.#begun.length === 2) return !/\d/.test(line);
    return /\d/.test(line) && !begins(line);
  }

  #refuse(lines: number): undefined {
    this.#dropped += lines + this.#begun.length;
    this.#begun = [];
    return undefined;
  }
}

/**
 * The first line of a passport or visa: a type, a state and names, no digit. Of a card: a type and a number.
 * ICAO 9303-4 4.2.2.1, 9303-5 4.2.2.1, 9303-7 (visas of format A).
 */
function begins(line: string): boolean {
  return line.length === TD3_WIDTH ? /^[PV][A-Z<]+$/.test(line) : /^[ACI][A-Z<]{4}.*\d/.test(line);
}

/** Some readers send all lines of a zone as one. */
function split(line: string): string[] | undefined {
  if (!ZONE.test(line)) return undefined;
  const width = [TD3_WIDTH, TD1_WIDTH].find(
    each => line.length === each || line.length === (each === TD3_WIDTH ? 88 : 90),
  );
  if (width === undefined) return undefined;
  return Array.from({ length: line.length / width }, (_, i) => line.slice(i * width, (i + 1) * width));
}
