/**
 * The CP2110 HID-to-UART bridge with a sensor on its UART. Source: Silicon Labs AN434, chapters 4 to 6: report 01H..3FH
 * carry as many bytes, the others configure.
 */
import type { GrayImageLike } from '../sensor/image.ts';
import { type ToHost, type UsbModel, uint16 } from './device.ts';
import { uartSensor } from './uart-sensor.ts';

const LONGEST = 63;
const TO_HOST = 0x81;
const FROM_HOST = 0x02;
/** Number and length of the feature reports, AN434 chapters 5 and 6. */
const FEATURES = [
  [0x40, 1],
  [0x41, 1],
  [0x42, 6],
  [0x43, 1],
  [0x44, 2],
  [0x45, 4],
  [0x46, 2],
  [0x47, 1],
  [0x50, 8],
  [0x51, 1],
  [0x52, 1],
] as const;

/** HID class requests (HID 1.11, 7.2). */
const GET_REPORT = 0x01;
const SET_REPORT = 0x09;
const HID_IN = 0xa1;
const HID_OUT = 0x21;
const QUIET = [0x0a, 0x0b];

/** Vendor-defined page: data reports both ways, then the features. */
export function reportDescriptor(): Uint8Array {
  const bytes = [0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01, 0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08];
  for (let n = 1; n <= LONGEST; n += 1)
    bytes.push(0x85, n, 0x95, n, 0x09, 0x01, 0x81, 0x02, 0x95, n, 0x09, 0x01, 0x91, 0x02);
  for (const [number, length] of FEATURES) bytes.push(0x85, number, 0x95, length, 0x09, 0x01, 0xb1, 0x02);
  return Uint8Array.from([...bytes, 0xc0]);
}

/** What the bridge does with reports, apart from the USB around them. */
export class Cp2110Bridge {
  readonly #toUart: (bytes: Uint8Array, baud: number) => void;
  readonly #toHost: (report: Uint8Array) => void;
  #enabled = false;
  #config: Buffer = Buffer.from([0x50, 0, 1, 0xc2, 0, 0, 0, 3, 0]);

  constructor(toUart: (bytes: Uint8Array, baud: number) => void, toHost: (report: Uint8Array) => void) {
    this.#toUart = toUart;
    this.#toHost = toHost;
  }

  get baud(): number {
    return this.#config.readUInt32BE(1);
  }

  get enabled(): boolean {
    return this.#enabled;
  }

  reset(): void {
    this.#enabled = false;
  }

  /** Bytes that the UART received, on to the host; a switched-off UART receives none. */
  fromUart(bytes: Uint8Array): void {
    if (!this.#enabled) return;
    for (let at = 0; at < bytes.length; at += LONGEST) {
      const some = bytes.subarray(at, at + LONGEST);
      this.#toHost(Buffer.concat([Buffer.from([some.length]), some]));
    }
  }

  output(report: Buffer): void {
    const length = report[0] ?? 0;
    if (length >= 1 && length <= LONGEST && report.length > length && this.#enabled)
      this.#toUart(report.subarray(1, 1 + length), this.baud);
  }

  /** @returns whether there is such a report to set */
  setFeature(report: Buffer): boolean {
    if (report[0] === 0x41) this.#enabled = report[1] === 1;
    else if (report[0] === 0x50 && report.length >= 9) this.#config = Buffer.from(report.subarray(0, 9));
    else return [0x40, 0x43, 0x45, 0x51, 0x52].includes(report[0] ?? 0);
    return true;
  }

  feature(number: number): Buffer | undefined {
    if (number === 0x41) return Buffer.from([0x41, Number(this.#enabled)]);
    // Part number 0AH, firmware 2.
    if (number === 0x46) return Buffer.from([0x46, 0x0a, 0x02]);
    return number === 0x50 ? this.#config : undefined;
  }
}

export function cp2110WithSensor(
  finger: () => GrayImageLike | null,
  unplug: () => void,
): (toHost: ToHost) => UsbModel & Pick<ReturnType<typeof uartSensor>, 'arm'> {
  return toHost => {
    const sensor = uartSensor(finger, bytes => bridge.fromUart(bytes), unplug);
    const bridge = new Cp2110Bridge(sensor.hear, report => toHost(TO_HOST, report));
    const report = reportDescriptor();
    return {
      vendorId: 0x10c4,
      productId: 0xea80,
      classCode: 0,
      manufacturer: 'Silicon Laboratories',
      product: 'CP2110 HID USB-to-UART Bridge',
      serial: 'SIM00001',
      interfaces: [
        {
          classCode: 3,
          subclass: 0,
          protocol: 0,
          classDescriptors: [9, 0x21, 0x11, 0x01, 0, 1, 0x22, ...uint16(report.length)],
          reportDescriptor: report,
          endpoints: [
            { address: TO_HOST, type: 'interrupt', packetBytes: 64, interval: 1 },
            { address: FROM_HOST, type: 'interrupt', packetBytes: 64, interval: 1 },
          ],
        },
      ],
      control({ type, request, value }, data) {
        const kind = value >> 8;
        if (type === HID_IN && request === GET_REPORT) return bridge.feature(value & 0xff) ?? 'stall';
        if (type === HID_OUT && QUIET.includes(request)) return 'done';
        if (type !== HID_OUT || request !== SET_REPORT) return 'stall';
        if (kind === 3) return bridge.setFeature(data) ? 'done' : 'stall';
        bridge.output(data);
        return 'done';
      },
      receive: (_endpoint, bytes) => bridge.output(bytes),
      reset() {
        bridge.reset();
        sensor.reset();
      },
      arm: sensor.arm,
    };
  };
}
