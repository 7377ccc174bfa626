/**
 * What a HID POS bar code scanner sends, as bytes only: "Scanned Data" reports, laid out as its report descriptor says.
 * Source: USB-IF "HID Point of Sale Usage Tables" 1.02, chapter 3 (usage page 8CH); Byte Count is usage 3BH of Generic
 * Desktop (HID Usage Tables 1.12, chapter 4).
 *
 *     number | byte count | symbology identifier, three | decoded data, N | ... | continued, a bit
 *
 * A code longer than N comes in several reports, all but the last with the bit set. They have no numbers: a report that got
 * lost between two others is not missed here, so what a code holds has to prove itself, as a zone does by its lines and digits.
 */
import { type InputField, inputFields } from './descriptor.ts';

const USAGE = {
  byteCount: 0x0001_003b,
  symbology: [0x008c_00fb, 0x008c_00fc, 0x008c_00fd],
  decodedData: 0x008c_00fe,
  continued: 0x008c_00ff,
} as const;

/** Where in a report the parts of a code stand, in bytes from its beginning. */
export interface CodeLayout {
  /** First byte of each report; undefined where reports have no number. */
  readonly report: number | undefined;
  readonly reportBytes: number;
  readonly dataAt: number;
  readonly dataBytes: number;
  /** Without it the data end at their padding of zeros. */
  readonly countAt: number | undefined;
  readonly symbologyAt: number | undefined;
  /** In bits. Without it no code is longer than a report. */
  readonly continuedBit: number | undefined;
}

/** A code, or one report's part of it. */
export interface Code {
  /** AIM symbology identifier (ISO/IEC 15424), e.g. `]Q1` for a QR code; '' where the scanner tells none. */
  readonly symbology: string;
  readonly data: Uint8Array;
}

/** @returns undefined when the descriptor is none, or not that of a scanner whose codes can be read */
export function codeLayout(descriptor: Uint8Array): CodeLayout | undefined {
  const all = inputFields(descriptor) ?? [];
  const data = all.find(({ usage }) => usage === USAGE.decodedData);
  if (data === undefined) return undefined;
  const fields = all.filter(({ report }) => report === data.report);
  const field = (wanted: number) => fields.find(({ usage }) => usage === wanted);
  const count = field(USAGE.byteCount);
  const symbology = USAGE.symbology.flatMap(usage => field(usage) ?? []);
  const bytewise = [data, ...(count ? [count] : []), ...symbology];
  const inOrder = symbology.every(
    ({ firstBit, bits }, i) => bits === 8 && firstBit === symbology[0]!.firstBit + 8 * i,
  );
  if (!bytewise.every(isBytes) || !inOrder || symbology.length % 3 !== 0 || (count?.bits ?? 8) !== 8)
    return undefined;
  return {
    report: data.report === 0 ? undefined : data.report,
    reportBytes: Math.ceil(Math.max(...fields.map(({ firstBit, bits }) => firstBit + bits)) / 8),
    dataAt: data.firstBit / 8,
    dataBytes: data.bits / 8,
    countAt: count && count.firstBit / 8,
    symbologyAt: symbology[0] && symbology[0].firstBit / 8,
    continuedBit: field(USAGE.continued)?.firstBit,
  };
}

const isBytes = ({ firstBit, bits }: InputField): boolean => firstBit % 8 === 0 && bits % 8 === 0 && bits > 0;

/** ISO/IEC 15424: a bracket, a letter, a letter or digit. */
const AIM = /^\][A-Za-z][0-9A-Za-z]$/;
const NO_AIM = '\0\0\0';

/** One report; undefined for another one, for one that is too short, and for one whose parts contradict each other. */
export function decodeScan(
  layout: CodeLayout,
  report: Uint8Array,
): (Code & { readonly continued: boolean }) | undefined {
  const { dataAt, dataBytes, countAt, symbologyAt, continuedBit } = layout;
  if (report.length < layout.reportBytes || (layout.report ?? report[0]) !== report[0]) return undefined;
  const padded = report.slice(dataAt, dataAt + dataBytes);
  const count = countAt === undefined ? padded.findLastIndex(byte => byte !== 0) + 1 : report[countAt]!;
  if (count > dataBytes) return undefined;
  const symbology =
    symbologyAt === undefined ? NO_AIM : latin1(report.subarray(symbologyAt, symbologyAt + 3));
  if (symbology !== NO_AIM && !AIM.test(symbology)) return undefined;
  return {
    symbology: symbology === NO_AIM ? '' : symbology,
    data: padded.subarray(0, count),
    continued: continuedBit !== undefined && ((report[continuedBit >> 3]! >> (continuedBit & 7)) & 1) === 1,
  };
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** The longest that a QR code can hold: 7,089 digits (ISO/IEC 18004, table 7, version 40-L). No symbology holds more. */
const MAX_CODE_BYTES = 7_089;

/** Joins the parts of a code. A part of another code, or one too many, drops what was begun. */
export class CodeAssembler {
  #parts: Uint8Array[] = [];
  #symbology = '';
  #dropped = 0;

  /** Parts that became part of no code. */
  get dropped(): number {
    return this.#dropped;
  }

  /** @returns the code when `part` ends it */
  push(part: Code & { readonly continued: boolean }): Code | undefined {
    if (this.#parts.length > 0 && part.symbology !== this.#symbology) this.reset();
    this.#parts.push(part.data);
    this.#symbology = part.symbology;
    if (this.#parts.reduce((sum, { length }) => sum + length, 0) > MAX_CODE_BYTES) {
      this.reset();
      return undefined;
    }
    if (part.continued) return undefined;
    const data = Buffer.concat(this.#parts);
    this.#parts = [];
    return { symbology: part.symbology, data };
  }

  /** Drops a code begun: its end did not come. */
  reset(): void {
    this.#dropped += this.#parts.length;
    this.#parts = [];
  }
}
