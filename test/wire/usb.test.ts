/** Simulated USB devices as a host sees them, byte for byte, without a kernel. Golden bytes after USB 2.0, chapter 9. */

import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeCommand } from '../../drivers/r30x/wire.ts';
import { cdcAcmSensor, readLineCoding } from '../../sim/usb/cdc-acm.ts';
import { cp2110WithSensor } from '../../sim/usb/cp2110.ts';
import { UsbDevice } from '../../sim/usb/device.ts';
import { serveUsbredir } from '../../sim/usb/usbredir.ts';
import golden from '../fixtures/wire/cdc.json' with { type: 'json' };
import { drawnFinger } from './fingers.ts';

const finger = drawnFinger(1);
const bridge = () =>
  new UsbDevice(
    cp2110WithSensor(
      () => finger,
      () => {},
    ),
  );
const nothing = Buffer.alloc(0);
const ask = (device: UsbDevice, type: number, request: number, value: number, data = nothing) => {
  const answer = device.control({ type, request, value, index: 0, length: 255 }, data);
  return typeof answer === 'string' ? answer : answer.toString('hex');
};

test('the descriptors of a CP2110', () => {
  const device = bridge();
  // Full-speed device 10C4:EA80, release 1.00, strings 1 to 3, one configuration.
  expect(ask(device, 0x80, 6, 0x0100)).toBe('1201000200000040c41080ea000101020301');
  // One HID interface with interrupt endpoints of 64 bytes both ways; bus powered, 100 mA.
  expect(ask(device, 0x80, 6, 0x0200)).toMatch(
    /^0902290001010080320904000002030000000921110100012[0-9a-f]{5}0705810340000107050203400001$/,
  );
  expect(ask(device, 0x80, 6, 0x0303)).toBe(`1203${Buffer.from('SIM00001', 'utf16le').toString('hex')}`);
  for (const unknown of [0x0304, 0x0600, 0x0f00]) expect(ask(device, 0x80, 6, unknown)).toBe('stall');
  expect(ask(device, 0xc0, 0x55, 0)).toBe('stall');
});

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const serial = () =>
  new UsbDevice(
    cdcAcmSensor(
      () => finger,
      () => {},
    ),
  );

// The host's side is the kernel's cdc-acm; what it says is held to the same bytes in the guest tests.
test('golden bytes of CDC-ACM: descriptors and line codings', () => {
  const device = serial();
  expect(ask(device, 0x80, 6, 0x0200)).toContain(golden.functional.replaceAll(' ', ''));
  for (const { name, bytes, ...coding } of golden.lineCodings) {
    expect(readLineCoding(hex(bytes)), name).toEqual({ ...coding });
    expect(ask(device, 0x21, 0x20, 0, hex(bytes))).toBe('done');
    expect(ask(device, 0xa1, 0x21, 0)).toBe(bytes.replaceAll(' ', ''));
  }
  for (const none of golden.none) expect(ask(device, 0x21, 0x20, 0, hex(none)), none).toBe('stall');
});

test('the line coding of a CDC-ACM sensor, which hears noise at another speed', () => {
  const device = serial();
  // PSTN 1.2, table 17: 57600 baud, one stop bit, no parity, eight bits; little-endian.
  expect(ask(device, 0xa1, 0x21, 0)).toBe('00c20100000008');
  const answers: string[] = [];
  device.pull(0x83, bytes => answers.push(Buffer.from(bytes).toString('hex')));
  const command = Buffer.from(encodeCommand(0xffffffff, { name: 'VfyPwd', password: 0 }));
  device.receive(0x03, command);
  expect(answers).toEqual([]);
  expect(ask(device, 0x21, 0x20, 0, Buffer.from('00e10000000008', 'hex'))).toBe('done');
  device.receive(0x03, command);
  expect(answers).toEqual(['ef01ffffffff07000300000a']);
});

test('plugged into a virtual machine: hello, then the device; pulled out and back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'usbredir-'));
  const path = join(folder, 'socket');
  try {
    await using redirected = await serveUsbredir(bridge(), path);
    const socket = connect(path);
    /** Types of the packets that came; hello has an id of four bytes, the others of eight once both sides can. */
    const types: number[] = [];
    let held = Buffer.alloc(0);
    let more = Promise.withResolvers<void>();
    socket.on('data', (bytes: Buffer) => {
      held = Buffer.concat([held, bytes]);
      for (;;) {
        const headBytes = types.length === 0 ? 12 : 16;
        if (held.length < headBytes || held.length < headBytes + held.readUInt32LE(4)) break;
        types.push(held.readUInt32LE(0));
        held = held.subarray(headBytes + held.readUInt32LE(4));
      }
      more.resolve();
      more = Promise.withResolvers();
    });
    const until = async (count: number) => {
      while (types.length < count) await more.promise;
      return types.splice(1);
    };
    const hello = Buffer.alloc(12 + 68);
    hello.writeUInt32LE(68, 4);
    hello.writeUInt32LE(0xff, 12 + 64);
    socket.write(hello);
    // Interfaces, endpoints, connect (usbredir 0.7).
    expect(await until(4)).toEqual([4, 5, 1]);
    redirected.unplug();
    expect(await until(2)).toEqual([2]);
    redirected.plug();
    expect(await until(4)).toEqual([4, 5, 1]);
    socket.destroy();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
