/**
 * The one command of a blink(1) signal light that a kiosk needs, as bytes only.
 * Source: ThingM, blink1 repository, docs/blink1-hid-commands.md: feature report 1, eight bytes and the number.
 *
 *     01 | 63 'c' | red | green | blue | time 2, in units of 10 ms, big-endian | light, 0 for all
 */
import type { Colour } from '../light-colours.ts';

const REPORT = 0x01;
const FADE_TO_RGB = 0x63;
const TIME_UNIT_MS = 10;
const ALL_LIGHTS = 0;
/** mk2 and later take nine bytes; mk1 ignores the last. */
const REPORT_BYTES = 9;

/** @param fadeMs 0 .. 655,350 */
export function encodeFade({ red, green, blue }: Colour, fadeMs: number): Uint8Array {
  const bytes = new Uint8Array(REPORT_BYTES);
  bytes.set([REPORT, FADE_TO_RGB, red, green, blue]);
  new DataView(bytes.buffer).setUint16(5, Math.round(fadeMs / TIME_UNIT_MS));
  bytes[7] = ALL_LIGHTS;
  return bytes;
}
