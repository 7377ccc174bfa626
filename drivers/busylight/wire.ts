/**
 * The two commands of a Busylight that a kiosk needs, as bytes only. Its maker publishes no description; source: the
 * busylight project (github.com/JnyJny/busylight), docs/hardware/devices/kuando.md. An output report without a number:
 *
 *     step 0 .. 6, eight bytes each | three settings, unused | ff ff ff | sum of the 62 bytes before, big-endian
 *
 *     jump to step n:  10 + n | repeats | red | green | blue, 0 .. 100 each | on | off | sound
 *     keep alive:      80 + seconds, 15 at most
 */
import type { Colour } from '../light-colours.ts';

/** hidraw wants a zero where a report has no number. */
const NO_NUMBER = 1;
const REPORT_BYTES = 64;
const PAD_AT = 59;
const PAD_BYTES = 3;
const SUM_AT = 62;

const JUMP = 0x10;
const KEEP_ALIVE = 0x80;
/** Longest that the light goes on without a word, in seconds: the command has four bits. */
export const MAX_KEEP_ALIVE_S = 15;

/** One step that lights steadily and leads to itself. */
export const encodeColour = ({ red, green, blue }: Colour): Uint8Array =>
  encode([JUMP, 0, percent(red), percent(green), percent(blue)]);

/** @param seconds 1 .. {@link MAX_KEEP_ALIVE_S}, until the light goes out by itself */
export const encodeKeepAlive = (seconds: number): Uint8Array => encode([KEEP_ALIVE | seconds]);

/** From 0 .. 255 to the share of time that a lamp is on. */
const percent = (level: number): number => Math.round((level * 100) / 255);

function encode(firstStep: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(NO_NUMBER + REPORT_BYTES);
  const report = bytes.subarray(NO_NUMBER);
  report.set(firstStep);
  report.fill(0xff, PAD_AT, PAD_AT + PAD_BYTES);
  const sum = report.subarray(0, SUM_AT).reduce((total, byte) => total + byte, 0);
  new DataView(bytes.buffer, NO_NUMBER).setUint16(SUM_AT, sum);
  return bytes;
}
