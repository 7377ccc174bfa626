/** The galleries in their own processes: filled, searched, killed, filled again. */
import { getPriority } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { loadCard, modelTagOf, WEIGHTS } from '../../models/finger/load.ts';
import { encodeTemplate } from '../../models/finger/template.ts';
import {
  type FaceGallery,
  type FingerRecord,
  type GalleryEvent,
  type GalleryOptions,
  galleryRow,
  startFaceGallery,
  startFingerGallery,
} from '../../models/index.ts';

const LENGTH = 64;
const face = (id: number): Float32Array =>
  Float32Array.from({ length: LENGTH }, (_, at) => Math.sin(id * 12.9898 + at * (id + 78.233)));
const rowsOf = (ids: readonly number[], of = face) => ({
  ids: Uint32Array.from(ids),
  bytes: Int8Array.from(ids.flatMap(id => [...galleryRow(of(id))])),
});

describe('a gallery process', () => {
  const events: GalleryEvent[] = [];
  const open: FaceGallery[] = [];
  afterEach(async () => {
    for (const gallery of open.splice(0)) await gallery[Symbol.asyncDispose]();
    events.splice(0);
  });

  const start = async (options: Partial<GalleryOptions> = {}): Promise<FaceGallery> => {
    const gallery = await startFaceGallery({
      length: LENGTH,
      profile: 'exact',
      fill: () => [rowsOf([1, 2, 3]), rowsOf([4, 5])],
      deadlineMs: 15_000,
      log: event => events.push(event),
      ...options,
    });
    open.push(gallery);
    return gallery;
  };
  const filled = (gallery: FaceGallery) =>
    expect.poll(() => gallery.health.filled, { timeout: 15_000 }).toBe(true);
  const pidOf = ({ health: { pid } }: FaceGallery): number => {
    if (pid === undefined) throw new Error('no gallery process runs');
    return pid;
  };

  test('holds what it was filled with, in a process of the lowest priority', async () => {
    const gallery = await start();
    await filled(gallery);
    expect(getPriority(pidOf(gallery))).toBe(19);
    const { size, candidates } = await gallery.search([face(4), face(2)], 2);
    expect(size).toBe(5);
    expect(candidates.map(([first]) => first?.id)).toEqual([4, 2]);
    expect(candidates[0]?.[0]?.score).toBeGreaterThan(0.99);
    expect(events).toContainEqual(expect.objectContaining({ event: 'gallery_filled', size: 5 }));
  });

  test('finds a change at once, and says what it refuses', async () => {
    const gallery = await start();
    await filled(gallery);
    await gallery.put(rowsOf([9]));
    expect((await gallery.search([face(9)], 1)).candidates[0]?.[0]?.id).toBe(9);
    await gallery.put(rowsOf([9], () => face(50)));
    expect((await gallery.search([face(50)], 1)).candidates[0]?.[0]?.id).toBe(9);
    expect(await gallery.remove(Uint32Array.of(9, 77))).toBe(1);
    expect((await gallery.search([face(50)], 1)).candidates[0]?.[0]?.id).not.toBe(9);
    const refused = { code: 'MODEL_INPUT' };
    await expect(gallery.search([new Float32Array(LENGTH)], 1)).rejects.toMatchObject(refused);
    await expect(gallery.search([face(1).fill(Number.NaN)], 1)).rejects.toMatchObject(refused);
    await expect(gallery.put({ ids: Uint32Array.of(1), bytes: new Int8Array(3) })).rejects.toMatchObject(
      refused,
    );
    expect((await gallery.search([face(1)], 1)).size).toBe(5);
  });

  test('refuses to search while it is being filled, and makes changes afterwards', async () => {
    const going = Promise.withResolvers<void>();
    const gallery = await start({
      async *fill() {
        yield rowsOf([1, 2]);
        await going.promise;
        yield rowsOf([3]);
      },
    });
    await expect(gallery.search([face(1)], 1)).rejects.toMatchObject({ code: 'MODEL_BUSY' });
    const changed = gallery.put(rowsOf([3], () => face(30)));
    const gaveUp = gallery.remove(Uint32Array.of(1), { signal: AbortSignal.abort(new Error('left')) });
    await expect(gaveUp).rejects.toThrow('left');
    going.resolve();
    await changed;
    const { size, candidates } = await gallery.search([face(30)], 1);
    expect([size, candidates[0]?.[0]?.id]).toEqual([3, 3]);
  });

  test('killed under a search: that one fails, and all is there again', async () => {
    const gallery = await start();
    await filled(gallery);
    const pid = pidOf(gallery);
    process.kill(pid, 'SIGSTOP');
    const searching = gallery.search([face(1)], 1);
    process.kill(pid, 'SIGKILL');
    await expect(searching).rejects.toMatchObject({ code: 'MODEL_CRASHED' });
    await filled(gallery);
    expect(pidOf(gallery)).not.toBe(pid);
    expect((await gallery.search([face(5)], 1)).candidates[0]?.[0]?.id).toBe(5);
  });

  test('killed while it is filled: it is filled from the start', async () => {
    let fills = 0;
    const gallery: FaceGallery = await start({
      async *fill() {
        fills++;
        yield rowsOf([1]);
        if (fills === 1) process.kill(pidOf(gallery), 'SIGKILL');
        yield rowsOf([2]);
      },
    });
    await filled(gallery);
    expect(fills).toBe(2);
    expect((await gallery.search([face(2)], 5)).size).toBe(2);
  });

  test('says when its source fails, and closes while changes wait', async () => {
    const gallery = await start({
      fill: () => {
        throw new Error('the source is broken');
      },
    });
    await expect.poll(() => events.map(({ event }) => event)).toContain('gallery_not_filled');
    const waiting = expect(gallery.put(rowsOf([1]))).rejects.toMatchObject({ code: 'MODEL_CRASHED' });
    await gallery[Symbol.asyncDispose]();
    await waiting;
  });

  test('a shape it cannot hold ends its start', async () => {
    await expect(start({ length: 128, profile: 'two-stage' })).rejects.toMatchObject({
      code: 'MODEL_CRASHED',
    });
  });
});

