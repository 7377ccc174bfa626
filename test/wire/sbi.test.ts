/** The scanner driver against the simulated device service over real sockets, each forgery refused with its own code. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ImageCodec } from '../../agent/packet/imaging.ts';
import type { FingerName } from '../../drivers/device.ts';
import { openSbiCamera } from '../../drivers/sbi/camera.ts';
import { openSbiScanner } from '../../drivers/sbi/scanner.ts';
import type { SbiForgery } from '../../sim/sbi/forgery.ts';
import { makeSbiKeys, type SbiKeys } from '../../sim/sbi/keys.ts';
import { type SbiOptions, type SimulatedSbi, startSbi } from '../../sim/sbi/service.ts';
import type { Laid } from '../../sim/sbi/slap.ts';
import { picture } from './pictures.ts';

/** Of this process alone, and below those that the system gives out. */
const FIRST_PORT = 20_000 + (process.pid % 1_000) * 10;
const PORTS = [FIRST_PORT, FIRST_PORT + 9] as const;
const SERIAL = 'SIMSLAP00001';
const THUMBS: readonly FingerName[] = ['right_thumb', 'left_thumb', 'right_index'];
const soon = () => AbortSignal.timeout(20_000);

const codec = new ImageCodec({ deadlineMs: 20_000 });
let keys: SbiKeys;
let folder: string;
let trustFile: string;
const running: AsyncDisposable[] = [];

const noise = () => ({ width: 96, height: 128, ppi: 500, pixels: new Uint8Array(randomBytes(96 * 128)) });
const laid: Laid = {
  prints: [
    { finger: 6, image: noise() },
    { finger: 1, image: noise() },
  ],
};

