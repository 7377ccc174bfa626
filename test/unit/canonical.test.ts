import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64url, toBase64url } from '../../agent/packet/base64url.ts';
import { canonicalJson } from '../../agent/packet/canonical.ts';

describe('canonical JSON', () => {
  it('writes the example of RFC 8785 section 3.2.2 as the RFC does', () => {
    const input = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    );
    expect(canonicalJson(input)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts keys by UTF-16 code units, as RFC 8785 section 3.2.3 asks', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6'];
    const written = canonicalJson(Object.fromEntries(keys.map(key => [key, 0])));
    expect(Object.keys(JSON.parse(written))).toHaveLength(keys.length);
    expect(
      [...written.matchAll(/"((?:[^"\\]|\\.)+)":0/gu)].map(match => JSON.parse(`"${match[1]}"`)),
    ).toEqual(['\r', '1', '\u0080', '\u00f6', '\u20ac', '\u{1f600}', '\ufb33']);
  });

  it('is a fixed point that loses nothing and does not depend on the order of keys', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), value => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        // JSON itself turns -0 into 0.
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(reversed(value))).toBe(text);
      }),
    );
  });

  it.each([
    undefined,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '\ud800',
    new Date(0),
    () => 0,
    { a: undefined },
    1n,
  ])('refuses what JSON cannot say', value => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });
});

/** The same value with every object's keys in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, member]) => [key, reversed(member)] as const);
  return Object.fromEntries(entries.reverse());
}

describe('strict base64url', () => {
  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), bytes => {
        expect(Buffer.from(fromBase64url(toBase64url(bytes))!).equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });

  it.each(['AA==', 'AB', 'A', 'A+8A', 'A A', 'AA\n', 'é'])('refuses %j', text => {
    expect(fromBase64url(text)).toBeNull();
  });
});
