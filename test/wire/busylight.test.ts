import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Busylight } from '../../drivers/busylight/driver.ts';
import { encodeColour, encodeKeepAlive } from '../../drivers/busylight/wire.ts';
import type { HidDevice } from '../../drivers/link/hid.ts';
import { busylight, readCommand } from '../../sim/usb/busylight.ts';
import golden from '../fixtures/wire/busylight.json' with { type: 'json' };

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
/** As hidraw takes it: a zero where other reports have their number. */
const unnumbered = (report: string) => Uint8Array.of(0, ...hex(report));

describe('golden reports', () => {
  test.each(golden.colours)('$name, both sides', ({ colour, percent, report }) => {
    const [red, green, blue] = colour as [number, number, number];
    expect(encodeColour({ red, green, blue })).toEqual(unnumbered(report));
    expect(readCommand(hex(report))).toEqual({ kind: 'colour', percent });
  });

  test('keep alive, both sides', () => {
    const { seconds, report } = golden.keepAlive;
    expect(encodeKeepAlive(seconds)).toEqual(unnumbered(report));
    expect(readCommand(hex(report))).toEqual({ kind: 'keep-alive', seconds });
  });

  test('a wrong sum, a wrong pad, a short report and another command do nothing', () => {
    const whole = hex(golden.colours[0]!.report);
    const other = hex(golden.keepAlive.report);
    other[0] = 0x4f;
    other.writeUInt16BE(other.readUInt16BE(62) - 0x40, 62);
    for (const report of [whole.with(63, 0), whole.with(60, 0), whole.subarray(1), other])
      expect(readCommand(Buffer.from(report))).toBeUndefined();
  });
});

describe('the light', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** Light and driver with nothing between them but the number that unnumbered reports have on this side. */
  function connected() {
    const colours: string[] = [];
    const device = busylight(percent => colours.push(percent.join()));
    const hid: HidDevice = {
      location: 'none',
      lost: new Promise(() => {}),
      write: async report => device.receive(1, Buffer.from(report.subarray(1))),
      read: () => new Promise(() => {}),
      sendFeature: async () => {},
      getFeature: async () => new Uint8Array(0),
      close: async () => {},
      [Symbol.asyncDispose]: async () => {},
    };
    return { colours, light: new Busylight(hid) };
  }

  test('stays lit as long as it is driven, and goes dark with the driver', async () => {
    const { colours, light } = connected();
    for (const what of ['ready', 'capture', 'error'] as const) await light.show(what);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(colours).toEqual(['0,63,0', '0,24,100', '100,0,0']);
    await light[Symbol.asyncDispose]();
    expect(colours.at(-1)).toBe('0,0,0');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('goes dark by itself when nobody keeps it alive', async () => {
    const colours: string[] = [];
    const device = busylight(percent => colours.push(percent.join()));
    device.receive(1, hex(golden.colours[1]!.report));
    await vi.advanceTimersByTimeAsync(16_000);
    expect(colours).toEqual(['100,0,0', '0,0,0']);
  });
});
