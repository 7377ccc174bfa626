import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Master } from '../../sim/people/finger/index.ts';
import {
  FingerStudio,
  grayPng,
  type PeopleError,
  SENSOR_FRAME,
  simulatedPerson,
} from '../../sim/people/index.ts';
import { readMaster, writeMaster } from '../../sim/people/master-cache.ts';
import { fingerKey } from '../../sim/people/person.ts';

let cacheFolder: string;
beforeAll(async () => {
  cacheFolder = await mkdtemp(join(tmpdir(), 'vantay-cache-'));
});
afterAll(() => rm(cacheFolder, { recursive: true, force: true }));

describe('a simulated person', () => {
  it('has the same fingers in another studio, whether the cache is cold or warm', async () => {
    await using first = new FingerStudio({ cacheFolder, threads: 1 });
    const cold = await simulatedPerson(3, first).liveImpression(2, 0);
    expect(cold).toMatchObject({ width: SENSOR_FRAME.width, height: SENSOR_FRAME.height, ppi: 500 });
    expect(cold.pixels.every(value => value % 17 === 0)).toBe(true);
    await using second = new FingerStudio({ cacheFolder, threads: 1 });
    expect(await simulatedPerson(3, second).liveImpression(2, 0)).toEqual(cold);
  });

  it('makes a finger anew when its cache file is damaged', async () => {
    const [name] = await readdir(cacheFolder);
    const file = join(cacheFolder, name!);
    const kept = await readFile(file);
    await truncate(file, 1000);
    await using studio = new FingerStudio({ cacheFolder, threads: 1 });
    await studio.prepare(fingerKey(3, 2));
    expect(await readFile(file)).toEqual(kept);
    expect((await readdir(cacheFolder)).filter(entry => entry.endsWith('.unfinished'))).toEqual([]);
  });

  it('gives another image at each attempt and record references that are PNG files of 500 ppi', async () => {
    await using studio = new FingerStudio({ cacheFolder, threads: 1 });
    const person = simulatedPerson(3, studio);
    const [one, two] = await Promise.all([person.liveImpression(2, 0), person.liveImpression(2, 1)]);
    expect(one.pixels).not.toEqual(two.pixels);
    const references = await person.recordImpressions(2);
    expect(references.length).toBeGreaterThanOrEqual(1);
    for (const reference of references) {
      expect(reference.width).toBeGreaterThanOrEqual(300);
      expect(reference.width).toBeLessThanOrEqual(416);
      const { format, density, channels, width } = await sharp(await grayPng(reference)).metadata();
      expect({ format, density, channels, width }).toEqual({
        format: 'png',
        density: 500,
        channels: 1,
        width: reference.width,
      });
    }
  });

  it('can be abandoned, has a deadline, and says so when its studio is closed', async () => {
    const studio = new FingerStudio({ cacheFolder, threads: 1 });
    const reason = new Error('the visit ended');
    const signal = AbortSignal.abort(reason);
    await expect(simulatedPerson(4, studio).liveImpression(1, 0, { signal })).rejects.toBe(reason);
    const controller = new AbortController();
    const pending = simulatedPerson(4, studio).liveImpression(1, 0, { signal: controller.signal });
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
    await expect(simulatedPerson(3, studio).liveImpression(2, 0, { partial: 7 })).rejects.toMatchObject({
      code: 'PEOPLE_WORKER_FAILED',
    });
    await studio[Symbol.asyncDispose]();
    await expect(simulatedPerson(3, studio).liveImpression(2, 0)).rejects.toMatchObject({
      code: 'PEOPLE_WORKER_FAILED',
    });

    await using hurried = new FingerStudio({ cacheFolder, threads: 1, timeoutMs: 1 });
    const late = await simulatedPerson(5, hurried)
      .liveImpression(1, 0)
      .catch((error: PeopleError) => error.code);
    expect(late).toBe('PEOPLE_TIMEOUT');
  });

  it('has fingers, papers and a face of its own', () => {
    const keys = [1, 2, 3].flatMap(seed => ([1, 2, 10] as const).map(finger => fingerKey(seed, finger).seed));
    expect(new Set(keys).size).toBe(9);
    const faces = new Set<string>();
    const idle = new FingerStudio({ cacheFolder });
    for (const seed of [0, 1, 2, 3]) {
      const { face, identity } = simulatedPerson(seed, idle);
      faces.add(JSON.stringify(face));
      expect(face).toMatchObject({ kind: 'composite', sex: identity.sex });
    }
    expect(faces.size).toBe(4);
  });

  it('opens most loops towards the little finger', () => {
    let ulnar = 0;
    let loops = 0;
    for (let seed = 0; seed < 300; seed++) {
      for (const finger of [2, 7] as const) {
        const { patternClass } = fingerKey(seed, finger);
        if (patternClass !== 'left_loop' && patternClass !== 'right_loop') continue;
        loops++;
        if (patternClass === (finger === 2 ? 'right_loop' : 'left_loop')) ulnar++;
      }
    }
    expect(loops / 600).toBeCloseTo(0.6, 1);
    expect(ulnar / loops).toBeGreaterThan(0.85);
  });
});

describe('the cache of masters', () => {
  const master: Master = {
    seed: 77,
    patternClass: 'whorl',
    width: 4,
    height: 3,
    ppi: 500,
    ridges: Int8Array.from([-127, 127, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
    minutiae: [{ x: 1.5, y: 2.5, directionRad: 0.25, type: 'ending', reliable: true }],
    singularPoints: [{ x: 1, y: 1, kind: 'core' }],
    creases: [],
  };

  it('gives back what it was given and nothing for another finger', () => {
    writeMaster(cacheFolder, master);
    expect(readMaster(cacheFolder, 77, 'whorl')).toEqual(master);
    expect(readMaster(cacheFolder, 78, 'whorl')).toBeUndefined();
    expect(readMaster(cacheFolder, 77, 'arch')).toBeUndefined();
  });

  it('takes no file that is damaged anywhere', async () => {
    writeMaster(cacheFolder, master);
    const file = join(cacheFolder, (await readdir(cacheFolder)).find(name => name.includes('0000004d'))!);
    const kept = await readFile(file);
    for (let at = 0; at < kept.length; at += 7) {
      const turned = Buffer.from(kept);
      turned[at] = turned[at]! ^ 1;
      await writeFile(file, turned);
      expect(readMaster(cacheFolder, 77, 'whorl')).toBeUndefined();
    }
    for (const length of [0, 8, 40, 44, kept.length - 1]) {
      await writeFile(file, kept.subarray(0, length));
      expect(readMaster(cacheFolder, 77, 'whorl')).toBeUndefined();
    }
  });

  it('is done without where its folder cannot be written', async () => {
    const blocked = join(cacheFolder, 'a-file');
    await writeFile(blocked, '');
    writeMaster(join(blocked, 'folder'), master);
    expect(readMaster(join(blocked, 'folder'), 77, 'whorl')).toBeUndefined();
  });
});
