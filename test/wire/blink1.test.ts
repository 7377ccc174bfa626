import { describe, expect, test } from 'vitest';
import { followSignals, lightSignal, showing } from '../../agent/ops/signal-light.ts';
import { encodeFade } from '../../drivers/blink1/wire.ts';
import type { LightSignal, SignalLight } from '../../drivers/device.ts';
import { readFade } from '../../sim/usb/blink1.ts';
import golden from '../fixtures/wire/blink1.json' with { type: 'json' };

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('golden reports', () => {
  test.each(golden.fades)('$name, both sides', ({ colour, fadeMs, report }) => {
    const [red, green, blue] = colour as [number, number, number];
    expect(Buffer.from(encodeFade({ red, green, blue }, fadeMs))).toEqual(hex(report));
    expect(readFade(hex(report))).toEqual({ colour, fadeMs });
  });

  test('another command, a short report and none are no fade', () => {
    for (const report of ['01 6e ff 00 00 00 00 00', '02 63 ff 00 00 00 00 00', '01 63 ff', ''])
      expect(readFade(hex(report))).toBeUndefined();
  });
});

describe('what the light shows', () => {
  test('a fault before all, a capture while one is asked for, else ready', () => {
    expect(lightSignal('fingers', true)).toBe('error');
    expect(lightSignal('idle', false)).toBe('ready');
    expect(
      ['documents', 'fingers', 'face', 'consent'].map(step => lightSignal(step as 'face', false)),
    ).toEqual(['capture', 'capture', 'capture', 'ready']);
  });

  test('each change once, and what is wanted at each opening', async () => {
    const shown: LightSignal[] = [];
    const light: SignalLight = {
      identity: { driver: 'none', model: '', serial: '', location: '' },
      show: async what => void shown.push(what),
      async [Symbol.asyncDispose]() {},
    };
    let wanted: LightSignal = 'ready';
    let changed = () => {};
    await showing(
      async () => light,
      () => wanted,
    )(AbortSignal.timeout(1_000));
    followSignals(
      { use: work => work(light) },
      () => wanted,
      [{ onChange: listener => (changed = listener) }],
      AbortSignal.timeout(1_000),
    );
    for (const next of ['capture', 'capture', 'error'] as const) {
      wanted = next;
      changed();
    }
    expect(shown).toEqual(['ready', 'capture', 'error']);
  });
});
