/** The gallery of faces against a search that looks at every record, in plain arithmetic. */
import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import wabt from 'wabt';
import { fpirOf } from '../../models/gallery/fpir.ts';
import { type LocalGallery, openLocalGallery } from '../../models/gallery/gallery.ts';
import { Loader } from '../../models/gallery/loader.ts';
import { galleryRow, PROBE_ZERO, quantiseProbe } from '../../models/gallery/quantise.ts';

/** Numbers that look random and are the same each time (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 - 0.5;
  };
}
const vector = (length: number, next: () => number): Float32Array =>
  Float32Array.from({ length }, () => next() + next() + next());

/** What a gallery should do, as plainly as it can be said. */
class Plain {
  readonly rows = new Map<number, Int8Array>();

  search(probe: Float32Array, wanted: number) {
    const { levels, cosineAUnit } = quantiseProbe(probe);
    return [...this.rows]
      .map(([id, row]) => ({
        id,
        sum: row.reduce((s, value, at) => s + value * (levels[at]! - PROBE_ZERO), 0),
      }))
      .sort((a, b) => b.sum - a.sum || a.id - b.id)
      .slice(0, wanted)
      .map(({ id, sum }) => ({ id, score: Math.max(-1, Math.min(1, sum * cosineAUnit)) }));
  }
}

/** A gallery and its plain twin: whatever is done to one is done to the other. */
class Twins implements AsyncDisposable {
  readonly gallery: LocalGallery;
  readonly plain = new Plain();
  constructor(gallery: LocalGallery) {
    this.gallery = gallery;
  }

  async put(ids: readonly number[], embeddings: readonly Float32Array[]): Promise<void> {
    const rows = embeddings.map(galleryRow);
    ids.forEach((id, at) => {
      this.plain.rows.set(id, rows[at]!);
    });
    await this.gallery.put({
      ids: Uint32Array.from(ids),
      bytes: Int8Array.from(rows.flatMap(row => [...row])),
    });
  }

  async remove(ids: readonly number[]): Promise<void> {
    const there = ids.filter(id => this.plain.rows.delete(id)).length;
    expect(await this.gallery.remove(Uint32Array.from(ids))).toBe(there);
  }

