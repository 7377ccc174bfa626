import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { CameraFrame } from '../../drivers/device.ts';
import { openMjpegHttp } from '../../drivers/mjpeg/driver.ts';
import { JpegSplitter } from '../../drivers/mjpeg/jpeg-splitter.ts';
import { boundaryOf, MultipartReader } from '../../drivers/mjpeg/multipart.ts';
import type { StreamLimits } from '../../drivers/stream-camera.ts';
import { type CameraOptions, startCamera } from '../../sim/camera/server.ts';
import golden from '../fixtures/wire/mjpeg.json' with { type: 'json' };
import { picture } from './pictures.ts';

const soon = () => AbortSignal.timeout(15_000);
const B = 'frame';
let jpegs: Uint8Array[];

beforeAll(async () => {
  jpegs = await Promise.all([0, 1, 2, 3].map(seed => picture(seed)));
});

function part(jpeg: Uint8Array, length: number | undefined = jpeg.length, end = '\r\n'): Buffer {
  const told = length === undefined ? '' : `Content-Length: ${length}${end}`;
  return Buffer.concat([
    Buffer.from(`--${B}${end}Content-Type: image/jpeg${end}${told}${end}`),
    jpeg,
    Buffer.from(end),
  ]);
}
const untold = (jpeg: Uint8Array) =>
  Buffer.from(
    part(jpeg, 12345)
      .toString('latin1')
      .replace(/Content-Length: 12345\r\n/, ''),
    'latin1',
  );

/** Whatever comes out when `bytes` arrive in pieces of `size`. */
function read(
  reader: { push(bytes: Uint8Array): Uint8Array[] },
  bytes: Uint8Array,
  size = 1_000,
): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) frames.push(...reader.push(bytes.subarray(at, at + size)));
  return frames;
}

