import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../backend/sealed/canonical.ts';
import { cutContainer, decodeChunk, encodeChunk } from '../../backend/sealed/chunk.ts';
import { joinContainer, splitContainer } from '../../backend/sealed/container.ts';
import { Reassembly } from '../../backend/sealed/reassembly.ts';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const OTHER = '01890a5d-ac96-774b-bcce-b302099a8058';
const refused = (code: string) => expect.objectContaining({ code });

describe('canonical JSON', () => {
  test('sorts keys by UTF-16 units, as the example of RFC 8785 section 3.2.3', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 };
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"\ud83d\ude00":5,"\ufb33":3}');
  });

  test('writes numbers as RFC 8785 section 3.2.2.3 does', () => {
    expect(canonicalJson([Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27, -0])).toBe(
      '[333333333.3333333,1e+30,4.5,0.002,1e-27,0]',
    );
  });

  test('is a fixed point of parsing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });
});

describe('container', () => {
  test('splits into what was joined', () => {
    const { jwe, sealed } = splitContainer(
      joinContainer('YQ.YQ.YQ.YQ.YQ', [new Uint8Array([1, 2]), new Uint8Array([3])]),
    );
    expect([jwe, ...sealed]).toEqual(['YQ.YQ.YQ.YQ.YQ', 1, 2, 3]);
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['another magic', new Uint8Array(Buffer.from('VSM2\0\0\0\0'))],
    ['a JWE that ends too early', joinContainer('YQ.YQ.YQ.YQ.YQ', []).subarray(0, 12)],
    ['four parts', joinContainer('YQ.YQ.YQ.YQ', [])],
    ['six parts', joinContainer('YQ.YQ.YQ.YQ.YQ.YQ', [])],
    ['a part of no length', joinContainer('YQ.YQ.YQ.YQ.', [])],
    [
      'a part longer than the JWE',
      Uint8Array.from(joinContainer('YQ.YQ.YQ.YQ.YQ', []), (byte, at) => (at === 11 ? 99 : byte)),
    ],
  ])('refuses %s', (_what, bytes) => {
    expect(() => splitContainer(bytes)).toThrow(refused('container_malformed'));
  });
});

describe('chunks', () => {
  test('any container, cut anyhow and delivered in any order with repetitions, comes together', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (container, chunkBytes, again) => {
          const chunks = cutContainer(ID, container, chunkBytes);
          const order = [...chunks].reverse();
          for (const index of again) order.splice(index % order.length, 0, chunks[index % chunks.length]!);
          const reassembly = new Reassembly();
          const whole = order
            .map(chunk => reassembly.accept('topic', chunk))
            .filter(part => part.kind === 'complete');
          expect(whole.length).toBeGreaterThan(0);
          for (const part of whole) expect(part.container).toEqual(container);
        },
      ),
    );
  });

  test('a flipped bit in a header is refused or makes another message of it, never a wrong container', () => {
    const container = new Uint8Array(randomBytes(300));
    for (let bit = 0; bit < 64 * 8; bit++) {
      const chunks = cutContainer(ID, container, 100);
      chunks[1]![bit >> 3]! ^= 1 << (bit & 7);
      const reassembly = new Reassembly();
      for (const chunk of chunks) {
        try {
          expect(reassembly.accept('topic', chunk).kind).toBe('incomplete');
        } catch (error) {
          expect(['chunk_malformed', 'chunk_conflict', 'message_too_large']).toContain(
            (error as { code: string }).code,
          );
        }
      }
    }
  });

  test('lengths that cannot add up are malformed', () => {
    const head = { id: ID, containerSha256: 'a'.repeat(64) };
    const wrong = [
      { ...head, totalBytes: 10, index: 0, count: 1, body: new Uint8Array(9) },
      { ...head, totalBytes: 10, index: 0, count: 2, body: new Uint8Array(4) },
      { ...head, totalBytes: 10, index: 0, count: 3, body: new Uint8Array(5) },
      { ...head, totalBytes: 10, index: 1, count: 2, body: new Uint8Array(6) },
      { ...head, totalBytes: 10, index: 2, count: 3, body: new Uint8Array(3) },
      { ...head, totalBytes: 10, index: 2, count: 2, body: new Uint8Array(5) },
      { ...head, totalBytes: 10, index: 0, count: 0, body: new Uint8Array(10) },
    ];
    for (const chunk of wrong)
      expect(() => decodeChunk(encodeChunk(chunk))).toThrow(refused('chunk_malformed'));
  });

  test('an id of another UUID version is malformed', () => {
    const id = '01890a5d-ac96-474b-bcce-b302099a8057';
    expect(() => decodeChunk(cutContainer(id, new Uint8Array(5), 5)[0]!)).toThrow(refused('chunk_malformed'));
  });
});

describe('reassembly is bounded', () => {
  const limits = { messageBytes: 1_000, totalBytes: 150, messages: 2, idleMs: 100 };
  const cut = (id: string, bytes = 300) => cutContainer(id, new Uint8Array(bytes), 100);

  test('in the size of a message', () => {
    expect(() => new Reassembly(limits).accept('a', cut(ID, 1_001)[0]!)).toThrow(
      refused('message_too_large'),
    );
  });

  test('in bytes held, and they are free again after a message is forgotten', () => {
    const reassembly = new Reassembly(limits);
    reassembly.accept('a', cut(ID)[0]!);
    expect(() => reassembly.accept('a', cut(OTHER)[0]!)).toThrow(refused('limit_exceeded'));
    reassembly.forget('a', ID);
    expect(reassembly.accept('a', cut(OTHER)[0]!).kind).toBe('incomplete');
  });

  test('in messages, of which senders have their own, and in time', () => {
    let nowMs = 0;
    const reassembly = new Reassembly({ ...limits, totalBytes: 10_000 }, () => nowMs);
    reassembly.accept('a', cut(ID)[0]!);
    reassembly.accept('b', cut(ID)[2]!);
    expect(reassembly.missing('a', ID)).toEqual([1, 2]);
    expect(reassembly.missing('b', ID)).toEqual([0, 1]);
    expect(() => reassembly.accept('a', cut(OTHER)[0]!)).toThrow(refused('limit_exceeded'));
    nowMs = 101;
    expect(reassembly.accept('a', cut(OTHER)[0]!).kind).toBe('incomplete');
    expect(reassembly.missing('a', ID)).toEqual([]);
  });

  test('a header that differs from the first is a conflict, and the first stays', () => {
    const reassembly = new Reassembly();
    reassembly.accept('a', cut(ID)[0]!);
    const other = cutContainer(ID, new Uint8Array(300).fill(1), 100);
    expect(() => reassembly.accept('a', other[1]!)).toThrow(refused('chunk_conflict'));
    expect(reassembly.missing('a', ID)).toEqual([1, 2]);
  });
});
