/** The decoders of every wire that a device speaks, each with an oracle of its own. */
import { decodeData } from '../../drivers/cp2110/wire.ts';
import { type CodeLayout, codeLayout, decodeScan } from '../../drivers/hid-pos/wire.ts';
import { JpegSplitter } from '../../drivers/mjpeg/jpeg-splitter.ts';
import { MultipartReader } from '../../drivers/mjpeg/multipart.ts';
import { decodeStatus } from '../../drivers/printer/status.ts';
import { decode } from '../../drivers/r30x/wire.ts';
import { LineReader, ZoneAssembler } from '../../drivers/serial-mrz/wire.ts';
import { type PrinterFault, statusBytes } from '../../sim/printer/printer.ts';
import { ACK, COMMAND, DATA, END_OF_DATA, writePacket } from '../../sim/sensor/wire.ts';
import { readLineCoding } from '../../sim/usb/cdc-acm.ts';
import { Cp2110Bridge } from '../../sim/usb/cp2110.ts';
import { codeReports, REPORT_DESCRIPTOR } from '../../sim/usb/pos-scanner.ts';
import type { FuzzedDecoder, FuzzTarget } from './fuzz.ts';

const IDENTIFIER = { command: COMMAND, data: DATA, ack: ACK, end: END_OF_DATA } as const;

const r30x: FuzzTarget = {
  name: 'r30x',
  frames: [
    writePacket({ address: 0xffffffff, identifier: ACK, content: Uint8Array.of(0) }),
    writePacket({ address: 0xffffffff, identifier: ACK, content: new Uint8Array(17).fill(1) }),
    writePacket({ address: 0xef01ef01, identifier: DATA, content: new Uint8Array(128).map((_, i) => i * 3) }),
    writePacket({ address: 0x00000001, identifier: END_OF_DATA, content: new Uint8Array(256).fill(0xef) }),
  ],
  start() {
    let held: Uint8Array = new Uint8Array(0);
    return bytes => {
      held = Buffer.concat([held, bytes]);
      for (let accepted = 0; ; ) {
        const found = decode(held);
        if (found.kind === 'frame') {
          const { kind, address, payload } = found.frame;
          const packet = writePacket({ address, identifier: IDENTIFIER[kind], content: payload });
          demand(packet.equals(held.subarray(found.skipped, found.consumed)), 'a packet that was not sent');
          accepted += 1;
        }
        held = held.subarray(found.consumed);
        if (found.kind === 'need-more') return accepted;
      }
    };
  },
};

const TD3 = ['P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<', 'L898902C36UTO7408122F1204159ZE184226B<<<<<10'];
const TD1 = [
  'I<UTOD231458907<<<<<<<<<<<<<<<',
  '7408122F1204159UTO<<<<<<<<<<<6',
  'ERIKSSON<<ANNA<MARIA<<<<<<<<<<',
];
/** Longer than all that one decoder is given between two of its documents may matter. */
const REMEMBERED_CHARACTERS = 65_536;

const mrz: FuzzTarget = {
  name: 'mrz',
  frames: [TD3, TD1, [TD3.join('')], [TD1.join('')]].map(lines =>
    Buffer.from(lines.map(line => `${line}\r\n`).join('')),
  ),
  start() {
    const reader = new LineReader();
    const zones = new ZoneAssembler();
    let said = '';
    return bytes => {
      const printable = bytes.filter(byte => byte >= 0x20);
      said = (said + Buffer.from(printable).toString('latin1')).slice(-REMEMBERED_CHARACTERS);
      const documents = reader.push(bytes).flatMap(line => {
        const document = zones.push(line);
        return document ? [document] : [];
      });
      for (const lines of documents) {
        const shape = lines.map(({ length }) => length).join();
        demand(shape === '44,44' || shape === '30,30,30', `a zone of ${shape}`);
        for (const line of lines)
          demand(/^[A-Z0-9<]+$/.test(line) && said.includes(line), 'a line never sent');
      }
      return documents.length;
    };
  },
};

/** As small as a JPEG file with every kind of segment can be; no picture is decoded here. */
const JPEG = Buffer.from(
  'ffd8 ffe0 0006 4a464946 fffe 0006 ffd9ffd8 ffc0 000b 08 0010 0010 01 01 11 00 ffda 0008 01 01 00 00 3f 00 12ff00ff0034ffd05678 ffd9'.replaceAll(
    ' ',
    '',
  ),
  'hex',
);
const BOUNDARY = 'frame';
const part = (length: number) =>
  Buffer.concat([
    Buffer.from(`--${BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: ${length}\r\n\r\n`),
    JPEG,
    Buffer.from('\r\n'),
  ]);

/** What comes out begins and ends as a picture and lies, whole, in what went in. */
function pictures(decoder: { push(bytes: Uint8Array): Uint8Array[] }): FuzzedDecoder {
  let said = '';
  return bytes => {
    said = (said + Buffer.from(bytes).toString('latin1')).slice(-REMEMBERED_CHARACTERS);
    const found = decoder.push(bytes).map(jpeg => Buffer.from(jpeg).toString('latin1'));
    for (const jpeg of found) {
      demand(isPicture(jpeg) && said.includes(jpeg), 'a picture never sent');
    }
    return found.length;
  };
}

