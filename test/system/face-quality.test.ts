/** Portrait quality on real portraits and on what was done to them: each defect shows in the component named for it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type FaceAnalysis, type FaceModels, loadFaceModels } from '../../models/face/index.ts';
import { LIMITS } from '../../models/face/quality/limits.ts';
import type { FaceQualityComponent } from '../../models/face/types.ts';
import { DATA_FOLDER } from './shared-data.ts';

const FOLDER = join(DATA_FOLDER, 'face');

/** Labels of the development data and the component that is to tell. */
const TELLS: Readonly<Record<string, FaceQualityComponent>> = {
  blur: 'sharpness',
  motion_blur: 'sharpness',
  under_exposed: 'underExposurePrevention',
  over_exposed: 'overExposurePrevention',
  side_light: 'illuminationUniformity',
  low_resolution: 'interEyeDistance',
  jpeg_artifacts: 'compressionArtifacts',
  noise: 'noise',
  roll_25: 'headPoseRoll',
  too_small: 'headSize',
  cut_off_left: 'leftwardCropOfTheFaceImage',
  mouth_occluded: 'mouthOcclusionPrevention',
  sunglasses: 'eyesVisible',
  busy_background: 'backgroundUniformity',
  two_faces: 'singleFacePresent',
  no_face: 'singleFacePresent',
};

const rows = readFileSync(join(FOLDER, 'quality.csv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map(row => row.split(',') as [string, string]);

let models: FaceModels;
beforeAll(async () => {
  models = await loadFaceModels();
});

const analyse = (path: string): Promise<FaceAnalysis> => models.analyse(readFileSync(join(FOLDER, path)));

const below = ({ quality }: FaceAnalysis): string[] =>
  [...LIMITS].flatMap(([name, { least }]) => ((quality.components[name] ?? least) < least ? [name] : []));

describe('a portrait', () => {
  const defects = rows.filter(([, label]) => label in TELLS);

  it('is refused for each defect by the component that is named for it', async () => {
    expect(new Set(defects.map(([, label]) => label)).size).toBe(Object.keys(TELLS).length);
    for (const [path, label] of defects) expect(below(await analyse(path)), path).toContain(TELLS[label]);
  });

  it('is accepted without one', async () => {
    const clean = rows.filter(([, label]) => label === 'reference');
    expect(clean).toHaveLength(3);
    for (const [path] of clean) expect((await analyse(path)).quality.advice, path).toEqual([]);
  });

  it('of the studio is accepted with a straight face, whoever it shows', async () => {
    const paths = readFileSync(join(FOLDER, 'manifest.csv'), 'utf8').match(/london\/\d+_03\.jpg/g) ?? [];
    expect(paths).toHaveLength(51);
    for (const path of paths) expect((await analyse(path)).quality.advice, path).toEqual([]);
  });
});
