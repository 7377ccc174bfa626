/** Device services: the service's reading of requests, the driver's of answers and of the records within them. */
import { decodeFingerImageRecord } from '../../drivers/sbi/record.ts';
import { captureAnswer, discoveryAnswer } from '../../drivers/sbi/wire.ts';
import { readRequest } from '../../sim/sbi/http.ts';
import { fingerRecord } from '../../sim/sbi/record.ts';
import type { FuzzTarget } from './fuzz.ts';

const requestOf = (verb: string, path: string, body: string): Buffer =>
  Buffer.from(
    `${verb} ${path} HTTP/1.1\r\nHost: 127.0.0.1:4501\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  );

/** What is accepted says what it is in its first line, and how long it is in its one length. */
const request: FuzzTarget = {
  name: 'sbi_http',
  frames: [
    requestOf('MOSIPDISC', '/device', '{"type":"Finger"}'),
    requestOf('MOSIPDINFO', '/info', '{}'),
    requestOf('RCAPTURE', '/capture', '{"env":"Developer","transactionId":"0001","bio":[]}'),
    requestOf('STREAM', '/stream', ''),
  ],
  start: () => bytes => {
    const step = readRequest(bytes);
    if (step.kind !== 'request') return 0;
    const { verb, path, body } = step.request;
    const text = Buffer.from(bytes).toString('latin1');
    const [head = ''] = text.split('\r\n\r\n');
    demand(/^(?:[A-Z]+ \/\S* HTTP\/1\.[01])(?:\r\n|$)/.test(head), 'a first line that is none');
    demand(head.startsWith(`${verb} ${path} HTTP/1.`), 'another verb');
    const lengths = [...head.matchAll(/^content-length:[ \t]*(\d+)[ \t]*$/gim)];
    demand(lengths.length <= 1 && Number(lengths[0]?.[1] ?? 0) === body.length, 'another length');
    demand(text.startsWith(Buffer.from(body).toString('latin1'), head.length + 4), 'another body');
    return 1;
  },
};

const DATA = 'eyJhbGciOiJSUzI1NiJ9.eyJiaW9UeXBlIjoiRmluZ2VyIn0.c2lnbmF0dXJl';
const HASH = 'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855';
const GOOD = { errorCode: '0', errorInfo: 'Success' };

/** Texts that come out lay in what went in; errors of the device's making are coded ones. */
const answer: FuzzTarget = {
  name: 'sbi_answer',
  frames: [
    { biometrics: [{ specVersion: '0.9.5', data: DATA, hash: HASH, error: GOOD }] },
    { biometrics: [{ data: '', hash: '', error: { errorCode: '110', errorInfo: 'Device not ready' } }] },
    [
      {
        deviceId: 'A',
        deviceStatus: 'Ready',
        certification: 'L1',
        digitalId: 'e30',
        deviceCode: 'B',
        purpose: 'Registration',
        error: GOOD,
      },
    ],
  ].map(frame => Buffer.from(JSON.stringify(frame))),
  start: () => bytes => {
    const text = Buffer.from(bytes).toString('utf8');
    let accepted = 0;
    for (const read of [captureAnswer, discoveryAnswer]) {
      try {
        const found = read(bytes);
        if (found.kind === 'refused') continue;
        for (const told of found.items.flatMap(item => Object.values<string>({ ...item })))
          demand(text.includes('\\') || text.toUpperCase().includes(told.toUpperCase()), 'a text never sent');
        accepted += found.items.length;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'DEVICE_PROTOCOL')) throw error;
      }
    }
    return accepted;
  },
};

const IMAGE = Buffer.from('0000000c6a5020200d0a870a', 'hex');
const DAY = new Date('2026-11-22T08:00:00Z');

/** The image is the rest of the record, and what is told of it stands right before it. */
const record: FuzzTarget = {
  name: 'sbi_record',
  frames: [
    fingerRecord(2, { width: 256, height: 288, ppi: 500, pixels: IMAGE }, IMAGE, DAY),
    fingerRecord(13, { width: 1600, height: 1500, ppi: 500, pixels: IMAGE }, IMAGE, DAY),
  ],
  start: () => bytes => {
    let found: ReturnType<typeof decodeFingerImageRecord>;
    try {
      found = decodeFingerImageRecord(bytes);
    } catch (error) {
      if (error instanceof RangeError) return 0;
      throw error;
    }
    const all = Buffer.from(bytes);
    const from = all.length - found.jpeg2000.length;
    demand(
      all.subarray(from).equals(found.jpeg2000) && all.readUInt32BE(from - 4) === found.jpeg2000.length,
      'another image',
    );
    demand(
      all.readUInt16BE(from - 8) === found.width && all.readUInt16BE(from - 6) === found.height,
      'another size',
    );
    demand(all[from - 22] === found.position && all.readUInt32BE(8) === all.length, 'another finger');
    return 1;
  },
};

function demand(holds: boolean, what: string): void {
  if (!holds) throw new Error(`the decoder accepted ${what}`);
}

export const SBI_TARGETS: readonly FuzzTarget[] = [request, answer, record];