const isPicture = (jpeg: string): boolean =>
  jpeg.startsWith('\xff\xd8') && jpeg.replace(/[\0\r\n]+$/, '').endsWith('\xff\xd9');

const multipart: FuzzTarget = {
  name: 'mjpeg_multipart',
  frames: [part(JPEG.length), part(JPEG.length - 5), part(99_999), part(0)],
  start: () => pictures(new MultipartReader(BOUNDARY)),
};

const bareJpeg: FuzzTarget = {
  name: 'mjpeg_bare',
  frames: [JPEG, Buffer.concat([JPEG, Buffer.alloc(7)])],
  start: () => pictures(new JpegSplitter()),
};

/** The device's own reading of a report that goes the other way tells what is right. */
const cp2110: FuzzTarget = {
  name: 'cp2110',
  frames: [1, 12, 62, 63].map(length => Uint8Array.of(length, ...new Uint8Array(length).fill(length))),
  start() {
    let uart: Uint8Array | undefined;
    const bridge = new Cp2110Bridge(
      bytes => {
        uart = bytes;
      },
      () => {},
    );
    bridge.setFeature(Buffer.from([0x41, 1]));
    return bytes => {
      uart = undefined;
      bridge.output(Buffer.from(bytes));
      const decoded = decodeData(bytes);
      const same = decoded && uart ? Buffer.from(decoded).equals(uart) : decoded === uart;
      demand(same, 'a report that the bridge reads otherwise');
      return decoded ? 1 : 0;
    };
  },
};

/** All of CDC that is read here, and on the device's side: the kernel's driver is the host's. PSTN 1.2, table 17. */
const cdc: FuzzTarget = {
  name: 'cdc_line_coding',
  frames: ['80250000000008', '00e10000000008', '00c20100020207'].map(text => Buffer.from(text, 'hex')),
  start: () => bytes => {
    const accepted = readLineCoding(bytes) !== undefined;
    const told = Buffer.from(bytes).toString('hex');
    demand(accepted === /^(?!0{8})[0-9a-f]{8}0[0-2]0[0-4](0[5-8]|10)$/.test(told), `or refused ${told}`);
    return accepted ? 1 : 0;
  },
};

/** What is accepted, each part compared with where the layout of the undamaged descriptor has it. */
const hidPos: FuzzTarget = {
  name: 'hid_pos',
  frames: ['7', 'A-2026-1187', TD3.join('')].flatMap(text => codeReports(']Q1', Buffer.from(text))),
  start() {
    const layout = codeLayout(REPORT_DESCRIPTOR)!;
    return bytes => {
      const part = decodeScan(layout, bytes);
      if (part === undefined) return 0;
      const [number, count = 0] = bytes;
      const symbology = Buffer.from(bytes.subarray(2, 5)).toString('latin1');
      demand(number === 2 && count <= 56 && bytes.length >= 64, 'a report that is none');
      demand(/^(][A-Za-z][A-Za-z0-9]|\0\0\0)$/.test(symbology), 'a symbology that is none');
      demand(Buffer.from(part.data).equals(bytes.subarray(5, 5 + count)), 'data never sent');
      demand(part.continued === ((bytes[63]! & 1) === 1), 'the end of a code in its middle');
      return 1;
    };
  },
};

/** Whatever a descriptor says, no part of a code may lie outside the report. */
const hidDescriptor: FuzzTarget = {
  name: 'hid_descriptor',
  frames: [REPORT_DESCRIPTOR, new Uint8Array(Buffer.from('058c09027508950409fe8102c0', 'hex'))],
  start: () => bytes => {
    const layout = codeLayout(bytes);
    if (layout === undefined) return 0;
    demand(
      endsOf(layout).every(end => end <= layout.reportBytes && end > 0),
      'a part outside the report',
    );
    return 1;
  },
};

const endsOf = ({ dataAt, dataBytes, countAt = 0, symbologyAt, continuedBit = 0 }: CodeLayout): number[] => [
  dataAt + dataBytes,
  countAt + 1,
  symbologyAt === undefined ? 1 : symbologyAt + 3,
  (continuedBit >> 3) + 1,
];

/** Two bytes of the form 0xx1xx10, as the manual draws them, or nothing. */
const printerStatus: FuzzTarget = {
  name: 'escpos_status',
  frames: [null, 'coverOpen', 'paperOut'].map(trouble => statusBytes([2, 4], trouble as PrinterFault | null)),
  start: () => bytes => {
    const accepted = decodeStatus(bytes) !== undefined;
    const drawn = [...bytes].map(byte => byte.toString(2).padStart(8, '0')).join(' ');
    demand(accepted === /^0..1..10 0..1..10$/.test(drawn), `or refused ${drawn}`);
    return accepted ? 1 : 0;
  },
};

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the decoder accepted ${what}`);
}

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  r30x,
  cp2110,
  cdc,
  hidPos,
  hidDescriptor,
  mrz,
  multipart,
  bareJpeg,
  printerStatus,
];
