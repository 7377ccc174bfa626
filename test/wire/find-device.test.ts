import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deviceNode } from '../../drivers/find-device.ts';
import { openHid } from '../../drivers/link/hid.ts';
import { openSerial } from '../../drivers/link/serial.ts';
import { watchDevices } from '../../drivers/watch-devices.ts';
import { openPty } from '../../sim/pty.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'find-device-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (path: string, text: string) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), `${text}\n`);
};

/** A HID device as the kernel's sysfs shows it. */
function plugHid(node: string, serial: string) {
  put(`sys/devices/${node}/uevent`, `HID_ID=0003:000010C4:0000EA80\nHID_NAME=Bridge\nHID_UNIQ=${serial}`);
  mkdirSync(join(folder, 'sys/class/hidraw', node), { recursive: true });
  symlinkSync(join(folder, 'sys/devices', node), join(folder, 'sys/class/hidraw', node, 'device'));
}

test('a path is taken as it is; a device is found by vendor, product and serial number', async () => {
  plugHid('hidraw0', 'A1');
  plugHid('hidraw3', 'B2');
  expect(await deviceNode('/dev/ttyUSB0', 'serial', folder)).toBe('/dev/ttyUSB0');
  expect(await deviceNode('usb:10C4:ea80:B2', 'hid', folder)).toBe('/dev/hidraw3');
  await expect(deviceNode('usb:10c4:ea80', 'hid', folder)).rejects.toMatchObject({
    code: 'DEVICE_FAULT',
    message: expect.stringContaining('/dev/hidraw0, /dev/hidraw3'),
  });
});

test('another one of its kind in its place is named', async () => {
  plugHid('hidraw0', 'A1');
  for (const [path, message] of [
    ['usb:10c4:ea80:Z9', 'with serial number A1'],
    ['usb:1234:5678', 'no such device is plugged in'],
  ] as const) {
    await expect(deviceNode(path, 'hid', folder)).rejects.toMatchObject({
      code: 'DEVICE_NOT_FOUND',
      message: expect.stringContaining(message),
    });
  }
  await expect(deviceNode('usb:10c4:ea80', 'serial', folder)).rejects.toMatchObject({
    code: 'DEVICE_NOT_FOUND',
  });
});

test('what comes and goes is told once', async () => {
  plugHid('hidraw0', 'A1');
  const end = new AbortController();
  const changes = watchDevices(end.signal, folder);
  const next = async () => {
    const { change, device } = (await changes.next()).value;
    return `${change} ${device.node} ${device.serial}`;
  };
  expect(await next()).toBe('came /dev/hidraw0 A1');
  const second = next();
  plugHid('hidraw1', 'B2');
  expect(await second).toBe('came /dev/hidraw1 B2');
  const third = next();
  rmSync(join(folder, 'sys/class/hidraw/hidraw0'), { recursive: true });
  expect(await third).toBe('went /dev/hidraw0 A1');
  const fourth = next();
  end.abort(new Error('enough'));
  await expect(fourth).rejects.toThrow('enough');
});

test('who holds a serial port is named', async () => {
  await using pty = openPty(join(folder, 'tty'));
  const holder = spawn('flock', [pty.path, 'sh', '-c', 'echo held; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(holder.stdout, 'data');
  try {
    await expect(openSerial(pty.path, 9600, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'DEVICE_IN_USE',
      message: expect.stringMatching(/\((process \d+)\) holds it$/),
    });
  } finally {
    holder.kill();
    await once(holder, 'exit');
  }
});

test('a HID device that another program reads is not opened beside it', async () => {
  const path = join(folder, 'hidraw');
  writeFileSync(path, '');
  const holder = spawn('sh', ['-c', 'exec 3<"$0"; echo held; exec sleep 60', path], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(holder.stdout, 'data');
  try {
    await expect(openHid(path, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'DEVICE_IN_USE',
      message: expect.stringMatching(/: \w+ \(process \d+\) holds it$/),
    });
  } finally {
    holder.kill();
    await once(holder, 'exit');
  }
});
