import { describe, expect, test } from 'vitest';
import { ContentWatch } from '../../drivers/content-watch.ts';
import { blank, picture } from './pictures.ts';

const LIMITS = { frozenAfterMs: 5_000, blankAfterMs: 3_000 };

/** Shows one frame each 100 ms of `seconds` of camera time; the codes that the watch reported. */
async function watch(seconds: number, frameAt: (index: number) => Promise<Uint8Array>): Promise<Set<string>> {
  const codes = new Set<string>();
  const content = new ContentWatch('a camera', LIMITS, error => codes.add(error.code));
  for (let index = 0; index < seconds * 10; index += 1) {
    content.see(await frameAt(index), index * 100);
    await content.looking;
  }
  return codes;
}

describe('what a camera shows', () => {
  test('a living picture is fine', async () => {
    expect(await watch(8, index => picture(index % 7))).toEqual(new Set());
  });

  test('the same frame for five seconds is frozen, for four it is not', async () => {
    const still = await picture(1);
    expect(await watch(6, async () => still)).toEqual(new Set(['DEVICE_FROZEN']));
    expect(await watch(4, async () => still)).toEqual(new Set());
  });

  test('a frozen picture that moves again in time is fine', async () => {
    const [still, other] = await Promise.all([picture(1), picture(2)]);
    expect(await watch(12, async index => (index % 40 === 39 ? other : still))).toEqual(new Set());
  });

  test('black, with noise', async () => {
    expect(await watch(6, index => blank(3, index))).toEqual(new Set(['DEVICE_BLACK']));
  });

  test('saturated, with noise', async () => {
    expect(await watch(6, index => blank(255, index))).toEqual(new Set(['DEVICE_SATURATED']));
  });

  test('dim and bright rooms are not faults', async () => {
    expect(await watch(6, index => blank(30, index))).toEqual(new Set());
    expect(await watch(6, index => blank(240, index))).toEqual(new Set());
  });

  test('dark for two seconds is not a fault', async () => {
    expect(await watch(9, index => (index % 40 < 20 ? blank(0, index) : picture(index)))).toEqual(new Set());
  });

  test('frames that are no pictures', async () => {
    const junk = async (index: number) => Uint8Array.from([0xff, 0xd8, index & 255, index >> 8, 0xff, 0xd9]);
    expect(await watch(6, junk)).toEqual(new Set(['DEVICE_PROTOCOL']));
  });
});