describe('the multipart reader', () => {
  test('golden bytes', () => {
    const frame = Buffer.from(golden.frame, 'hex');
    const bytes = Buffer.concat([Buffer.from(golden.part), frame, Buffer.from(golden.end)]);
    expect(read(new MultipartReader(golden.boundary), bytes, 1)).toEqual([Uint8Array.from(frame)]);
  });

  test('boundaries as cameras write them', () => {
    expect(boundaryOf('multipart/x-mixed-replace; boundary=frame')).toBe('frame');
    expect(boundaryOf('multipart/x-mixed-replace;boundary="--my boundary"')).toBe('my boundary');
    expect(boundaryOf('multipart/x-mixed-replace; boundary=--frame; x=1')).toBe('frame');
    expect(boundaryOf('multipart/x-mixed-replace')).toBeUndefined();
    expect(boundaryOf('multipart/x-mixed-replace; boundary=""')).toBeUndefined();
  });

  for (const size of [1, 7, 64, 1_000, 100_000]) {
    test(`frames with, without and with a wrong length, in pieces of ${size}`, () => {
      const reader = new MultipartReader(B);
      const [a, b, c, d] = jpegs as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
      const stream = Buffer.concat([
        part(a),
        untold(b),
        part(c, 20),
        part(d, d.length + 3_000),
        part(a, a.length, '\n'),
        part(b),
      ]);
      expect(read(reader, stream, size)).toEqual([a, b, c, d, a, b]);
      expect(reader.dropped).toBe(0);
    });
  }

  test('a frame is given as soon as its end is there, without waiting for the next boundary', () => {
    const [a] = jpegs as [Uint8Array];
    expect(read(new MultipartReader(B), untold(a))).toEqual([a]);
    expect(read(new MultipartReader(B), part(a))).toEqual([a]);
  });

  test('truncated frames and garbage are dropped and counted', () => {
    const reader = new MultipartReader(B);
    const [a, b] = jpegs as [Uint8Array, Uint8Array];
    const half = a.subarray(0, a.length >> 1);
    const stream = Buffer.concat([
      part(half, a.length),
      part(b),
      untold(half),
      part(Buffer.alloc(500, 65)),
      part(a),
      part(b),
    ]);
    expect(read(reader, stream)).toEqual([b, a, b]);
    expect(reader.dropped).toBe(3);
  });

  test('an endless frame and an endless header stay bounded', () => {
    const reader = new MultipartReader(B);
    const chunk = Buffer.alloc(1 << 20, 1);
    reader.push(Buffer.from(`--${B}\r\n\r\n\xff\xd8`, 'latin1'));
    for (let i = 0; i < 20; i += 1) reader.push(chunk);
    expect(reader.dropped).toBeGreaterThan(0);
    reader.push(Buffer.from(`\r\n--${B}\r\n`));
    for (let i = 0; i < 3; i += 1) reader.push(chunk);
    const [a] = jpegs as [Uint8Array];
    expect(read(reader, Buffer.concat([part(a), part(a)]))).toContainEqual(a);
  });

  test('random and mangled streams crash nothing and yield only whole frames', () => {
    const [a, b] = jpegs as [Uint8Array, Uint8Array];
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.constantFrom(
        part(a),
        untold(b),
        part(a, 5),
        Buffer.from(`--${B}`),
        Buffer.from('\r\n\r\n'),
        Buffer.from([0xff, 0xd8]),
      ),
      fc.nat(2_000).map(length => part(a).subarray(0, length)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), fc.integer({ min: 1, max: 5_000 }), (pieces, size) => {
        for (const reader of [new MultipartReader(B), new JpegSplitter()]) {
          for (const frame of read(reader, Buffer.concat(pieces), size)) {
            expect([...frame.subarray(0, 2), ...frame.subarray(-2)]).toEqual([0xff, 0xd8, 0xff, 0xd9]);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the splitter of bare JPEG streams', () => {
  for (const size of [1, 13, 4_096]) {
    test(`in pieces of ${size}, with an end marker inside a comment and padding between`, () => {
      const [a, b] = jpegs as [Uint8Array, Uint8Array];
      const comment = Buffer.from([0xff, 0xfe, 0, 8, 0xff, 0xd9, 0xff, 0xd8, 0, 0]);
      const tricky = Uint8Array.from(Buffer.concat([a.subarray(0, 2), comment, a.subarray(2)]));
      const splitter = new JpegSplitter();
      expect(read(splitter, Buffer.concat([tricky, Buffer.alloc(3), b, tricky]), size)).toEqual([
        tricky,
        b,
        tricky,
      ]);
      expect(splitter.dropped).toBe(0);
    });
    test(`drops a frame cut short and goes on, in pieces of ${size}`, () => {
      const [a, b] = jpegs as [Uint8Array, Uint8Array];
      const splitter = new JpegSplitter();
      expect(read(splitter, Buffer.concat([a.subarray(0, a.length - 40), b, a]), size)).toEqual([b, a]);
      expect(splitter.dropped).toBe(1);
    });
  }
});

describe('a camera on the network', () => {
  const toClose: AsyncDisposable[] = [];
  afterEach(async () => {
    for (const resource of toClose.splice(0).reverse()) await resource[Symbol.asyncDispose]();
  });

  async function start(options: Partial<CameraOptions> = {}, limits: Partial<StreamLimits> = {}) {
    let count = 0;
    const nextFrame = async () => jpegs[count++ % jpegs.length]!;
    const device = await startCamera({ nextFrame, framesPerSecond: 50, ...options });
    toClose.push(device);
    const camera = await openMjpegHttp({ url: device.url, limits }, soon());
    toClose.push(camera);
    return { device, camera };
  }

  async function take(frames: AsyncIterable<CameraFrame>, count: number): Promise<CameraFrame[]> {
    const taken: CameraFrame[] = [];
    for await (const frame of frames) if (taken.push(frame) === count) break;
    return taken;
  }
  const drain = async (frames: AsyncIterable<CameraFrame>) => {
    for await (const _ of frames);
  };

  test('the simulated camera sends the golden framing', async () => {
    const nextFrame = async () => Uint8Array.from(Buffer.from('FFD8FFD9', 'hex'));
    const device = await startCamera({ nextFrame, framesPerSecond: 20 });
    toClose.push(device);
    const socket = connect(device.port, '127.0.0.1');
    socket.write('GET / HTTP/1.0\r\n\r\n');
    let heard = '';
    for await (const chunk of socket) {
      heard += (chunk as Buffer).toString('latin1');
      const body = heard.slice(heard.indexOf('\r\n\r\n') + 4);
      const wanted = golden.part + Buffer.from(golden.frame, 'hex').toString('latin1') + golden.end;
      if (body.length < wanted.length) continue;
      expect(body.slice(0, wanted.length)).toBe(wanted);
      break;
    }
    socket.destroy();
  });

  for (const withoutLength of [false, true]) {
    test(`gives the frames byte for byte, ${withoutLength ? 'without' : 'with'} lengths`, async () => {
      const { camera } = await start({ withoutLength, stamped: false });
      const frames = await take(camera.frames(soon()), 10);
      for (const frame of frames) expect(jpegs).toContainEqual(frame.jpeg);
      for (const [i, frame] of frames.slice(1).entries())
        expect(frame.sequence).toBeGreaterThan(frames[i]!.sequence);
    });
  }

  test('a slow consumer gets the newest frame', async () => {
    const { camera } = await start();
    const sequences: number[] = [];
    for await (const frame of camera.frames(soon())) {
      sequences.push(frame.sequence);
      if (sequences.length === 3) break;
      await new Promise(resolve => setTimeout(resolve, 200));
    }
    expect(sequences[1]! - sequences[0]!).toBeGreaterThan(2);
  });

  test('truncated frames and garbage do not come through', async () => {
    const { device, camera } = await start({ stamped: false });
    device.fault('truncate');
    for (const frame of await take(camera.frames(soon()), 5)) expect(jpegs).toContainEqual(frame.jpeg);
    device.fault('garbage');
    await expect(drain(camera.frames(soon()))).rejects.toMatchObject({ code: 'DEVICE_TIMEOUT' });
  });

  test('stall, freeze and disconnect are told apart', async () => {
    const stalled = await start({}, { stallAfterMs: 300 });
    stalled.device.fault('stall');
    await expect(drain(stalled.camera.frames(soon()))).rejects.toMatchObject({ code: 'DEVICE_TIMEOUT' });
    const frozen = await start({}, { frozenAfterMs: 300 });
    frozen.device.fault('freeze');
    await expect(drain(frozen.camera.frames(soon()))).rejects.toMatchObject({ code: 'DEVICE_FROZEN' });
    const cut = await start();
    cut.device.disconnect();
    await expect(drain(cut.camera.frames(soon()))).rejects.toMatchObject({ code: 'DEVICE_GONE' });
    expect(await cut.camera.lost).toMatchObject({ code: 'DEVICE_GONE' });
  });

  test('cancelling ends the frames and leaves the camera open', async () => {
    const { camera } = await start();
    const cancel = new AbortController();
    setTimeout(() => cancel.abort(new Error('cancelled')), 50);
    await expect(drain(camera.frames(cancel.signal))).rejects.toThrow('cancelled');
    expect(await take(camera.frames(soon()), 2)).toHaveLength(2);
  });

  test('a closed camera leaves no viewer behind', async () => {
    const { device, camera } = await start();
    await camera[Symbol.asyncDispose]();
    await expect(drain(camera.frames(soon()))).rejects.toMatchObject({ code: 'DEVICE_GONE' });
    while (device.viewers > 0) await new Promise(resolve => setTimeout(resolve, 5));
  });

  test('nobody there, no answer, no stream, refused', async () => {
    const device = await startCamera({ nextFrame: async () => jpegs[0]!, framesPerSecond: 10 });
    toClose.push(device);
    await device.unplug();
    await expect(openMjpegHttp({ url: device.url }, soon())).rejects.toMatchObject({
      code: 'DEVICE_NOT_FOUND',
    });
    const server = createServer((request, response) => {
      if (request.url === '/page') response.setHeader('content-type', 'text/html').end('<p>');
      else if (request.url === '/secret') response.writeHead(401).end();
      else if (request.url !== '/silent') response.writeHead(404).end();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const url = `http://name:word@127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const refused = (path: string) => openMjpegHttp({ url: url + path }, soon());
      await expect(refused('/page')).rejects.toMatchObject({ code: 'DEVICE_PROTOCOL' });
      await expect(refused('/secret')).rejects.toMatchObject({ code: 'DEVICE_NO_PERMISSION' });
      await expect(refused('/none')).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
      await expect(refused('/none')).rejects.not.toThrow('word');
      await expect(openMjpegHttp({ url: `${url}/silent` }, AbortSignal.timeout(100))).rejects.toThrow(
        /timeout/,
      );
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
