/** The simulated devices' USB/IP server at its socket, byte for byte. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { cp2110WithSensor } from '../../sim/usb/cp2110.ts';
import { UsbDevice, type UsbModel } from '../../sim/usb/device.ts';
import { posScanner } from '../../sim/usb/pos-scanner.ts';
import { serveUsbip } from '../../sim/usb/usbip.ts';
import golden from '../fixtures/wire/usbip.json' with { type: 'json' };
import { drawnFinger } from './fingers.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const { captured } = golden;
const LIST = '01118005 00000000';
const importOf = (busId: string) =>
  `01118003 00000000 ${Buffer.from(busId.padEnd(32, '\0')).toString('hex')}`;

const toClose: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of toClose.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

/** A connection that reads exactly so many bytes. */
async function connected(...devices: UsbDevice<UsbModel>[]) {
  const server = await serveUsbip(devices);
  toClose.push(server);
  const socket: Socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  let held = Buffer.alloc(0);
  return {
    server,
    socket,
    say: (text: string) => socket.write(hex(text)),
    async hear(bytes: number): Promise<string> {
      while (held.length < bytes) held = Buffer.concat([held, ((await once(socket, 'data')) as [Buffer])[0]]);
      const heard = held.subarray(0, bytes).toString('hex');
      held = held.subarray(bytes);
      return heard;
    },
  };
}

const scanner = () => new UsbDevice(posScanner);
const bridge = () =>
  new UsbDevice(
    cp2110WithSensor(
      () => drawnFinger(1),
      () => {},
    ),
  );

/** Up to the configuration: bus 1, device n + 1, full speed, ids, release 1.00. */
const described = (number: number, ids: string, classCode = '00') =>
  Buffer.from(
    `/sys/devices/simulated/usb1/1-${number}`.padEnd(256, '\0') + `1-${number}`.padEnd(32, '\0'),
  ).toString('hex') +
  `00000001 0000000${number + 1} 00000002 ${ids} 0100 ${classCode}0000 01 01 01`.replaceAll(' ', '');

test('the list of devices, with their interfaces', async () => {
  const { say, hear } = await connected(scanner(), bridge());
  say(LIST);
  expect(await hear(12 + 2 * (312 + 4))).toBe(
    `01110005${'00000000'}00000002${described(1, '12090003')}03000000${described(2, '10c4ea80')}03000000`,
  );
});

test('one is imported by its number; one that is not there is refused', async () => {
  const { say, hear } = await connected(scanner(), bridge());
  say(importOf('1-2'));
  expect(await hear(8 + 312)).toBe(`0111000300000000${described(2, '10c4ea80')}`);
  const other = await connected(scanner());
  other.say(importOf('1-7'));
  expect(await other.hear(8)).toBe('0111000300000001');
  await once(other.socket, 'end');
});

test('the exchange that the documentation captured, in any slices', async () => {
  const heard: string[] = [];
  const { say, hear, socket } = await connected(
    new UsbDevice(toHost => ({
      ...posScanner(toHost),
      receive(endpoint, bytes) {
        heard.push(`${endpoint}: ${bytes.toString('hex')}`);
        toHost(0x81, hex(captured.inDone).subarray(48));
      },
    })),
  );
  say(importOf('1-1'));
  await hear(8 + 312);
  socket.setNoDelay(true);
  for (const byte of Buffer.concat([hex(captured.in), hex(captured.out)])) socket.write(Uint8Array.of(byte));
  // The answer of the device overtakes that to what it answers.
  expect(await hear(48 + 64)).toBe(captured.inDone.replaceAll(' ', ''));
  expect(await hear(48)).toBe(captured.outDone.replaceAll(' ', ''));
  expect(heard).toEqual([`1: ${captured.out.replaceAll(' ', '').slice(96)}`]);
});

test('control transfers, a stall, a transfer taken back before and after it was done', async () => {
  const device = scanner();
  const { say, hear } = await connected(device);
  say(importOf('1-1'));
  await hear(8 + 312);
  const rest = (length: string) => `00000000 ${length} 00000000 ffffffff 00000000`;
  const done = (sequence: string, status: string, length: string) =>
    `00000003${sequence}${'0'.repeat(24)}${status}${length}00000000ffffffff${'0'.repeat(24)}`;
  say(`00000001 0000000a 00010002 00000001 00000000 ${rest('00000012')} 8006000100001200`);
  expect(await hear(48 + 18)).toBe(
    `${done('0000000a', '00000000', '00000012')}120100020000004009120300000101020301`,
  );
  say(`00000001 0000000b 00010002 00000001 00000000 ${rest('00000008')} c055000000000800`);
  expect(await hear(48)).toBe(done('0000000b', 'ffffffe0', '00000000'));
  for (const [submitted, unlinked] of [
    ['0000000c', '0000000d'],
    ['0000000e', '0000000f'],
  ]) {
    say(`00000001 ${submitted} 00010002 00000001 00000001 ${rest('00000040')} 0000000000000000`);
    if (submitted === '0000000e') {
      device.model.scan(']Q1', Buffer.from('7'));
      await hear(48 + 64);
    }
    say(`00000002 ${unlinked} 00010002 00000000 00000000 ${submitted} ${'00'.repeat(24)}`);
    const status = submitted === '0000000c' ? 'ffffff98' : '00000000';
    expect(await hear(48)).toBe(`00000004${unlinked}${'0'.repeat(24)}${status}${'0'.repeat(48)}`);
  }
});
