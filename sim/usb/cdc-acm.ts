/** A sensor with a USB serial port of its own. Source: USB CDC PSTN 1.2, chapter 6 (line coding), CDC 1.2, 5.2. */
import type { GrayImageLike } from '../sensor/image.ts';
import type { ToHost, UsbModel } from './device.ts';
import { uartSensor } from './uart-sensor.ts';

const NOTICE = 0x82;
const TO_HOST = 0x83;
const FROM_HOST = 0x03;
const PACKET_BYTES = 64;
/** PSTN 6.3: line coding out and in, line state, break. */
const SET_LINE_CODING = 0x20;
const GET_LINE_CODING = 0x21;
const QUIET = [0x22, 0x23];
/** Header, call management, abstract control, union of interfaces 0 and 1. */
const FUNCTIONAL = [5, 0x24, 0, 0x10, 1, 5, 0x24, 1, 0, 1, 4, 0x24, 2, 2, 5, 0x24, 6, 0, 1];

export interface LineCoding {
  /** Bits per second. */
  readonly baud: number;
  readonly stopBits: 1 | 1.5 | 2;
  readonly parity: 'none' | 'odd' | 'even' | 'mark' | 'space';
  readonly dataBits: 5 | 6 | 7 | 8 | 16;
}

const LINE_CODING_BYTES = 7;
const STOP_BITS = [1, 1.5, 2] as const;
const PARITY = ['none', 'odd', 'even', 'mark', 'space'] as const;
const DATA_BITS = [5, 6, 7, 8, 16] as const;

/** PSTN table 17: speed 4, stop bits, parity, data bits; undefined for what is none. */
export function readLineCoding(bytes: Uint8Array): LineCoding | undefined {
  if (bytes.length !== LINE_CODING_BYTES) return undefined;
  const baud = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const stopBits = STOP_BITS[bytes[4]!];
  const parity = PARITY[bytes[5]!];
  const dataBits = DATA_BITS.find(bits => bits === bytes[6]);
  if (baud === 0 || !stopBits || !parity || !dataBits) return undefined;
  return { baud, stopBits, parity, dataBits };
}

export function cdcAcmSensor(
  finger: () => GrayImageLike | null,
  unplug: () => void,
): (toHost: ToHost) => UsbModel & Pick<ReturnType<typeof uartSensor>, 'arm'> {
  return toHost => {
    let lineCoding: Buffer = Buffer.from([0, 0xc2, 1, 0, 0, 0, 8]);
    const sensor = uartSensor(
      finger,
      bytes => {
        for (let at = 0; at < bytes.length; at += PACKET_BYTES)
          toHost(TO_HOST, bytes.subarray(at, at + PACKET_BYTES));
        // A transfer that ends with a full packet is ended by an empty one (USB 2.0, 5.8.3).
        if (bytes.length % PACKET_BYTES === 0) toHost(TO_HOST, new Uint8Array(0));
      },
      unplug,
    );
    return {
      // pid.codes, the vendor that lends numbers to tests.
      vendorId: 0x1209,
      productId: 0x0002,
      classCode: 2,
      manufacturer: 'Vantay',
      product: 'Simulated fingerprint sensor',
      serial: 'SIM00002',
      interfaces: [
        {
          classCode: 2,
          subclass: 2,
          protocol: 1,
          classDescriptors: FUNCTIONAL,
          endpoints: [{ address: NOTICE, type: 'interrupt', packetBytes: 16, interval: 10 }],
        },
        {
          classCode: 10,
          subclass: 0,
          protocol: 0,
          classDescriptors: [],
          endpoints: [
            { address: TO_HOST, type: 'bulk', packetBytes: PACKET_BYTES, interval: 0 },
            { address: FROM_HOST, type: 'bulk', packetBytes: PACKET_BYTES, interval: 0 },
          ],
        },
      ],
      control({ type, request }, data) {
        if (type === 0xa1 && request === GET_LINE_CODING) return lineCoding;
        if (type !== 0x21) return 'stall';
        if (request !== SET_LINE_CODING) return QUIET.includes(request) ? 'done' : 'stall';
        if (readLineCoding(data) === undefined) return 'stall';
        lineCoding = Buffer.from(data);
        return 'done';
      },
      receive: (_endpoint, bytes) => sensor.hear(bytes, readLineCoding(lineCoding)?.baud ?? 0),
      reset: sensor.reset,
      arm: sensor.arm,
    };
  };
}
