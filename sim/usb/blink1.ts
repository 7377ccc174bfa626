/** A blink(1) signal light. Source: ThingM, blink1-hid-commands.md: feature report 1, `c` fades to a colour. */
import { type UsbModel, uint16 } from './device.ts';

export interface Blink1State {
  /** Red, green, blue, 0..255 each; then milliseconds that it takes. */
  readonly colour: readonly [number, number, number];
  readonly fadeMs: number;
}

/** Vendor page; reports 1 (8 bytes) and 2 (60 bytes) are features. */
const REPORT_DESCRIPTOR = Uint8Array.from([
  ...[0x06, 0xab, 0xff, 0x0a, 0x00, 0x20, 0xa1, 0x01, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08],
  ...[0x85, 0x01, 0x95, 0x08, 0x09, 0x00, 0xb2, 0x02, 0x01],
  ...[0x85, 0x02, 0x95, 0x3c, 0x09, 0x00, 0xb2, 0x02, 0x01, 0xc0],
]);

/** What a report asks the light to show; undefined for another command or none. */
export function readFade(report: Buffer): Blink1State | undefined {
  if (report.length < 8 || report[0] !== 1 || report.toString('latin1', 1, 2) !== 'c') return undefined;
  return { colour: [report[2]!, report[3]!, report[4]!], fadeMs: report.readUInt16BE(5) * 10 };
}

/** @param onFade hears each change of the light */
export function blink1(onFade: (state: Blink1State) => void): UsbModel {
  return {
    vendorId: 0x27b8,
    productId: 0x01ed,
    classCode: 0,
    manufacturer: 'ThingM',
    product: 'blink(1) mk2',
    serial: 'SIM00004',
    interfaces: [
      {
        classCode: 3,
        subclass: 0,
        protocol: 0,
        classDescriptors: [9, 0x21, 0x01, 0x01, 0, 1, 0x22, ...uint16(REPORT_DESCRIPTOR.length)],
        reportDescriptor: REPORT_DESCRIPTOR,
        endpoints: [{ address: 0x81, type: 'interrupt', packetBytes: 8, interval: 10 }],
      },
    ],
    control({ type, request }, data) {
      if (type !== 0x21) return 'stall';
      const state = request === 0x09 ? readFade(data) : undefined;
      if (state) onFade(state);
      // SET_REPORT of another command, SET_IDLE, SET_PROTOCOL.
      return [0x09, 0x0a, 0x0b].includes(request) ? 'done' : 'stall';
    },
    receive() {},
    reset() {},
  };
}
