/**
 * A Busylight Omega signal light. Source: github.com/JnyJny/busylight, docs/hardware/devices/kuando.md: 64 bytes, of which
 * the last two are the sum of those before; the first step says what to do. Unless it is kept alive it goes dark.
 */
import { type UsbModel, uint16 } from './device.ts';

/** Red, green, blue, 0..100 each. */
export type BusylightColour = readonly [number, number, number];

export type BusylightCommand =
  | { readonly kind: 'colour'; readonly percent: BusylightColour }
  | { readonly kind: 'keep-alive'; readonly seconds: number };

const FROM_HOST = 0x01;
const TO_HOST = 0x81;
const BYTES = 64;
/** How long it shines when nothing was said of it; that of real lights is not published. */
const UNTOLD_S = 15;
const DARK: BusylightColour = [0, 0, 0];

/** Vendor page, one report of 64 bytes each way, without a number. */
const REPORT_DESCRIPTOR = Uint8Array.from([
  ...[0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, BYTES],
  ...[0x09, 0x02, 0x81, 0x02, 0x09, 0x03, 0x91, 0x02, 0xc0],
]);

/** What a report says; undefined for one whose sum or pad is wrong, and for another command. */
export function readCommand(report: Buffer): BusylightCommand | undefined {
  if (report.length !== BYTES || report.readUIntBE(59, 3) !== 0xff_ff_ff) return undefined;
  let sum = 0;
  for (const byte of report.subarray(0, 62)) sum += byte;
  if (report.readUInt16BE(62) !== sum) return undefined;
  const [command = 0, , red = 0, green = 0, blue = 0] = report;
  if (command >> 4 === 8) return { kind: 'keep-alive', seconds: command & 0x0f };
  if (command !== 0x10 || Math.max(red, green, blue) > 100) return undefined;
  return { kind: 'colour', percent: [red, green, blue] };
}

/** @param onColour hears each change of the light, also when it goes dark by itself */
export function busylight(onColour: (percent: BusylightColour) => void): UsbModel {
  let deadline: NodeJS.Timeout | undefined;
  let lit = false;
  const hear = (report: Buffer): boolean => {
    const command = readCommand(report);
    if (command === undefined) return false;
    if (command.kind === 'colour') {
      lit = command.percent.some(share => share > 0);
      onColour(command.percent);
    }
    clearTimeout(deadline);
    const seconds = command.kind === 'colour' ? UNTOLD_S : command.seconds;
    if (lit) deadline = setTimeout(onColour, seconds * 1000, DARK).unref();
    return true;
  };
  return {
    vendorId: 0x27bb,
    productId: 0x3bcd,
    classCode: 0,
    manufacturer: 'PLENOM APS',
    product: 'BUSYLIGHT',
    serial: 'SIM00006',
    interfaces: [
      {
        classCode: 3,
        subclass: 0,
        protocol: 0,
        classDescriptors: [9, 0x21, 0x10, 0x01, 0, 1, 0x22, ...uint16(REPORT_DESCRIPTOR.length)],
        reportDescriptor: REPORT_DESCRIPTOR,
        endpoints: [
          { address: TO_HOST, type: 'interrupt', packetBytes: BYTES, interval: 10 },
          { address: FROM_HOST, type: 'interrupt', packetBytes: BYTES, interval: 10 },
        ],
      },
    ],
    control({ type, request }, data) {
      if (type !== 0x21) return 'stall';
      // SET_IDLE, SET_PROTOCOL; SET_REPORT of what it does not know.
      if (request === 0x0a || request === 0x0b) return 'done';
      return request === 0x09 && hear(data) ? 'done' : 'stall';
    },
    receive: (_endpoint, bytes) => void hear(bytes),
    reset: () => clearTimeout(deadline),
  };
}
