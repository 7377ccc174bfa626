/** Networks that an operator may bring, as their publishers ask to be fed and read. Their weights are stand-ins. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { decodeFrame } from '../../models/face/image/decode.ts';
import { Pyramid } from '../../models/face/image/pyramid.ts';
import { type FaceModels, loadFaceModels } from '../../models/face/index.ts';
import { type PassiveSpec, provisionedPassive, surroundings } from '../../models/face/passive.ts';
import { provisionedRater } from '../../models/face/rater.ts';
import { provisionedDetector, type YunetSpec } from '../../models/face/yunet.ts';
import { Graph, sha256Hex } from '../../models/runtime.ts';
import { faceFrame } from '../../sim/people/face/frames.ts';
import {
  ediffiqaGraph,
  minifasnetGraph,
  sfaceGraph,
  type YunetFace,
  yunetGraph,
} from '../fixtures/networks.ts';

const BLUE = { r: 0, g: 0, b: 255 };
const RED = { r: 255, g: 0, b: 0 };
type Colour = typeof BLUE;

/** One colour with a rectangle of another. */
async function picture(
  size: [number, number],
  ground: Colour,
  patch?: [number, number, number, number],
  colour = BLUE,
) {
  const [width, height] = size;
  const canvas = sharp({ create: { width, height, channels: 3, background: ground } });
  const overlay = patch && {
    input: { create: { width: patch[2], height: patch[3], channels: 3 as const, background: colour } },
    left: patch[0],
    top: patch[1],
  };
  const file = await (overlay ? canvas.composite([overlay]) : canvas).png().toBuffer();
  return new Pyramid((await decodeFrame(file)).image);
}

const BLACK = { r: 0, g: 0, b: 0 };
/** In the middle of a cell of stride 32. */
const FACE: YunetFace = {
  x: 208 - 60,
  y: 112 - 70,
  width: 120,
  height: 140,
  points: [180, 90, 236, 92, 208, 118, 186, 146, 230, 148],
};
const YUNET: YunetSpec = {
  width: 640,
  height: 320,
  planes: 'bgr',
  mean: [0, 0, 0],
  deviation: [1, 1, 1],
  minConfidence: 0.7,
  maxOverlap: 0.3,
};

describe('YuNet', () => {
  let graph: Graph;
  beforeAll(async () => {
    graph = await Graph.load(yunetGraph(640, 320, FACE), 'yunet');
  });

  it('finds box and points in pixels of the image, padded on the right and below', async () => {
    const detector = await provisionedDetector(graph, YUNET);
    // Half the input's scale: 640 pixels hold the 1,280 of the image.
    const [found, ...others] = await detector.detect(await picture([1280, 400], BLACK, [384, 192, 64, 64]));
    expect(others).toEqual([]);
    expect(found?.confidence).toBeCloseTo(1, 2);
    const { x, y, width, height } = found!.box;
    expect([x, y, width, height].map(Math.round)).toEqual([296, 84, 240, 280]);
    expect(found?.points?.map(value => Math.round(value - 0.5))).toEqual(FACE.points.map(value => 2 * value));
  });

  it('is fed blue first: red in the same place is no face', async () => {
    const detector = await provisionedDetector(graph, YUNET);
    expect(await detector.detect(await picture([640, 320], BLACK, [192, 96, 32, 32], RED))).toEqual([]);
  });

  it('is sure by the root of both scores, and silent below its limit', async () => {
    const half = { r: 0, g: 0, b: 128 };
    const pyramid = await picture([640, 320], BLACK, [192, 96, 32, 32], half);
    const [found] = await (await provisionedDetector(graph, YUNET)).detect(pyramid);
    expect(found?.confidence).toBeCloseTo(Math.sqrt(128 / 255), 3);
    expect(
      await (await provisionedDetector(graph, { ...YUNET, minConfidence: 0.72 })).detect(pyramid),
    ).toEqual([]);
  });

  it('looks again at half the size where it finds nothing', async () => {
    const detector = await provisionedDetector(graph, YUNET);
    // The cell that answers lies at twice the place in the image then.
    const [found] = await detector.detect(await picture([640, 320], BLACK, [384, 192, 64, 64]));
    expect(Math.round(found?.box.width ?? 0)).toBe(240);
  });

  it('of another input or without its outputs is refused', async () => {
    const invalid = { code: 'MODEL_INVALID' };
    await expect(provisionedDetector(graph, { ...YUNET, width: 320 })).rejects.toMatchObject(invalid);
    const other = await Graph.load(ediffiqaGraph(), 'other');
    await expect(provisionedDetector(other, { ...YUNET, width: 112, height: 112 })).rejects.toMatchObject(
      invalid,
    );
  });
});

