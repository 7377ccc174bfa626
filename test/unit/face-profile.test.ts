import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadFaceModels } from '../../models/face/index.ts';
import { readFaceProfile } from '../../models/face/profile.ts';
import { startModels } from '../../models/index.ts';
import { sha256Hex } from '../../models/runtime.ts';
import { faceFrame, referencePortrait } from '../../sim/people/face/frames.ts';

const published = join(
  dirname(createRequire(import.meta.url).resolve('faceplugin-face-recognition-js/package.json')),
  'model',
);

let folder: string;
let sha256: string;
let embedding: Record<string, unknown>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantay-profile-'));
  await mkdir(join(folder, 'weights'));
  await copyFile(join(published, 'fr_feature.onnx'), join(folder, 'weights', 'operators-own.onnx'));
  sha256 = sha256Hex(await readFile(join(folder, 'weights', 'operators-own.onnx')));
  embedding = {
    id: 'operators-own',
    version: '7',
    file: 'weights/operators-own.onnx',
    sha256,
    side: 112,
    channels: 'bgr',
    mean: 127,
    deviation: [128, 128, 128],
    alignment: 'arcface',
    length: 512,
    norm: { worst: 2, best: 4.5 },
    fmrTable: [
      { fmr: 0.001, threshold: 0.4 },
      { fmr: 0.0001, threshold: 0.5 },
    ],
  };
});
afterAll(() => rm(folder, { recursive: true }));

let written = 0;
/** The profile with some values of its embedding changed; undefined takes one away. */
async function profile(change: Record<string, unknown> = {}): Promise<string> {
  const path = join(folder, `profile-${written++}.yaml`);
  const document = { type: 'vantay.face-profile', version: 1, embedding: { ...embedding, ...change } };
  await writeFile(path, stringify(document));
  return path;
}

const refusal = (code: string, text: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(text) });

describe('a profile of another embedding', () => {
  it('is used without a change of code, and its card tells its thresholds', async () => {
    const [own, theirs] = [await loadFaceModels(), await loadFaceModels({ profile: await profile() })];
    const [live, record] = [await faceFrame(0, 'neutral', 1), await referencePortrait(0)];
    const score = async (models: typeof own) => {
      const [a, b] = [await models.analyse(live), await models.analyse(record)];
      return models.compare(a.face!.embedding, b.face!.embedding);
    };
    expect(await score(theirs)).toBeCloseTo(await score(own), 4);
    const card = theirs.cards.find(({ task }) => task === 'face-embedding');
    expect(card).toMatchObject({ id: 'operators-own', version: '7', sha256 });
    expect(card?.fmrTable?.map(({ fmr }) => fmr)).toEqual([0.0001, 0.001]);
    expect(card?.llr).toBeUndefined();
  });

  it('says what its scores are worth where that was measured', async () => {
    const llr = { offset: -4, slope: 12, lowest: -3, highest: 4 };
    expect((await readFaceProfile(await profile({ llr }))).embedding?.card.llr).toEqual(llr);
  });

  it('preprocesses as it says: swapped channels give another vector', async () => {
    const swapped = await loadFaceModels({ profile: await profile({ channels: 'rgb' }) });
    const right = await loadFaceModels({ profile: await profile() });
    const jpeg = await faceFrame(0, 'neutral', 1);
    const [a, b] = [await swapped.analyse(jpeg), await right.analyse(jpeg)];
    expect(right.compare(a.face!.embedding, b.face!.embedding)).toBeLessThan(0.999);
  });

  it('reaches the model process', async () => {
    await using models = await startModels({ deadlineMs: 10_000, faceProfile: await profile() });
    expect(models.health.failures).toEqual([]);
    expect(models.cards.some(({ id }) => id === 'operators-own')).toBe(true);
  });

  it('as its page shows one is understood, with all its networks', async () => {
    const page = await readFile(new URL('../../models/face/README.md', import.meta.url), 'utf8');
    const path = join(folder, 'page.yaml');
    await writeFile(path, /```yaml\n(.+?)\n```/s.exec(page)?.[1] ?? '');
    const shown = await readFaceProfile(path);
    expect(shown.liveness.map(({ card }) => card.id)).toEqual(['minifasnet-v2', 'minifasnet-v1se']);
    expect([shown.detection?.card.id, shown.embedding?.card.id, shown.quality?.card.id]).toEqual([
      ...['yunet', 'sface', 'ediffiqa-t'],
    ]);
  });

  it('may be JSON, with a path of its own', async () => {
    const path = join(folder, 'profile.json');
    const file = join(folder, 'weights', 'operators-own.onnx');
    const document = { type: 'vantay.face-profile', version: 1, embedding: { ...embedding, file } };
    await writeFile(path, JSON.stringify(document));
    expect((await readFaceProfile(path)).embedding?.path).toBe(file);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ['weights of another hash', { sha256: '0'.repeat(64) }, 'MODEL_HASH', 'operators-own.onnx'],
    ['weights that are not there', { file: 'gone.onnx' }, 'MODEL_MISSING', 'gone.onnx'],
    ['another input size', { side: 96 }, 'MODEL_INVALID', 'side 96'],
    ['another vector length', { length: 128 }, 'MODEL_INVALID', '512'],
    ['an output the graph has not', { output: 'fc1' }, 'MODEL_INVALID', 'fc1'],
    ['a hash that is none', { sha256: 'abc' }, 'MODEL_PROFILE', 'embedding.sha256'],
    ['unknown channels', { channels: 'yuv' }, 'MODEL_PROFILE', 'embedding.channels'],
    ['a deviation of 0', { deviation: 0 }, 'MODEL_PROFILE', 'embedding.deviation'],
    ['an alignment of too few points', { alignment: [1, 2] }, 'MODEL_PROFILE', 'embedding.alignment'],
    ['no thresholds', { fmrTable: [] }, 'MODEL_PROFILE', 'embedding.fmrTable'],
    [
      'thresholds that fall with strictness',
      {
        fmrTable: [
          { fmr: 0.001, threshold: 0.5 },
          { fmr: 0.0001, threshold: 0.4 },
        ],
      },
      'MODEL_PROFILE',
      'embedding.fmrTable',
    ],
    [
      'scores that say less as they rise',
      { llr: { offset: 0, slope: 0, lowest: -1, highest: 1 } },
      'MODEL_PROFILE',
      'embedding.llr.slope',
    ],
    ['a misspelt key', { treshold: 0.5 }, 'MODEL_PROFILE', 'embedding.treshold'],
    ['no mean', { mean: undefined }, 'MODEL_PROFILE', 'embedding.mean'],
  ])('with %s is refused, naming it', async (_, change, code, text) => {
    await expect(loadFaceModels({ profile: await profile(change) })).rejects.toThrow(refusal(code, text));
  });

  it('that is missing or no document is refused', async () => {
    await expect(loadFaceModels({ profile: join(folder, 'none.yaml') })).rejects.toThrow(
      refusal('MODEL_MISSING', 'none.yaml'),
    );
    const path = join(folder, 'broken.yaml');
    await writeFile(path, 'type: [');
    await expect(loadFaceModels({ profile: path })).rejects.toThrow(refusal('MODEL_PROFILE', 'broken.yaml'));
  });
});
