/** Records that hold minutiae of the fingers instead of images: prepared, compared by minutiae alone, and said to be. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FingerPosition } from '../../agent/contract/common.ts';
import type { Config } from '../../agent/contract/config.ts';
import { Biometric } from '../../agent/ops/biometric.ts';
import { ImageCodec } from '../../agent/packet/imaging.ts';
import { compareReferences } from '../../agent/records/compare.ts';
import { comparerOf } from '../../agent/records/comparer.ts';
import { FingerIndex } from '../../agent/records/finger-index.ts';
import { prepareReferences } from '../../agent/records/prepare.ts';
import type { References, TakenFinger } from '../../agent/session/visit.ts';
import { type FingerRecord, type Models, startModels } from '../../models/index.ts';
import {
  type FingerCode,
  FingerStudio,
  grayPng,
  positionName,
  simulatedPerson,
} from '../../sim/people/index.ts';
import { minutiaeRecord, type RecordedPrint } from '../../sim/registry/minutiae-record.ts';
import { face, finger } from '../fixtures/visit.ts';

const never = new AbortController().signal;
const CODES = [1, 2, 7] as const satisfies readonly FingerCode[];
const [THUMB, INDEX, LEFT_INDEX] = CODES.map(positionName) as [
  FingerPosition,
  FingerPosition,
  FingerPosition,
];
const OTHER_PERSON = 18;
let models: Models;
let codec: ImageCodec;
/** Both prints of each finger, and one picture of each. */
let prints: RecordedPrint[];
let strangers: RecordedPrint[];
let pictures: Uint8Array[];
let taken: TakenFinger[];

async function recorded(studio: FingerStudio, seed: number): Promise<RecordedPrint[]> {
  const person = simulatedPerson(seed, studio, { onDate: '2026-11-22', fingersOnRecord: 'minutiae' });
  const found = await Promise.all(CODES.map(code => person.recordMinutiae!(code, never)));
  return found.flatMap((impressions, at) =>
    impressions.map(({ image: { width, height, ppi }, minutiae }, number) => ({
      ...{ position: CODES[at]!, number, width, height, ppi, minutiae },
    })),
  );
}

beforeAll(async () => {
  models = await startModels({ deadlineMs: 30_000 });
  codec = new ImageCodec({ deadlineMs: 60_000 });
  await using studio = new FingerStudio();
  prints = await recorded(studio, 17);
  strangers = await recorded(studio, OTHER_PERSON);
  const person = simulatedPerson(17, studio, { onDate: '2026-11-22' });
  pictures = await Promise.all(
    CODES.map(async code => grayPng((await person.recordImpressions(code, never))[0]!)),
  );
  taken = [];
  for (const code of CODES) {
    const { template } = await models.finger.extract(await person.liveImpression(code, 0));
    const position = positionName(code);
    const sample = new Biometric({ ...finger(position).sample.reveal(), template });
    taken.push({ ...finger(position), sample });
  }
}, 120_000);
afterAll(async () => {
  await codec[Symbol.asyncDispose]();
  await models[Symbol.asyncDispose]();
});

const prepared = async (references: readonly (readonly [Uint8Array, FingerPosition | null])[]) => {
  const tools = { finger: models.finger, face: models.face, jpeg2000: codec };
  const images = references.map(
    ([bytes, position]) => ({ modality: 'finger', position, ppi: null, bytes }) as const,
  );
  return prepareReferences(tools, images, never);
};
const compared = (references: References, fingers = taken) => {
  const config = { comparison: { fmr: 1e-4 }, visit: { fingerMinimumQuality: 0, faceMinimumQuality: 0 } };
  const comparer = comparerOf(models, config as Config);
  return compareReferences(comparer, { face, fingers }, references, never);
};
const bare = async () => prepared([[minutiaeRecord(prints), null]]);