describe('MiniFASNet', () => {
  const spec: PassiveSpec = {
    side: 80,
    planes: 'bgr',
    mean: [0, 0, 0],
    deviation: [1, 1, 1],
    scale: 2.7,
    classes: 3,
    live: 1,
    activation: 'softmax',
  };

  it('is fed blue first, 0 to 255, and read by softmax', async () => {
    const passive = await provisionedPassive('mini', await Graph.load(minifasnetGraph(), 'mini'), spec);
    const box = { x: 100, y: 100, width: 40, height: 50 };
    const share = (logit: number) => Math.exp(logit) / (2 + Math.exp(logit));
    expect(await passive.score(await picture([300, 300], BLUE), box)).toBeCloseTo(share(1.27), 4);
    expect(await passive.score(await picture([300, 300], RED), box)).toBeCloseTo(share(-1.28), 4);
  });

  it.each([
    ['in the middle', [200, 200, 40, 60], [500, 500], 2, [180, 170, 81, 121]],
    ['at the left edge', [0, 200, 40, 60], [500, 500], 2, [0, 170, 81, 121]],
    ['at the right and lower edge', [460, 440, 40, 60], [500, 500], 2, [419, 379, 81, 121]],
    ['too large for the image', [100, 100, 200, 300], [400, 500], 4, [33, 0, 334, 500]],
  ] as const)(
    'looks around a face %s',
    (_, [x, y, width, height], [imageWidth, imageHeight], scale, expected) => {
      const seen = surroundings({ x, y, width, height }, { width: imageWidth, height: imageHeight }, scale);
      expect([seen.x, seen.y, seen.width, seen.height]).toEqual(expected);
    },
  );
});

describe('eDifFIQA', () => {
  it('is fed red first, -1 to 1, and its score put on the scale of the profile', async () => {
    const graph = await Graph.load(ediffiqaGraph(), 'quality');
    const rater = await provisionedRater(graph, {
      side: 112,
      planes: 'rgb',
      mean: [127.5, 127.5, 127.5],
      deviation: [127.5, 127.5, 127.5],
      points: FACE.points.map(value => value / 2),
      alignFrom: 'detector',
      score: { worst: 0.2, best: 1.2 },
    });
    const where = { landmarks: new Float32Array(136), points: FACE.points };
    expect(await rater.rate(await picture([640, 320], RED), where)).toBeCloseTo(0.8, 4);
    expect(await rater.rate(await picture([640, 320], BLUE), where)).toBe(0);
  });
});

