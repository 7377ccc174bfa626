/** Drivers on simulated USB devices that fail in every way a bus can: what they say of it, and that they go on. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCp2110On } from '../../drivers/cp2110/link.ts';
import {
  DeviceError,
  type DeviceErrorCode,
  type DocumentReader,
  type FingerScanner,
} from '../../drivers/device.ts';
import { deviceNode } from '../../drivers/find-device.ts';
import { CodeLink, readCodeLayout } from '../../drivers/hid-pos/link.ts';
import type { HidDevice } from '../../drivers/link/hid.ts';
import { openR30xOn } from '../../drivers/r30x/driver.ts';
import { ZoneReader } from '../../drivers/serial-mrz/reader.ts';
import { type Supervisable, supervise } from '../../drivers/supervise.ts';
import { cp2110WithSensor } from '../../sim/usb/cp2110.ts';
import { type ToHost, UsbDevice, type UsbModel } from '../../sim/usb/device.ts';
import type { UsbFaults } from '../../sim/usb/faults.ts';
import { posScanner } from '../../sim/usb/pos-scanner.ts';
import { serveUsbip } from '../../sim/usb/usbip.ts';
import { plugIn } from '../fixtures/usb-host.ts';
import mrz from '../fixtures/wire/mrz.json' with { type: 'json' };
import { drawnFinger } from './fingers.ts';

const soon = () => AbortSignal.timeout(30_000);
/** A device on a host, and its supervised driver, which the faults in `states` befell. */
async function onHost<M extends UsbModel, D extends Supervisable>(
  make: (toHost: ToHost) => M,
  path: string,
  driver: (open: () => Promise<HidDevice>, node: string, root: string, signal: AbortSignal) => Promise<D>,
) {
  const root = await mkdtemp(join(tmpdir(), 'usb-faults-'));
  const device = new UsbDevice(make);
  const server = await serveUsbip([device]);
  const failures: DeviceErrorCode[] = [];
  const supervised = supervise<D>(
    async signal => {
      const open = await plugIn(server.port, root);
      return driver(open, await deviceNode(path, 'hid', root), root, signal);
    },
    {
      signal: new AbortController().signal,
      onState: state => state.state === 'failed' && failures.push(state.error.code),
    },
  );
  return {
    device,
    failures,
    supervised,
    arm: (faults: UsbFaults) => device.arm(faults, () => server.unplug()),
    async [Symbol.asyncDispose]() {
      await supervised[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(root, { recursive: true });
    },
  };
}

const SENSOR = 'usb:10c4:ea80:SIM00001';
const sensor = () =>
  onHost(
    cp2110WithSensor(
      () => drawnFinger(1),
      () => {},
    ),
    SENSOR,
    async (open, _node, _root, signal): Promise<FingerScanner & Supervisable> =>
      openR30xOn(await openCp2110On(await open(), 57_600), { baud: 57_600 }, signal),
  );

const SCANNER = 'usb:1209:0003:SIM00005';
const scanner = (path = SCANNER) =>
  onHost(posScanner, path, async (open, node, root): Promise<DocumentReader & Supervisable> => {
    const layout = await readCodeLayout(node, root);
    return new ZoneReader(new CodeLink(await open(), layout), { driver: 'hid-pos', model: 'scanner' });
  });

const { lines } = mrz.documents[0]!;
const zone = Buffer.from(lines.join('\r'));
/** Until one comes: a reading that a fault spoilt is made again by the hand that holds the document. */
async function readZone({ device, supervised }: Awaited<ReturnType<typeof scanner>>) {
  for (;;) {
    const read = supervised.use(async (opened, signal) => {
      device.model.scan(']Q1', zone);
      return opened.read(AbortSignal.any([signal, AbortSignal.timeout(1_000)]));
    }, soon());
    const found = await read.catch(() => null);
    if (found) return found;
  }
}

const pixels = Buffer.from(drawnFinger(1).pixels.map(pixel => (pixel >> 4) * 17));
const capture = ({ supervised }: Awaited<ReturnType<typeof sensor>>) =>
  supervised.use((opened, signal) => opened.capture(signal), soon());
/** Until it has worked once: whoever asks just when the device is found gone, or on a busy machine, is told so. */
async function isImage(of: Awaited<ReturnType<typeof sensor>>): Promise<void> {
  const signal = soon();
  for (;;) {
    try {
      const taken = await capture(of);
      expect(taken.kind === 'image' && pixels.equals(taken.image.pixels)).toBe(true);
      return;
    } catch (error) {
      if (!(error instanceof DeviceError) || signal.aborted) throw error;
    }
  }
}

describe('a sensor behind a CP2110', () => {
  test.each([700, 39_011])('unplugged after %i bytes, and back', async unplugAfterBytes => {
    await using all = await sensor();
    await isImage(all);
    all.arm({ unplugAfterBytes });
    await expect(capture(all)).rejects.toMatchObject({ code: 'DEVICE_GONE' });
    all.arm({});
    await isImage(all);
    expect(all.failures).toContain('DEVICE_GONE');
  });

  test('a request that is refused: opened anew', async () => {
    await using all = await sensor();
    all.arm({ stallRequests: 1 });
    await isImage(all);
    expect(all.failures).toContain('DEVICE_GONE');
  });

  test.each<[string, UsbFaults]>([
    ['a stall', { stallTransfers: 1 }],
    ['a short report', { shortTransfers: 1, shortBytes: 9 }],
  ])('%s in an image: it is asked for again, and no pixel made up', async (_name, faults) => {
    await using all = await sensor();
    await isImage(all);
    all.arm({ ...faults, soundTransfers: 100 });
    await isImage(all);
  });

  test('a bridge that keeps stalling is given up', async () => {
    await using all = await sensor();
    await isImage(all);
    all.arm({ stallTransfers: Number.POSITIVE_INFINITY });
    await expect(capture(all)).rejects.toMatchObject({ code: 'DEVICE_TIMEOUT' });
    all.arm({});
    await isImage(all);
  });
});

describe.concurrent('a bar code scanner', () => {
  test('unplugged in the middle of a code, and back', async () => {
    await using all = await scanner();
    expect(await readZone(all)).toEqual(lines);
    all.arm({ unplugAfterBytes: 64 });
    const reading = all.supervised.use((opened, signal) => {
      all.device.model.scan(']Q1', zone);
      return opened.read(signal);
    }, soon());
    await expect(reading).rejects.toMatchObject({ code: 'DEVICE_GONE' });
    all.arm({});
    expect(await readZone(all)).toEqual(lines);
  });

  test.each<[string, UsbFaults]>([
    ['a stall', { stallTransfers: 1 }],
    ['babble', { babbleTransfers: 1 }],
    ['a short report', { shortTransfers: 1, shortBytes: 63 }],
    ['slow reports', { slowMs: 150 }],
  ])('%s costs one code at most and is no fault of the device', async (_name, faults) => {
    await using all = await scanner();
    expect(await readZone(all)).toEqual(lines);
    all.arm(faults);
    expect(await readZone(all)).toEqual(lines);
    expect(all.failures).toEqual([]);
  });

  test('the descriptor of a keyboard: said so, and used once it is a scanner', async () => {
    await using all = await scanner();
    expect(await readZone(all)).toEqual(lines);
    const keyboard = Buffer.from('05010906a101050719e029e715002501750195088102c0', 'hex');
    all.arm({ reportDescriptor: keyboard, unplugAfterBytes: 0 });
    all.device.model.scan(']Q1', zone);
    await expect.poll(() => all.failures.at(-1), { timeout: 20_000 }).toBe('DEVICE_PROTOCOL');
    all.arm({});
    expect(await readZone(all)).toEqual(lines);
  });

  test('another one of its kind in its place is not used', async () => {
    await using all = await scanner();
    expect(await readZone(all)).toEqual(lines);
    all.arm({ serial: 'SIM00099', unplugAfterBytes: 0 });
    all.device.model.scan(']Q1', zone);
    await expect.poll(() => all.failures.at(-1), { timeout: 20_000 }).toBe('DEVICE_NOT_FOUND');
    expect(all.supervised.state).toMatchObject({
      state: 'failed',
      error: { message: expect.stringContaining('serial number SIM00099') },
    });
    all.arm({});
    expect(await readZone(all)).toEqual(lines);
  });
});