/** A print that nobody has: minutiae and descriptors by the number alone. */
function printOf(finger: number, modelTag: number): Uint8Array {
  const value = (at: number) => Math.sin(finger * 12.9898 + at * (finger + 78.233));
  const places = Array.from({ length: 30 }, (_, at) => at);
  const descriptors = places.flatMap(at => {
    const row = Array.from({ length: 64 }, (_, k) => value(at * 64 + k));
    const norm = Math.hypot(...row);
    return row.map(one => Math.round((one / norm) * 127));
  });
  const minutiae = places.map(
    at =>
      ({
        x: 20 + (at % 6) * 40 + 15 * value(at),
        y: 20 + Math.floor(at / 6) * 50 + 15 * value(at + 1000),
        directionRad: Math.PI * value(at + 2000),
        confidence: 0.9,
        type: 'ending',
      }) as const,
  );
  return encodeTemplate({
    ...{ modelTag, width: 300, height: 300, qualityScore: 80 },
    minutiae,
    descriptors: Int8Array.from(descriptors),
  });
}

describe('a gallery of fingers', () => {
  test('is filled, changed and searched in a process of its own, also after that was killed', async () => {
    const modelTag = modelTagOf(await loadCard('finger-extract', WEIGHTS));
    const record = (id: number, fingers: readonly number[]): FingerRecord => ({
      id,
      templates: fingers.map(finger => printOf(finger, modelTag)),
    });
    await using gallery = await startFingerGallery({
      fill: () => [[record(1, [10, 11]), record(2, [20])], [record(3, [30, 31, 32])]],
      deadlineMs: 15_000,
    });
    const filled = () => expect.poll(() => gallery.health.filled, { timeout: 15_000 }).toBe(true);
    const found = async (...fingers: number[]) => {
      const probes = fingers.map(finger => printOf(finger, modelTag));
      return (await gallery.search(probes, 2)).candidates[0]?.id;
    };
    await filled();
    expect(await found(31, 30)).toBe(3);
    expect(await found(11)).toBe(1);
    await gallery.put([record(2, [21]), record(4, [40])]);
    expect([await found(21), await found(40), await found(20)]).toEqual([2, 4, undefined]);
    expect(await gallery.remove(Uint32Array.of(4, 5))).toBe(1);
    expect(await found(40)).toBeUndefined();
    const damaged = { id: 9, templates: [printOf(90, modelTag).fill(0)] };
    await expect(gallery.put([damaged])).rejects.toMatchObject({ code: 'MODEL_INPUT' });
    const asked = await gallery.search([printOf(90, modelTag)], 5, { among: Uint32Array.of(1) });
    expect([asked.size, asked.prints]).toEqual([3, 6]);
    process.kill(gallery.health.pid ?? 0, 'SIGKILL');
    await expect.poll(() => gallery.health.filled).toBe(false);
    await filled();
    expect(await found(20)).toBe(2);
  });
});