describe('a record of minutiae', () => {
  it('holds every print of every finger, and matches its person by minutiae alone', async () => {
    const references = await bare();
    expect(references.fingers.map(({ position }) => position).sort()).toEqual(
      [THUMB, THUMB, INDEX, INDEX, LEFT_INDEX, LEFT_INDEX].sort(),
    );
    const { finger: found, fingers } = await compared(references);
    expect(found).toMatchObject({ kind: 'scored', threshold: 4, usable: true });
    expect(found.kind === 'scored' && found.score).toBeGreaterThan(4);
    expect(found.kind === 'scored' && found.llr).toBeGreaterThan(2);
    expect(fingers.map(({ position, model }) => [position, model])).toEqual(
      [THUMB, INDEX, LEFT_INDEX].map(position => [position, 'finger-minutiae']),
    );
  });

  it('does not match somebody else', async () => {
    const { finger: found } = await compared(await prepared([[minutiaeRecord(strangers), null]]));
    expect(found.kind === 'scored' && found.score).toBeLessThan(2);
  });

  it('knows fingers under other names, also where some are images', async () => {
    const swapped = [taken[0]!, { ...taken[2]!, position: INDEX }, { ...taken[1]!, position: LEFT_INDEX }];
    const mixed = await prepared([
      [minutiaeRecord(prints.filter(({ position }) => position !== 7)), null],
      [pictures[2]!, LEFT_INDEX],
    ]);
    for (const references of [await bare(), mixed])
      expect((await compared(references, swapped)).fingers.map(one => one.matchesInstead)).toEqual([
        null,
        LEFT_INDEX,
        INDEX,
      ]);
  });

  it('gives way to an image of the same finger, and is fused with those of others', async () => {
    const references = await prepared([
      [minutiaeRecord(prints), null],
      [pictures[1]!, INDEX],
    ]);
    const { finger: found, fingers } = await compared(references);
    expect(fingers.map(({ model }) => model)).toEqual(['finger-minutiae', 'finger-match', 'finger-minutiae']);
    const [pictured, alone] = [
      await compared(await prepared([[pictures[1]!, INDEX]])),
      await compared(await bare()),
    ];
    expect(fingers[1]).toEqual(pictured.fingers[0]);
    expect(fingers[0]).toEqual(alone.fingers[0]);
    expect(
      found.kind === 'scored' && pictured.finger.kind === 'scored' && found.score > pictured.finger.score,
    ).toBe(true);
  });

  it('of a finger it does not name is of the finger beside which it stands; of none it is left out', async () => {
    const unnamed = minutiaeRecord([{ ...prints[2]!, position: 0 }]);
    expect((await prepared([[unnamed, INDEX]])).fingers.map(({ position }) => position)).toEqual([INDEX]);
    expect((await prepared([[unnamed, null]])).fingers).toEqual([]);
  });

  it('is left out where it is damaged or of another version, and refused by the matcher', async () => {
    const whole = minutiaeRecord(prints);
    const older = Uint8Array.from(whole);
    older.set(Buffer.from(' 10\0'), 4);
    for (const bytes of [whole.subarray(0, 90), Uint8Array.of(...whole, 0), older]) {
      expect((await prepared([[bytes, THUMB]])).fingers).toEqual([]);
      const probe = taken[0]!.sample.reveal().template;
      await expect(models.finger.matchMinutiae(probe, [bytes])).rejects.toMatchObject({
        code: 'MODEL_INPUT',
      });
    }
  });

  it('is not among what is searched', async () => {
    const { fingers } = await prepared([
      [minutiaeRecord(prints), null],
      [pictures[1]!, INDEX],
    ]);
    const templates = fingers.map(({ template }) => template);
    const filled: FingerRecord[] = [];
    const cache = {
      fingers: async () => ({
        records: [
          { id: 1, templates },
          { id: 2, templates: templates.slice(1) },
        ],
        last: null,
      }),
    };
    await using index = new FingerIndex(
      cache,
      async ({ fill }) => {
        for await (const lot of fill(never)) filled.push(...lot);
        throw new Error('enough');
      },
      () => undefined,
    );
    await expect(index.open()).rejects.toThrow('enough');
    expect(filled).toEqual([{ id: 1, templates: [templates[0]] }]);
  });
});
