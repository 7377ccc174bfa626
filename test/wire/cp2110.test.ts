import { describe, expect, test } from 'vitest';
import {
  decodeData,
  decodeUartBaud,
  encodeData,
  encodeEnable,
  encodePurge,
  encodeUartConfig,
} from '../../drivers/cp2110/wire.ts';
import { openR30x } from '../../drivers/r30x/driver.ts';
import { Cp2110Bridge } from '../../sim/usb/cp2110.ts';
import golden from '../fixtures/wire/cp2110.json' with { type: 'json' };

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** A bridge with what reaches its UART and what it sends to the host. */
function bridge() {
  const uart: Buffer[] = [];
  const host: Uint8Array[] = [];
  const made = new Cp2110Bridge(
    bytes => uart.push(Buffer.from(bytes)),
    report => host.push(Uint8Array.from(report)),
  );
  return { made, host, uart: () => Uint8Array.from(Buffer.concat(uart)) };
}

describe('golden reports', () => {
  test('what configures the bridge, host', () => {
    expect(encodeEnable()).toEqual(hex(golden.enable));
    expect(encodePurge()).toEqual(hex(golden.purge));
    for (const { baud, report } of golden.configs) {
      expect(encodeUartConfig(baud)).toEqual(hex(report));
      expect(decodeUartBaud(hex(report))).toBe(baud);
    }
  });

  test('what configures the bridge, device', () => {
    const { made } = bridge();
    for (const { baud, report } of golden.configs) {
      expect(made.setFeature(Buffer.from(hex(report)))).toBe(true);
      expect(made.baud).toBe(baud);
      expect(Uint8Array.from(made.feature(0x50)!)).toEqual(hex(report));
    }
    expect(made.enabled).toBe(false);
    expect(made.setFeature(Buffer.from(hex(golden.enable)))).toBe(true);
    expect(made.setFeature(Buffer.from(hex(golden.purge)))).toBe(true);
    expect(made.enabled).toBe(true);
    expect(made.setFeature(Buffer.from([0x99, 0]))).toBe(false);
  });

  test.each(golden.data)('$name, both sides and both ways', ({ bytes, reports }) => {
    expect(encodeData(hex(bytes))).toEqual(reports.map(hex));
    const { made, host, uart } = bridge();
    made.setFeature(Buffer.from(hex(golden.enable)));
    for (const report of reports) made.output(Buffer.from(hex(report)));
    expect(uart()).toEqual(hex(bytes));
    made.fromUart(hex(bytes));
    expect(host).toEqual(reports.map(hex));
    expect(Buffer.concat(reports.map(report => decodeData(hex(report))!))).toEqual(Buffer.from(hex(bytes)));
  });
});

test('what is no data report gives no bytes; the padding of one that is too long is cut off', () => {
  for (const report of ['', '00', '02 11', '40 00', '41 01', 'ff'])
    expect(decodeData(hex(report))).toBeUndefined();
  expect(decodeData(hex('02 11 22 00 00'))).toEqual(hex('11 22'));
  for (const report of ['', '50', '41 01 00 00 00 00 00 00 00'])
    expect(decodeUartBaud(hex(report))).toBeUndefined();
});

test('a switched-off UART neither hears nor speaks', () => {
  const { made, host, uart } = bridge();
  made.output(Buffer.from([2, 1, 2]));
  made.fromUart(Uint8Array.of(1));
  expect([uart().length, host.length]).toEqual([0, 0]);
});

test('a bridge that is not there, and a file that is none', async () => {
  const open = (path: string) => openR30x({ path, link: 'cp2110' }, AbortSignal.timeout(20_000));
  await expect(open('/dev/hidraw-none')).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
  await expect(open(import.meta.filename)).rejects.toMatchObject({ code: 'DEVICE_FAULT' });
});
