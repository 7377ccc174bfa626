/** Golden bytes that hold driver and simulator to one protocol; neither's codec made them. */
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { fuzz } from '../../bench/links/fuzz.ts';
import { SBI_TARGETS } from '../../bench/links/sbi-targets.ts';
import { askHttp } from '../../drivers/link/http.ts';
import { decodeFingerImageRecord } from '../../drivers/sbi/record.ts';
import { captureAnswer, captureRequest, chainHash, discoveryAnswer, VERB } from '../../drivers/sbi/wire.ts';
import { captureAnswer as simulatedAnswer } from '../../sim/sbi/capture.ts';
import { answerBytes, readRequest, streamHead, streamPart } from '../../sim/sbi/http.ts';
import { makeSigner } from '../../sim/sbi/keys.ts';
import { fingerRecord, jp2Of } from '../../sim/sbi/record.ts';
import golden from '../fixtures/wire/sbi.json' with { type: 'json' };

const AT = new Date('2026-11-22T08:30:59.999Z');
const image = Buffer.from(golden.imageHex, 'hex');
const record = Buffer.from(golden.recordHex, 'hex');

describe('HTTP', () => {
  test('the driver asks with the golden bytes and reads the golden answer', async () => {
    const heard = Promise.withResolvers<string>();
    const server = createServer(socket => {
      socket.once('data', bytes => {
        heard.resolve(bytes.toString('latin1'));
        socket.end(golden.answer);
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const url = new URL(`http://127.0.0.1:${port}/device`);
    const ask = { method: VERB.discover, body: '{"type":"Finger"}' };
    const limits = { withinMs: 5_000, maxBytes: 2 };
    const body = await askHttp(url, ask, limits, AbortSignal.timeout(5_000));
    expect(discoveryAnswer(body)).toEqual({ kind: 'items', items: [] });
    expect((await heard.promise).replace(`:${port}`, ':4501')).toBe(golden.discoveryRequest);
    const tooShort = askHttp(url, ask, { ...limits, maxBytes: 1 }, AbortSignal.timeout(5_000));
    server.close();
    await expect(tooShort).rejects.toMatchObject({ name: 'DeviceError' });
  });

  test('the simulator reads the golden request at any cut, and writes the golden answers', () => {
    const bytes = Buffer.from(golden.discoveryRequest);
    for (let cut = 0; cut < bytes.length; cut += 1)
      expect(readRequest(bytes.subarray(0, cut))).toEqual({ kind: 'need-more' });
    expect(readRequest(bytes)).toMatchObject({
      kind: 'request',
      request: { verb: 'MOSIPDISC', path: '/device' },
    });
    expect(answerBytes(4501, '[]').toString()).toBe(golden.answer);
    expect(streamHead().toString()).toBe(golden.streamHead);
    const jpeg = Buffer.from('ffd8ffd9', 'hex');
    expect(streamPart(jpeg)).toEqual(
      Buffer.concat([Buffer.from(golden.streamPart), jpeg, Buffer.from('\r\n')]),
    );
  });

  test.each([
    ['two lengths', 'GET / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n'],
    ['chunks', 'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a folded header', 'GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n'],
    ['no version', 'GET /\r\n\r\n'],
    ['no end of its head', 'A'.repeat(9_000)],
  ])('a request with %s is none', (_, text) => {
    expect(readRequest(Buffer.from(text))).toEqual({ kind: 'bad' });
  });
});

test('a registration capture is asked for as the specification has it', () => {
  const asked = captureRequest({
    ...{ env: 'Developer', deviceId: 'SIMSLAP00001', transactionId: '0190-abcd', slap: 'right_four' },
    ...{ at: AT, timeoutMs: 10_000, requestedScore: 40, previousHash: '' },
    fingers: ['right_index', 'right_ring', 'right_little'],
  });
  expect(JSON.parse(asked)).toEqual(golden.captureRequest);
});

test('both sides write and read the golden record and chain the golden hashes', async () => {
  const shape = { width: 400, height: 500, ppi: 500, pixels: new Uint8Array() };
  expect(fingerRecord(7, shape, image, AT).toString('hex')).toBe(golden.recordHex);
  const { jpeg2000, ...told } = decodeFingerImageRecord(record);
  expect(told).toEqual({ position: 7, ppi: 500, width: 400, height: 500 });
  expect(Buffer.from(jpeg2000).equals(image)).toBe(true);
  const [first, second] = golden.hashes;
  expect(chainHash('', record)).toBe(first);
  expect(chainHash(first!, record)).toBe(second);
});

test('each sample of the simulator carries the hash over the one before', async () => {
  const device = await makeSigner('device', null);
  const keys = { authority: device, provider: device, device, identity: device };
  const print = { width: 64, height: 64, ppi: 500, pixels: new Uint8Array(4096) };
  const laid = {
    prints: [
      { finger: 6 as const, image: print },
      { finger: 1 as const, image: print },
    ],
  };
  const asked = { transactionId: '0001', bio: [{ bioSubType: ['Left Thumb', 'Right Thumb'] }] };
  const answer = await simulatedAnswer(asked, laid, { keys, segments: true, deviceCode: 'A', digitalId: {} });
  const read = captureAnswer(Buffer.from(JSON.stringify(answer)));
  if (read.kind === 'refused') throw new Error(read.code);
  let before = '';
  for (const { data, hash } of read.items) {
    const payload = JSON.parse(Buffer.from(data.split('.')[1]!, 'base64url').toString());
    before = chainHash(before, Buffer.from(payload.bioValue, 'base64url'));
    expect(hash).toBe(before);
  }
  expect(Buffer.from(await jp2Of(print)).subarray(0, 12)).toEqual(image);
});

test.each(SBI_TARGETS)('damaged bytes: $name', target => {
  expect(fuzz(target, 5_000, 20_261_122).accepted).toBeGreaterThan(0);
});
