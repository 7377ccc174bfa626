/**
 * Reports of the CP2110 HID-to-UART bridge, as bytes only; the first byte is the report's number.
 * Source: Silicon Labs AN434 "CP2110/4 interface specification", chapters 4 to 6. Numbers are big-endian.
 */

/** Most bytes of one data report, whose number is its length (AN434 4.1). */
const MAX_DATA_BYTES = 63;

const GET_SET_UART_ENABLE = 0x41;
const PURGE_FIFOS = 0x43;
const GET_SET_UART_CONFIG = 0x50;

/** The report that is asked for, its number counted. */
export const UART_CONFIG_REPORT = { number: GET_SET_UART_CONFIG, bytes: 9 } as const;

/** AN434 5.2: 0 disables the UART, 1 enables it. */
export const encodeEnable = (): Uint8Array => Uint8Array.of(GET_SET_UART_ENABLE, 1);

/** AN434 5.4: 1 empties what goes out, 2 what came in, 3 both. */
export const encodePurge = (): Uint8Array => Uint8Array.of(PURGE_FIFOS, 3);

/** AN434 6.1: no parity (0), no flow control (0), eight data bits (3), one stop bit (0). @param baud 300 .. 1,000,000 */
export function encodeUartConfig(baud: number): Uint8Array {
  const bytes = Uint8Array.of(GET_SET_UART_CONFIG, 0, 0, 0, 0, 0, 0, 3, 0);
  new DataView(bytes.buffer).setUint32(1, baud);
  return bytes;
}

/** The speed that a bridge says it runs at, in bits per second; undefined for what is no such report. */
export function decodeUartBaud(report: Uint8Array): number | undefined {
  if (report.length < UART_CONFIG_REPORT.bytes || report[0] !== GET_SET_UART_CONFIG) return undefined;
  return new DataView(report.buffer, report.byteOffset).getUint32(1);
}

/** Bytes for the UART as data reports, in order. */
export function encodeData(bytes: Uint8Array): Uint8Array[] {
  const reports: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += MAX_DATA_BYTES) {
    const piece = bytes.subarray(at, at + MAX_DATA_BYTES);
    reports.push(Uint8Array.of(piece.length, ...piece));
  }
  return reports;
}

/** Bytes from the UART; undefined for a report that is no data report or shorter than its number says. Padding is cut off. */
export function decodeData(report: Uint8Array): Uint8Array | undefined {
  const length = report[0] ?? 0;
  if (length < 1 || length > MAX_DATA_BYTES || report.length < length + 1) return undefined;
  return report.slice(1, length + 1);
}
