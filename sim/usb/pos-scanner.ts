/**
 * A bar code scanner in HID POS mode. Source: USB-IF HID Point of Sale Usage Tables 1.02, chapter 3; the layout of its one
 * report is that of many scanners: number 2, length, symbology (3), data (56), two bytes of the maker, flags.
 */
import { type ToHost, type UsbModel, uint16 } from './device.ts';

const TO_HOST = 0x81;
const SCANNED_DATA = 2;
const DATA_BYTES = 56;
const CONTINUED = 1;
/** SET_IDLE, SET_PROTOCOL (HID 1.11, 7.2). */
const QUIET = [0x0a, 0x0b];

/** Bar code page, scanned data: byte count; symbology identifiers; data, buffered; two of the maker; eight flags. */
export const REPORT_DESCRIPTOR = Uint8Array.from([
  ...[0x05, 0x8c, 0x09, 0x02, 0xa1, 0x01, 0x09, 0x12, 0xa1, 0x02, 0x85, SCANNED_DATA],
  ...[0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 0x01, 0x05, 0x01, 0x09, 0x3b, 0x81, 0x02],
  ...[0x95, 0x03, 0x05, 0x8c, 0x09, 0xfb, 0x09, 0xfc, 0x09, 0xfd, 0x81, 0x02],
  ...[0x95, DATA_BYTES, 0x09, 0xfe, 0x82, 0x02, 0x01],
  ...[0x06, 0x66, 0xff, 0x95, 0x02, 0x09, 0x04, 0x09, 0x00, 0x81, 0x02],
  ...[0x05, 0x8c, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x09, 0xff, 0x81, 0x02, 0xc0, 0xc0],
]);

/** @param symbology three characters, e.g. `]Q1`, or '' for a scanner that does not tell */
export function codeReports(symbology: string, data: Uint8Array): Buffer[] {
  const reports: Buffer[] = [];
  for (let at = 0; at === 0 || at < data.length; at += DATA_BYTES) {
    const piece = data.subarray(at, at + DATA_BYTES);
    const report = Buffer.alloc(5 + DATA_BYTES + 3);
    report.set([SCANNED_DATA, piece.length]);
    report.write(symbology, 2, 'latin1');
    report.set(piece, 5);
    if (at + DATA_BYTES < data.length) report[report.length - 1] = CONTINUED;
    reports.push(report);
  }
  return reports;
}

export interface PosScanner extends UsbModel {
  /** A code is held before it. */
  scan(symbology: string, data: Uint8Array): void;
}

export const posScanner = (toHost: ToHost): PosScanner => ({
  // pid.codes, the vendor that lends numbers to tests.
  vendorId: 0x1209,
  productId: 0x0003,
  classCode: 0,
  manufacturer: 'Vantay',
  product: 'Simulated bar code scanner',
  serial: 'SIM00005',
  interfaces: [
    {
      classCode: 3,
      subclass: 0,
      protocol: 0,
      classDescriptors: [9, 0x21, 0x11, 0x01, 0, 1, 0x22, ...uint16(REPORT_DESCRIPTOR.length)],
      reportDescriptor: REPORT_DESCRIPTOR,
      endpoints: [{ address: TO_HOST, type: 'interrupt', packetBytes: 64, interval: 8 }],
    },
  ],
  control: ({ type, request }) => (type === 0x21 && QUIET.includes(request) ? 'done' : 'stall'),
  receive() {},
  reset() {},
  scan(symbology, data) {
    for (const report of codeReports(symbology, data)) toHost(TO_HOST, report);
  },
});
