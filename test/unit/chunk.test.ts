import { createHash, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHUNK_HEADER_BYTES, chunksOf, decodeChunk, encodeChunk } from '../../agent/packet/chunk.ts';
import { PacketError } from '../../agent/packet/errors.ts';
import { Reassembly } from '../../agent/packet/reassembly.ts';
import { formatUuid, uuid7Maker, uuidBytes } from '../../agent/packet/uuid7.ts';

const ID = '01890a5d-ac96-774b-bcce-b302099a8057';
const LIMITS = { maxBytes: 10_000, maxMessages: 4, maxAgeMs: 1000 };

const cut = (container: Uint8Array, chunkBytes: number, id = ID) =>
  [...chunksOf(id, container, chunkBytes)].map(decodeChunk);

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'taken';
  } catch (error) {
    if (error instanceof PacketError) return error.code;
    throw error;
  }
}

describe('chunks', () => {
  it('have the bytes the wire page says', () => {
    const [first] = chunksOf(ID, Buffer.from('hello world'), 8);
    expect(Buffer.from(first!).toString('hex')).toBe(
      `56434831${ID.replaceAll('-', '')}${createHash('sha256').update('hello world').digest('hex')}` +
        `0000000b0000000000000002${Buffer.from('hello wo').toString('hex')}`,
    );
  });

  it('make the container again in any order, with any of them doubled', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 400 }),
        fc.integer({ min: 1, max: 90 }),
        fc.nat(),
        (container, size, seed) => {
          const chunks = cut(container, size);
          const doubled = [...chunks, ...chunks.filter((_, index) => (seed + index) % 3 === 0)];
          const shuffled = doubled
            .map((chunk, index) => ({ chunk, key: Math.imul(index + 1, seed * 2 + 7919) >>> 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ chunk }) => chunk);
          const reassembly = new Reassembly(LIMITS);
          const whole = shuffled.map(chunk => reassembly.take(chunk, 0)).filter(result => result !== null);
          expect(whole.length).toBeGreaterThanOrEqual(1);
          expect(Buffer.from(whole[0]!.container).equals(Buffer.from(container))).toBe(true);
        },
      ),
    );
  });

  it('that contradict themselves are refused', () => {
    const good = Buffer.from([...chunksOf(ID, randomBytes(100), 40)][0]!);
    const altered = (offset: number, value: number) => {
      const bytes = Buffer.from(good);
      bytes.writeUInt32BE(value, offset);
      return bytes;
    };
    expect(codeOf(() => decodeChunk(good))).toBe('taken');
    for (const bad of [
      Buffer.alloc(0),
      good.subarray(0, CHUNK_HEADER_BYTES),
      altered(0, 0),
      altered(52, 10),
      altered(52, 1000),
      altered(56, 3),
      altered(60, 0),
      altered(60, 9),
    ]) {
      expect(codeOf(() => decodeChunk(bad))).toBe('PACKET_CHUNK');
    }
  });

  it('never crash the reader, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, magic) => {
        if (magic) bytes.set(Buffer.from('VCH1').subarray(0, bytes.length));
        const reassembly = new Reassembly(LIMITS);
        const code = codeOf(() => reassembly.take(decodeChunk(bytes), 0));
        expect(['taken', 'PACKET_CHUNK', 'PACKET_CHUNK_HASH', 'PACKET_CHUNK_LIMIT']).toContain(code);
      }),
    );
  });
});

describe('reassembly', () => {
  it('refuses a chunk that disagrees with the first of its id', () => {
    const [first, second] = cut(Buffer.alloc(100, 1), 50);
    const reassembly = new Reassembly(LIMITS);
    reassembly.take(first!, 0);
    const other = cut(Buffer.alloc(100, 2), 50)[1]!;
    expect(codeOf(() => reassembly.take(other, 0))).toBe('PACKET_CHUNK');
    expect(codeOf(() => reassembly.take({ ...second!, count: 3 }, 0))).toBe('PACKET_CHUNK');
    expect(reassembly.take(second!, 0)).not.toBeNull();
  });

  it('refuses and forgets a container that is not the one announced', () => {
    const [first, second] = cut(Buffer.alloc(100, 1), 50);
    const reassembly = new Reassembly(LIMITS);
    reassembly.take(first!, 0);
    expect(codeOf(() => reassembly.take({ ...second!, bytes: Buffer.alloc(50, 9) }, 0))).toBe(
      'PACKET_CHUNK_HASH',
    );
    expect(reassembly.unfinished).toBe(0);
  });

  it('bounds bytes, messages and time', () => {
    const reassembly = new Reassembly(LIMITS);
    const begin = (id: string, bytes: number, nowMs: number) =>
      codeOf(() => reassembly.take(cut(Buffer.alloc(bytes), bytes / 2, id)[0]!, nowMs));
    const ids = [1, 2, 3, 4, 5].map(n => `01890a5d-ac96-774b-bcce-b3020000000${n}`);
    expect(begin(ids[0]!, 10_002, 0)).toBe('PACKET_CHUNK_LIMIT');
    for (const id of ids.slice(0, 4)) expect(begin(id, 100, 0)).toBe('taken');
    expect(begin(ids[4]!, 100, 1000)).toBe('PACKET_CHUNK_LIMIT');
    expect(begin(ids[4]!, 100, 1001)).toBe('taken');
    expect(reassembly.unfinished).toBe(1);
  });

  it('does not trust an announced length with memory', () => {
    const huge = encodeChunk({
      id: ID,
      containerSha256: '0'.repeat(64),
      containerBytes: 0xffffffff,
      index: 0,
      count: 2,
      bytes: Buffer.alloc(1),
    });
    expect(codeOf(() => new Reassembly(LIMITS).take(decodeChunk(huge), 0))).toBe('PACKET_CHUNK');
  });
});

describe('UUIDs of version 7', () => {
  it('never go backwards, also when the clock does, and read back', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2 ** 41), { minLength: 2, maxLength: 50 }), times => {
        let at = 0;
        const make = uuid7Maker(() => times[at++ % times.length]!);
        const ids = times.map(() => make());
        expect([...ids].sort()).toEqual(ids);
        expect(new Set(ids).size).toBe(ids.length);
        for (const id of ids) {
          expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
          expect(formatUuid(uuidBytes(id))).toBe(id);
        }
      }),
    );
  });

  it('stay sorted when a millisecond is exhausted', () => {
    const make = uuid7Maker(() => 1_700_000_000_000);
    const ids = Array.from({ length: 9000 }, make);
    expect([...ids].sort()).toEqual(ids);
  });
});
