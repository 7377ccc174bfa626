import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelCard, readCard } from '../../models/card.ts';
import { anchorsOf, boxAt } from '../../models/face/anchors.ts';
import { preparedWeights } from '../../models/face/prepare/cache.ts';
import { decodeOnnx, encodeOnnx } from '../../models/face/prepare/onnx.ts';
import { prepare } from '../../models/face/prepare/rewrite.ts';
import { decodeFields, encodeFields } from '../../models/protobuf.ts';
import { Graph, sha256Hex } from '../../models/runtime.ts';

const packageFolder = dirname(
  createRequire(import.meta.url).resolve('faceplugin-face-recognition-js/package.json'),
);
const cardOf = (part: string): Promise<ModelCard> =>
  readCard(fileURLToPath(new URL(`../../models/weights/face-${part}.card.json`, import.meta.url)));
const publishedOf = (card: ModelCard) => join(packageFolder, card.file);

/** A reproducible input, -1..1. */
function noise(length: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state / 2_147_483_647) * 2 - 1;
  });
}

describe('the protobuf codec', () => {
  it('gives back a model byte for byte in meaning: fields decode and encode to the same bytes', async () => {
    const bytes = new Uint8Array(await readFile(publishedOf(await cardOf('eyes'))));
    expect(sha256Hex(encodeFields(decodeFields(bytes)))).toBe(sha256Hex(bytes));
  });

  it('carries 64-bit varints, negative ones too', () => {
    const fields = [
      { number: 1, type: 0, value: BigInt.asUintN(64, -1n) },
      { number: 200, type: 5, value: Uint8Array.of(1, 2, 3, 4) },
    ] as const;
    expect(decodeFields(encodeFields(fields))).toEqual(fields);
  });

  it.each([
    ['a cut-off varint', [0x08, 0x80]],
    ['a cut-off string', [0x0a, 0x05, 0x01]],
    ['an unknown wire type', [0x0b]],
    ['a varint of eleven bytes', [0x08, ...new Array(11).fill(0xff)]],
  ])('refuses %s', (_, bytes) => {
    expect(() => decodeFields(Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({ code: 'MODEL_INVALID' }),
    );
  });

  it('refuses a file without a graph', () => {
    expect(() => decodeOnnx(Uint8Array.of(0x08, 0x07))).toThrow(
      expect.objectContaining({ code: 'MODEL_INVALID' }),
    );
  });
});

/** A part as published and as prepared, and an input for both. */
async function bothGraphs(part: string, dims: readonly number[]) {
  const card = await cardOf(part);
  const published = await readFile(publishedOf(card));
  const feeds = { input: { data: noise(dims.reduce((product, dim) => product * dim, 1)), dims } };
  return {
    before: await Graph.load(published, part),
    after: await Graph.load(prepare(published, card.task), part),
    feeds,
  };
}

const farthest = (expected: Float32Array, actual: Float32Array): number => {
  expect(actual.length).toBe(expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
};

describe('prepared weights', () => {
  it.each([
    ['embedding', [1, 3, 112, 112]],
    ['landmarks', [1, 1, 64, 64]],
    ['pose', [1, 3, 224, 224]],
    ['eyes', [1, 1, 24, 24]],
  ])('of %s answer as the published ones', async (part, dims) => {
    const { before, after, feeds } = await bothGraphs(part, dims);
    const [expected, actual] = [await before.run(feeds), await after.run(feeds)];
    for (const name of before.outputNames)
      expect(farthest(expected[name]!.data, actual[name]!.data)).toBeLessThanOrEqual(1e-5);
  });

  it('of detection answer as the published ones, boxes worked out here', async () => {
    const [width, height] = [320, 240];
    const { before, after, feeds } = await bothGraphs('detection', [1, 3, height, width]);
    const [expected, { scores, ...offsets }] = [await before.run(feeds), await after.run(feeds)];
    expect(farthest(expected.scores!.data, scores!.data)).toBeLessThanOrEqual(1e-5);
    const anchors = anchorsOf({ width, height });
    const boxes = Array.from({ length: anchors.length / 4 }, (_, i) => {
      const box = boxAt(anchors, Object.values(offsets)[0]!.data, i);
      return [box.x / width, box.y / height, (box.x + box.width) / width, (box.y + box.height) / height];
    });
    expect(farthest(expected.boxes!.data, Float32Array.from(boxes.flat()))).toBeLessThanOrEqual(1e-5);
  });

  it('of detection take a picture of another size', async () => {
    const { after } = await bothGraphs('detection', [1, 3, 240, 320]);
    const [width, height] = [160, 120];
    const data = noise(3 * width * height);
    const { scores } = await after.run({ input: { data, dims: [1, 3, height, width] } });
    expect(scores!.data.length / 2).toBe(anchorsOf({ width, height }).length / 4);
  });

  it('hold no PRelu and no weight between 0 and 1e-12', async () => {
    const model = decodeOnnx(
      prepare(await readFile(publishedOf(await cardOf('embedding'))), 'face-embedding'),
    );
    expect(model.nodes.filter(node => node.opType === 'PRelu')).toEqual([]);
    const tiny = model.initializers.flatMap(one =>
      one instanceof Uint8Array
        ? []
        : [...one.values].filter(value => value !== 0 && Math.abs(value) < 1e-12),
    );
    expect(tiny).toEqual([]);
    expect(decodeOnnx(encodeOnnx(model)).nodes.length).toBe(model.nodes.length);
  });
});

describe('the cache of prepared weights', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vantay-weights-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  async function source(changes: Record<string, string> = {}) {
    const card = await cardOf('eyes');
    return {
      publishedPath: publishedOf(card),
      publishedSha256: card.sha256,
      preparedSha256: String(card.preparedSha256),
      task: card.task,
      ...changes,
    };
  }

  it('prepares once, mends a damaged entry and leaves no half file', async () => {
    const asked = await source();
    const first = await preparedWeights(asked, folder);
    expect(sha256Hex(first)).toBe(asked.preparedSha256);
    const cached = join(folder, `${asked.preparedSha256}.onnx`);
    await writeFile(cached, 'half');
    expect(sha256Hex(await preparedWeights(asked, folder))).toBe(asked.preparedSha256);
    expect(sha256Hex(await readFile(cached))).toBe(asked.preparedSha256);
    expect(await readdir(folder)).toEqual([`${asked.preparedSha256}.onnx`]);
  });

  it('works without a place to write', async () => {
    const asked = await source();
    const file = join(folder, 'file');
    await writeFile(file, '');
    expect(sha256Hex(await preparedWeights(asked, join(file, 'cache')))).toBe(asked.preparedSha256);
  });

  it('refuses a published file that is not the card’s, a missing one, and a preparation that gives something else', async () => {
    const none = join(folder, 'none');
    const wrong = '0'.repeat(64);
    await expect(preparedWeights(await source({ publishedSha256: wrong }), none)).rejects.toMatchObject({
      code: 'MODEL_HASH',
    });
    await expect(
      preparedWeights(await source({ publishedPath: join(folder, 'no.onnx') }), none),
    ).rejects.toMatchObject({
      code: 'MODEL_MISSING',
    });
    await expect(preparedWeights(await source({ preparedSha256: wrong }), none)).rejects.toMatchObject({
      code: 'MODEL_HASH',
    });
  });
});