describe('a profile of all of them', () => {
  let folder: string;
  let packaged: FaceModels;
  let sections: Record<string, object>;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vantay-provisioned-'));
    packaged = await loadFaceModels();
    // The one person of this test stands where the stand-in says that it finds somebody.
    const { face } = await packaged.analyse(await faceFrame(0, 'neutral', 1));
    const { box, landmarks } = face!;
    const five = [36, 45, 30, 48, 54].flatMap(point => [landmarks[2 * point]!, landmarks[2 * point + 1]!]);
    const file = async (name: string, bytes: Uint8Array) => {
      await writeFile(join(folder, `${name}.onnx`), bytes);
      return { id: name, version: '1', file: `${name}.onnx`, sha256: sha256Hex(bytes) };
    };
    const raw = { channels: 'bgr', mean: 0, deviation: 1 };
    const arcface = { side: 112, alignment: 'arcface', alignFrom: 'detector' };
    const passive = { ...raw, side: 80, classes: 3, live: 1, activation: 'softmax' };
    sections = {
      detection: {
        ...(await file('yunet', yunetGraph(480, 640, { ...box, points: five }))),
        ...{ ...raw, decoder: 'yunet', width: 480, height: 640, minConfidence: 0.1, maxOverlap: 0.3 },
      },
      embedding: {
        ...(await file('sface', sfaceGraph())),
        ...{ ...arcface, channels: 'rgb', mean: 0, deviation: 1, length: 128 },
        fmrTable: [{ fmr: 0.001, threshold: 0.9 }],
      },
      quality: {
        ...(await file('ediffiqa', ediffiqaGraph())),
        ...{ ...arcface, channels: 'rgb', mean: 127.5, deviation: 127.5, score: { worst: 0, best: 1 } },
      },
      liveness: {
        threshold: 0.2,
        models: [
          { ...(await file('mini-27', minifasnetGraph())), ...passive, scale: 2.7 },
          { ...(await file('mini-40', minifasnetGraph())), ...passive, scale: 4 },
        ],
      },
    };
  });
  afterAll(() => rm(folder, { recursive: true }));

  const load = async (which: Record<string, object>) => {
    const path = join(folder, 'profile.yaml');
    await writeFile(path, stringify({ type: 'vantay.face-profile', version: 1, ...which }));
    return loadFaceModels({ profile: path });
  };

  it('makes a whole analysis, and every network has its card', async () => {
    const models = await load(sections);
    const analysis = await models.analyse(await faceFrame(0, 'neutral', 2), { passive: true });
    expect(analysis.faceCount).toBe(1);
    expect(analysis.face?.embedding).toHaveLength(128);
    expect(Object.keys(analysis.face?.passive ?? {})).toEqual(['mini-27', 'mini-40']);
    expect(analysis.quality.score).toBeGreaterThan(0);
    const cards = new Map(models.cards.map(card => [card.id, card]));
    expect([...cards.keys()].toSorted()).toEqual([
      ...['ediffiqa', 'face-eyes', 'face-landmarks', 'face-pose', 'mini-27', 'mini-40', 'sface', 'yunet'],
    ]);
    expect(cards.get('mini-40')?.passiveThreshold).toBe(0.2);
  });

  it('leaves what it does not name as it comes with the agent', async () => {
    const models = await load({ liveness: sections.liveness! });
    const frame = await faceFrame(0, 'neutral', 3);
    const [own, theirs] = [await models.analyse(frame, { passive: true }), await packaged.analyse(frame)];
    const { passive, ...rest } = own.face!;
    expect(Object.values(passive ?? {}).every(score => score >= 0 && score <= 1)).toBe(true);
    expect(rest).toEqual(theirs.face);
    expect(own.quality).toEqual(theirs.quality);
  });

  it('costs nothing that was not asked for', async () => {
    const models = await load(sections);
    expect((await models.analyse(await faceFrame(0, 'neutral', 2))).face?.passive).toBeUndefined();
  });

  it.each<[string, string, object, string]>([
    ['an unknown decoder', 'detection', { decoder: 'ssd' }, 'MODEL_PROFILE'],
    ['an input of no whole cells', 'detection', { width: 500 }, 'MODEL_PROFILE'],
    ['another size of input', 'detection', { width: 320 }, 'MODEL_INVALID'],
    ['a confidence of 0', 'detection', { minConfidence: 0 }, 'MODEL_PROFILE'],
    ['a scale without extent', 'quality', { score: { worst: 1, best: 1 } }, 'MODEL_PROFILE'],
    ['a score that the graph has not', 'quality', { output: 'quality' }, 'MODEL_INVALID'],
    ['no networks', 'liveness', { models: [] }, 'MODEL_PROFILE'],
    ['a threshold beyond 1', 'liveness', { threshold: 1.5 }, 'MODEL_PROFILE'],
  ])('with %s is refused', async (_, section, change, code) => {
    await expect(load({ [section]: { ...sections[section], ...change } })).rejects.toMatchObject({ code });
  });

  it('of no network, or with one twice, is refused', async () => {
    await expect(load({})).rejects.toMatchObject({ code: 'MODEL_PROFILE' });
    const [first] = (sections.liveness as { models: object[] }).models;
    const twice = { liveness: { models: [first, first] } };
    await expect(load(twice)).rejects.toMatchObject({ code: 'MODEL_PROFILE' });
  });
});
