import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeTemplate, encodeTemplate, type FingerTemplate } from '../../models/finger/template.ts';
import { ModelError } from '../../models/index.ts';

const TAG = 0xab6d5584;

/** A template of so many minutiae with descriptors of unit length. */
function templateOf(count: number): FingerTemplate {
  const minutiae = Array.from({ length: count }, (_, index) => ({
    x: 5.25 + index * 3,
    y: 300 - index * 2.5,
    directionRad: -Math.PI + (index * 2 * Math.PI) / 64,
    confidence: (index % 128) / 127,
    type: index % 3 === 0 ? ('bifurcation' as const) : ('ending' as const),
  }));
  const descriptors = new Int8Array(count * 64);
  for (let row = 0; row < count; row++)
    for (let k = 0; k < 64; k++) descriptors[row * 64 + k] = (k + row) % 2 ? 16 : -16;
  return { modelTag: TAG, width: 320, height: 384, qualityScore: 77, minutiae, descriptors };
}

const refusal = (bytes: Uint8Array, tag = TAG): unknown => {
  try {
    decodeTemplate(bytes, tag);
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('a finger template', () => {
  test.each([0, 1, 33, 64])('of %i minutiae survives, in at most 6 KB', count => {
    const template = templateOf(count);
    const bytes = encodeTemplate(template);
    expect(bytes.length).toBeLessThanOrEqual(6 * 1024);
    const read = decodeTemplate(bytes, TAG);
    expect(read.descriptors).toEqual(template.descriptors);
    expect(read).toMatchObject({ width: 320, height: 384, qualityScore: 77 });
    read.minutiae.forEach((minutia, index) => {
      const written = template.minutiae[index]!;
      expect(minutia.type).toBe(written.type);
      expect(minutia.x).toBeCloseTo(written.x, 5);
      expect(minutia.y).toBeCloseTo(written.y, 5);
      expect(Math.cos(minutia.directionRad - written.directionRad)).toBeGreaterThan(0.9999);
      expect(Math.abs(minutia.confidence - written.confidence)).toBeLessThan(1 / 127);
    });
    expect(encodeTemplate(read)).toEqual(bytes);
  });

  test('is read from the middle of a larger buffer', () => {
    const bytes = encodeTemplate(templateOf(9));
    const larger = new Uint8Array(bytes.length + 7);
    larger.set(bytes, 5);
    expect(decodeTemplate(larger.subarray(5, 5 + bytes.length), TAG).minutiae).toHaveLength(9);
  });

  test('is refused when cut short or drawn out anywhere', () => {
    const bytes = encodeTemplate(templateOf(12));
    for (let length = 0; length < bytes.length; length++)
      expect(refusal(bytes.subarray(0, length))).toBeInstanceOf(ModelError);
    expect(refusal(new Uint8Array([...bytes, 0]))).toBeInstanceOf(ModelError);
  });

  test('is refused when one byte differs', () => {
    const bytes = encodeTemplate(templateOf(12));
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = bytes.slice();
        damaged[at]! ^= flip;
        expect(refusal(damaged)).toMatchObject({ code: 'MODEL_INPUT' });
      }),
    );
  });

  test('made by other weights is refused', () => {
    expect(refusal(encodeTemplate(templateOf(12)), TAG + 1)).toMatchObject({ code: 'MODEL_INPUT' });
  });

  test('of any other bytes is refused, never crashes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6000 }), bytes => {
        expect(refusal(bytes)).toMatchObject({ code: 'MODEL_INPUT' });
      }),
    );
    expect(refusal('VFT1' as unknown as Uint8Array)).toMatchObject({ code: 'MODEL_INPUT' });
  });

  test('with impossible content under a right checksum is refused', () => {
    const template = templateOf(12);
    const longer = template.descriptors.map(() => 60);
    expect(refusal(encodeTemplate({ ...template, descriptors: longer }))).toMatchObject({
      code: 'MODEL_INPUT',
    });
    expect(refusal(encodeTemplate({ ...template, width: 3 }))).toMatchObject({ code: 'MODEL_INPUT' });
    expect(refusal(encodeTemplate({ ...template, qualityScore: 101 }))).toMatchObject({
      code: 'MODEL_INPUT',
    });
    expect(() => encodeTemplate({ ...template, descriptors: new Int8Array(5) })).toThrow(RangeError);
  });
});
