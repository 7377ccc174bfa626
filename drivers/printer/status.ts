/**
 * What a receipt printer says of itself at any moment, as bytes only.
 * Source: Epson ESC/POS command reference, DLE EOT n "transmit real-time status": one byte, bits 0 and 7 clear, 1 and 4 set.
 */

/** DLE EOT 2, the cause of being offline, and DLE EOT 4, the paper: each is answered by one byte. */
export const STATUS_QUESTION = Uint8Array.of(0x10, 0x04, 0x02, 0x10, 0x04, 0x04);
export const STATUS_BYTES = 2;

/** Why a printer does not print. */
export type PrinterTrouble = 'cover_open' | 'no_paper' | 'fault';

const FIXED_BITS = 0b1001_0011;
const FIXED_VALUE = 0b0001_0010;
const OFFLINE = { coverOpen: 0x04, stoppedWithoutPaper: 0x20, fault: 0x40 } as const;
/** Both sensor bits at the end of the roll. */
const PAPER_END = 0x60;

/**
 * @param bytes the answers in the order of {@link STATUS_QUESTION}
 * @returns undefined for what is no status: the printer speaks something else, or nothing
 */
export function decodeStatus(bytes: Uint8Array): PrinterTrouble | 'ready' | undefined {
  const [offline, paper] = bytes;
  if (bytes.length !== STATUS_BYTES || !isStatus(offline!) || !isStatus(paper!)) return undefined;
  if ((offline! & OFFLINE.coverOpen) !== 0) return 'cover_open';
  if ((offline! & OFFLINE.stoppedWithoutPaper) !== 0 || (paper! & PAPER_END) === PAPER_END) return 'no_paper';
  return (offline! & OFFLINE.fault) !== 0 ? 'fault' : 'ready';
}

const isStatus = (byte: number): boolean => (byte & FIXED_BITS) === FIXED_VALUE;