  async agree(probes: readonly Float32Array[], wanted = 10): Promise<void> {
    expect(this.gallery.size).toBe(this.plain.rows.size);
    const found = await this.gallery.search(probes, wanted);
    expect(found).toEqual({
      size: this.plain.rows.size,
      candidates: probes.map(probe => this.plain.search(probe, wanted)),
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.gallery[Symbol.asyncDispose]();
  }
}

const SMALL = { segmentRows: 64, deltaRows: 16 };
const exact = async (length: number, sizes = SMALL, threads = 1): Promise<Twins> =>
  new Twins(await openLocalGallery({ length, profile: 'exact', threads }, sizes));
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);

describe('an exact gallery', () => {
  test.each([1, 7, 128, 512])('of %i values finds what looking at every record finds', async length => {
    await using twins = await exact(length, { segmentRows: 150, deltaRows: 40 }, length === 512 ? 2 : 1);
    const next = numbers(length);
    const probes = range(0, 12).map(() => vector(length, next));
    await twins.agree(probes);
    for (const part of range(0, 5)) {
      const ids = range(part * 60, part * 60 + 60);
      await twins.put(
        ids,
        ids.map(() => vector(length, next)),
      );
    }
    await twins.agree(probes);
    await twins.put([3, 9_000], [vector(length, next), vector(length, next)]);
    await twins.agree([...probes, vector(length, next)], 1000);
  });

  test('holds the largest sums there are', async () => {
    await using twins = await exact(2048);
    const extreme = (sign: number) => Float32Array.from({ length: 2048 }, (_, at) => (at % 2 ? sign : -sign));
    const spike = Float32Array.from({ length: 2048 }, (_, at) => (at === 77 ? -1 : 0));
    await twins.put([1, 2, 3], [extreme(1), extreme(-1), spike]);
    await twins.agree([extreme(1), extreme(-1), spike]);
    await twins.gallery.put({ ids: Uint32Array.of(9), bytes: new Int8Array(2048).fill(-127) });
    twins.plain.rows.set(9, new Int8Array(2048).fill(-127));
    await twins.agree([new Float32Array(2048).fill(1), new Float32Array(2048).fill(-1)]);
  });

  test('puts equals in the order of their ids, wherever they lie', async () => {
    await using twins = await exact(16);
    const same = vector(16, numbers(5));
    const ids = [900, 5, 40, 41, 7, 4_294_967_295, 0, 300, 301, 302, 8, 6];
    await twins.put(
      ids,
      ids.map(() => same),
    );
    await twins.put(
      range(1000, 1100),
      range(0, 100).map(() => same),
    );
    await twins.put([2, 1], [same, same]);
    for (const wanted of [1, 3, 11, 200]) await twins.agree([same], wanted);
    await twins.remove([0, 5, 1050]);
    await twins.agree([same], 8);
  });

  test('of nobody finds nobody, and again once all have gone', async () => {
    await using twins = await exact(32);
    const probe = vector(32, numbers(1));
    await twins.agree([probe]);
    await twins.agree([]);
    await twins.put(
      range(0, 100),
      range(0, 100).map(id => vector(32, numbers(id))),
    );
    await twins.remove(range(0, 200));
    await twins.agree([probe]);
    await twins.gallery.settled();
    expect(twins.gallery.finishedBlocks).toBe(0);
    await twins.agree([probe]);
  });

  test('filled in small lots holds every row, whatever the lots', async () => {
    await using twins = await exact(16);
    const next = numbers(8);
    const loader = new Loader(twins.gallery, 16, 50);
    let id = 0;
    for (const size of [7, 0, 50, 120, 1, 33]) {
      const ids = range(id, id + size);
      id += size;
      const rows = ids.map(() => galleryRow(vector(16, next)));
      ids.forEach((one, at) => {
        twins.plain.rows.set(one, rows[at]!);
      });
      await loader.add({ ids: Uint32Array.from(ids), bytes: Int8Array.from(rows.flatMap(row => [...row])) });
    }
    await loader.finish();
    await loader.finish();
    await twins.agree([vector(16, next)], 300);
  });

  test('takes the last of several rows of one record', async () => {
    await using twins = await exact(32);
    const next = numbers(3);
    await twins.put(
      [1, 2, 1],
      range(0, 3).map(() => vector(32, next)),
    );
    await twins.put(
      range(0, 60).map(at => at % 7),
      range(0, 60).map(() => vector(32, next)),
    );
    await twins.agree([vector(32, next)], 20);
  });

  test('stays the same whatever is added, replaced and removed in whatever order', async () => {
    const change = fc.oneof(
      { weight: 4, arbitrary: fc.record({ put: fc.array(fc.nat(300), { minLength: 1, maxLength: 7 }) }) },
      { weight: 1, arbitrary: fc.record({ put: fc.array(fc.nat(300), { minLength: 9, maxLength: 150 }) }) },
      { weight: 2, arbitrary: fc.record({ remove: fc.array(fc.nat(300), { maxLength: 40 }) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 25 }), fc.nat(), async (changes, seed) => {
        const next = numbers(seed);
        await using twins = await exact(8);
        for (const one of changes) {
          // Few directions, so that equals are common.
          if ('put' in one)
            await twins.put(
              one.put,
              one.put.map(() => vector(8, numbers(Math.floor(next() * 20)))),
            );
          else await twins.remove(one.remove);
          await twins.agree([vector(8, next), vector(8, numbers(3))], 6);
        }
        await twins.gallery.settled();
        await twins.agree([vector(8, next)], 400);
      }),
      { numRuns: 40, seed: 11 },
    );
  });

  test('changes and searches that come while blocks are rebuilt are all heard', async () => {
    await using twins = await exact(64, { segmentRows: 300, deltaRows: 64 });
    const next = numbers(9);
    const probe = vector(64, next);
    for (const round of range(0, 30)) {
      const ids = range(0, 25).map(at => (round * 17 + at * 3) % 500);
      const putting = twins.put(
        ids,
        ids.map(() => vector(64, next)),
      );
      const [{ candidates }] = await Promise.all([twins.gallery.search([probe], 5), putting]);
      const found = candidates[0]?.map(({ id }) => id);
      expect(new Set(found).size).toBe(found?.length);
      await twins.agree([probe], 5);
      await twins.remove([ids[3]!, ids[4]!, 1000]);
    }
    await twins.gallery.settled();
    await twins.agree([probe], 600);
  });
});

describe('the two-stage profile', () => {
  test.each([512, 1024])(
    'of %i values gives the same as the exact one while every record is rescored',
    async length => {
      const options = { length, profile: 'two-stage', threads: length / 512 } as const;
      await using twins = new Twins(await openLocalGallery(options, { segmentRows: 150, deltaRows: 50 }));
      const next = numbers(length);
      const probes = range(0, 4).map(() => vector(length, next));
      await twins.agree(probes);
      await twins.put(
        range(0, 400),
        range(0, 400).map(() => vector(length, next)),
      );
      await twins.put([5, 2000], [vector(length, next), vector(length, next)]);
      await twins.remove([7, 8, 9]);
      await twins.agree([...probes, vector(length, next)]);
      await twins.remove(range(100, 300));
      await twins.gallery.settled();
      await twins.agree(probes);
    },
  );

  test('finds a mate among more than it rescores, with the score of the exact one', async () => {
    const gallery = await openLocalGallery({ length: 512, profile: 'two-stage' });
    await using twins = new Twins(gallery);
    const next = numbers(77);
    const ids = range(0, 3000);
    const people = ids.map(() => vector(512, next));
    await twins.put(ids, people);
    const mates = [17, 2000, 2999];
    const probes = mates.map(id => people[id]!.map(value => value + 1.2 * (next() + next() + next())));
    const { candidates: found } = await gallery.search(probes, 1);
    expect(found).toEqual(probes.map(probe => twins.plain.search(probe, 1)));
    expect(found.map(([first]) => first?.id)).toEqual(mates);
  });

  test('runs the module that its text makes', async () => {
    const folder = new URL('../../models/gallery/', import.meta.url);
    const text = await readFile(new URL('scan.wat', folder), 'utf8');
    const assembled = (await wabt()).parseWat('scan.wat', text, { simd: true, threads: true });
    const { buffer } = assembled.toBinary({});
    expect(Buffer.from(buffer).equals(await readFile(new URL('scan.wasm', folder)))).toBe(true);
  });

  test('is not for short embeddings', async () => {
    for (const length of [128, 500, 513])
      await expect(openLocalGallery({ length, profile: 'two-stage' })).rejects.toMatchObject({
        code: 'MODEL_INPUT',
      });
  });
});

describe('what is no embedding', () => {
  const bad: [string, Float32Array][] = [
    ['a value that is no number', Float32Array.of(1, Number.NaN, 0, 1)],
    ['an infinite value', Float32Array.of(1, Number.POSITIVE_INFINITY, 0, 1)],
    ['zeros', new Float32Array(4)],
    ['no values', new Float32Array(0)],
    ['too many values', new Float32Array(2049).fill(1)],
  ];
  test.each(bad)('%s is refused', async (_, embedding) => {
    const refused = expect.objectContaining({ code: 'MODEL_INPUT' });
    expect(() => galleryRow(embedding)).toThrow(refused);
    expect(() => quantiseProbe(embedding)).toThrow(refused);
    await using twins = await exact(4);
    await expect(twins.gallery.search([embedding], 1)).rejects.toThrow(refused);
  });

  test('another length, another count', async () => {
    await using twins = await exact(4);
    const refused = { code: 'MODEL_INPUT' };
    await expect(twins.gallery.search([new Float32Array(5).fill(1)], 1)).rejects.toMatchObject(refused);
    for (const wanted of [0, -1, 1.5, Number.NaN, 1001])
      await expect(twins.gallery.search([new Float32Array(4).fill(1)], wanted)).rejects.toMatchObject(
        refused,
      );
    const short = { ids: Uint32Array.of(1), bytes: new Int8Array(3) };
    await expect(twins.gallery.put(short)).rejects.toMatchObject(refused);
    await expect(openLocalGallery({ length: 2049, profile: 'exact' })).rejects.toMatchObject(refused);
    await expect(openLocalGallery({ length: 0, profile: 'exact' })).rejects.toMatchObject(refused);
  });
});

describe('bytes instead of floats', () => {
  test('change a cosine by less than a hundredth', () => {
    const next = numbers(21);
    for (const _ of range(0, 200)) {
      const a = vector(512, next);
      const b = a.map(value => value + next() * 2);
      const [row, { levels, cosineAUnit }] = [galleryRow(b), quantiseProbe(a)];
      const sum = row.reduce((s, value, at) => s + value * (levels[at]! - PROBE_ZERO), 0);
      const dot = (x: Float32Array, y: Float32Array) => x.reduce((s, value, at) => s + value * y[at]!, 0);
      const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
      expect(Math.abs(sum * cosineAUnit - cosine)).toBeLessThan(0.01);
    }
  });

  test('do not care how long a vector is', () => {
    const a = vector(512, numbers(4));
    expect(galleryRow(a.map(value => value * 64))).toEqual(galleryRow(a));
  });
});

describe('how often a search finds somebody by mistake', () => {
  const table = [
    { fmr: 0.0001, threshold: 0.6 },
    { fmr: 0.01, threshold: 0.4 },
  ];
  test('grows with the gallery and falls with the score', () => {
    expect(fpirOf(table, 0.6, 0)).toBe(0);
    expect(fpirOf(table, 0.6, 1)).toBeCloseTo(0.0001, 10);
    expect(fpirOf(table, 0.6, 1000)).toBeCloseTo(1 - 0.9999 ** 1000, 10);
    expect(fpirOf(table, 0.4, 1000)).toBeGreaterThan(fpirOf(table, 0.6, 1000));
    expect(fpirOf(table, 0.99, 1_000_000)).toBeCloseTo(1, 10);
  });
});