beforeAll(async () => {
  keys = await makeSbiKeys('L0');
  folder = await mkdtemp(join(tmpdir(), 'vantay-sbi-'));
  trustFile = join(folder, 'authority.pem');
  const { authority, provider } = keys;
  await writeFile(
    trustFile,
    [authority, provider].map(({ certificate }) => certificate.toString('pem')).join('\n'),
  );
});
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one[Symbol.asyncDispose]();
});
afterAll(async () => {
  await codec[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function service(options: Partial<SbiOptions> = {}): Promise<SimulatedSbi> {
  const started = await startSbi({
    ...{ keys, level: 'L0', type: 'Finger', serialNo: SERIAL, ports: PORTS, laid: async () => laid },
    ...options,
  });
  running.push(started);
  return started;
}

async function open(more: { serial?: string } = {}) {
  const scanner = await openSbiScanner({ trustFile, ports: PORTS, ...more }, codec, soon());
  running.push(scanner);
  return scanner;
}

describe('a device service in order', () => {
  test('fingers of a slap come named, pixel by pixel, and several captures go on in one chain', async () => {
    await service();
    const scanner = await open({ serial: SERIAL });
    expect(scanner.identity).toMatchObject({ driver: 'sbi', serial: SERIAL, trust: 'L0' });
    for (let n = 0; n < 3; n += 1) {
      const capture = await scanner.capture(soon(), THUMBS);
      expect(capture).toEqual({
        kind: 'fingers',
        prints: [
          { position: 'left_thumb', image: laid.prints[0]!.image },
          { position: 'right_thumb', image: laid.prints[1]!.image },
        ],
      });
    }
  });

  test('a device that signs inside is trusted so, and sends a slap that it does not divide', async () => {
    const inside = await makeSbiKeys('L1');
    await writeFile(join(folder, 'l1.pem'), `${inside.provider.certificate.toString('pem')}\n`);
    await service({ keys: inside, level: 'L1', segments: false });
    await using scanner = await openSbiScanner(
      { trustFile: join(folder, 'l1.pem'), ports: PORTS, minimumTrust: 'L1' },
      codec,
      soon(),
    );
    expect(scanner.identity.trust).toBe('L1');
    const capture = await scanner.capture(soon(), THUMBS);
    expect(capture).toMatchObject({
      kind: 'slap',
      slap: 'two_thumbs',
      positions: ['left_thumb', 'right_thumb'],
    });
  });

  test('nothing on the glass until the capture ends is advice; a wait is given up at once', async () => {
    await service({ laid: async () => null });
    const scanner = await open();
    const cancel = new AbortController();
    const captured = scanner.capture(cancel.signal, THUMBS);
    cancel.abort(new Error('enough'));
    await expect(captured).rejects.toThrow('enough');
  });
});

test('a camera proves who it is, and its stream is watched', async () => {
  const jpegs = await Promise.all([1, 2, 3].map(seed => picture(seed)));
  let n = 0;
  await service({ type: 'Face', nextFrame: async () => jpegs[n++ % 3]! });
  await using camera = await openSbiCamera({ trustFile, ports: PORTS, serial: SERIAL }, soon());
  expect(camera.identity).toMatchObject({ driver: 'sbi', serial: SERIAL });
  expect(camera.identity.trust).toBeUndefined();
  const seen: Uint8Array[] = [];
  for await (const { jpeg } of camera.frames(soon())) if (seen.push(jpeg) === 2) break;
  for (const jpeg of seen) expect(jpegs.some(sent => Buffer.from(sent).equals(jpeg))).toBe(true);
  await running.pop()![Symbol.asyncDispose]();
  await expect(camera.lost).resolves.toMatchObject({ code: 'DEVICE_GONE' });
});

describe('what a device service is not believed', () => {
  const FORGERIES: readonly (readonly [SbiForgery, string])[] = [
    ['altered', 'DEVICE_SIGNATURE'],
    ['unsigned', 'DEVICE_SIGNATURE'],
    ['foreign-chain', 'DEVICE_CERTIFICATE'],
    ['expired', 'DEVICE_CERTIFICATE_ENDED'],
    ['old-answer', 'DEVICE_OTHER_TRANSACTION'],
    ['other-transaction', 'DEVICE_OTHER_TRANSACTION'],
    ['old-hash', 'DEVICE_REPLAYED'],
    ['old-time', 'DEVICE_REPLAYED'],
    ['wrong-hash', 'DEVICE_HASH'],
    ['other-device', 'DEVICE_OTHER_DEVICE'],
    ['other-name', 'DEVICE_OTHER_DEVICE'],
  ];
  test.each(FORGERIES)('%s: %s, and the next true sample is taken', async (forgery, code) => {
    const device = await service();
    const scanner = await open();
    await scanner.capture(soon(), THUMBS);
    device.forgery = forgery;
    await expect(scanner.capture(soon(), THUMBS)).rejects.toMatchObject({ name: 'DeviceError', code });
    device.forgery = undefined;
    await expect(scanner.capture(soon(), THUMBS)).resolves.toMatchObject({ kind: 'fingers' });
  });

  test('a device of an authority that is not known is not opened', async () => {
    await service({ keys: await makeSbiKeys('L0') });
    await expect(open()).rejects.toMatchObject({ code: 'DEVICE_CERTIFICATE' });
  });
});

test('a device that signs outside is not opened where signing inside is asked for', async () => {
  await service();
  const asked = { trustFile, ports: PORTS, minimumTrust: 'L1' } as const;
  await expect(openSbiScanner(asked, codec, soon())).rejects.toMatchObject({ code: 'DEVICE_TRUST_LEVEL' });
  await using _enough = await openSbiScanner({ ...asked, minimumTrust: 'L0' }, codec, soon());
});

describe('what is missing, and why', () => {
  test('no service, another serial number, another kind of device', async () => {
    await expect(open()).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
    await service();
    await expect(open({ serial: 'OTHER0000001' })).rejects.toThrow(`serial number ${SERIAL}`);
    await running.pop()![Symbol.asyncDispose]();
    await service({ type: 'Face' });
    await expect(open()).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
  });

  test('a trust file without certificates', async () => {
    const empty = join(folder, 'empty.pem');
    await writeFile(empty, '');
    for (const trustFile of [empty, join(folder, 'missing.pem')])
      await expect(openSbiScanner({ trustFile, ports: PORTS }, codec, soon())).rejects.toMatchObject({
        code: 'DEVICE_TRUST_FILE',
      });
  });

  test.each([
    ['Not Registered', 'DEVICE_NOT_REGISTERED'],
    ['Not Ready', 'DEVICE_NOT_FOUND'],
  ])('a device that is %s: %s', async (status, code) => {
    const device = await service();
    device.status = status;
    await expect(open()).rejects.toMatchObject({ code });
  });

  test('a device that somebody else uses', async () => {
    const device = await service();
    const scanner = await open();
    device.status = 'Busy';
    await expect(scanner.capture(soon(), THUMBS)).rejects.toMatchObject({ code: 'DEVICE_IN_USE' });
  });
});
