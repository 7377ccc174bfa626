/** The finger models on synthetic prints as the kiosk's sensor takes them. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { FingerPosition } from '../../agent/contract/common.ts';
import { Biometric } from '../../agent/ops/biometric.ts';
import { takeFinger } from '../../agent/pipeline/finger.ts';
import { type Comparer, compareVisit } from '../../agent/records/compare.ts';
import type { Captured, Lookup } from '../../agent/session/visit.ts';
import type { FingerCapture, FingerScanner } from '../../drivers/device.ts';
import { evidenceOf } from '../../models/finger/evidence.ts';
import { type FingerModels, loadFingerModels } from '../../models/finger/index.ts';
import { arrangementOf } from '../../models/finger/sequence.ts';
import { openLocalFingerGallery } from '../../models/gallery/finger-gallery.ts';
import { thresholdAt } from '../../models/index.ts';
import {
  type ImpressionOptions,
  type Master,
  makeGrowthKernels,
  makeImpression,
  makeMaster,
} from '../../sim/people/finger/index.ts';
import { slapImage } from '../../sim/sbi/slap.ts';
import { face, finger } from '../fixtures/visit.ts';

const SENSOR = { width: 256, height: 288, greyLevels: 16 };
const RECORD = { width: 352, height: 416, moisture: 'normal', difficulty: 0.1, rotationRad: 0 } as const;
const takenFinger = (position: FingerPosition, template: Uint8Array) => ({
  ...finger(position),
  sample: new Biometric({ ...finger(position).sample.reveal(), template }),
});
const DEGREE = Math.PI / 180;
const FINGERS = ['right_thumb', 'right_index', 'left_thumb', 'left_index'] as const;

describe('the finger models on a synthetic visit', () => {
  let models: FingerModels;
  let threshold: number;
  let masters: Master[];
  let records: Uint8Array[];
  let live: Uint8Array[];
  const print = async (finger: number, options: ImpressionOptions): Promise<Uint8Array> =>
    (await models.extract(makeImpression(masters[finger]!, options).image)).template;
  const matrix = (rows: readonly Uint8Array[], columns: readonly Uint8Array[]) =>
    Promise.all(rows.map(row => models.match(row, columns)));

  beforeAll(async () => {
    models = await loadFingerModels();
    const matching = models.cards.find(card => card.task === 'finger-matching')!;
    threshold = thresholdAt(matching.fmrTable!, 1e-4);
    const kernels = makeGrowthKernels();
    masters = FINGERS.map((_, index) => makeMaster(4100 + index, undefined, kernels));
    records = await Promise.all(FINGERS.map((_, finger) => print(finger, { ...RECORD, seed: 1 })));
    live = await Promise.all(
      FINGERS.map((_, finger) => print(finger, { ...SENSOR, seed: 2, difficulty: 0.2 })),
    );
  }, 120_000);

  test('a finger is found in its record turned up to 45 degrees either way, and no other is', async () => {
    for (const degrees of [-45, -30, 30, 45]) {
      const turned = await print(0, { ...SENSOR, seed: 3, rotationRad: degrees * DEGREE, difficulty: 0.2 });
      const [own, ...others] = await models.match(turned, records);
      expect(own).toBeGreaterThan(threshold);
      expect(Math.max(...others)).toBeLessThan(threshold);
    }
  });

  test('a finger half off the sensor is found', async () => {
    for (const [finger, seed] of [
      [1, 5],
      [2, 6],
    ] as const) {
      const half = await print(finger, { ...SENSOR, seed, partial: 0.5, difficulty: 0.2 });
      const scores = await models.match(half, records);
      expect(scores[finger]).toBeGreaterThan(threshold);
      expect(Math.max(...scores.filter((_, at) => at !== finger))).toBeLessThan(threshold);
    }
  });

  test('a pair scores alike whichever side asks', async () => {
    const forward = await matrix(live, records);
    const backward = await matrix(records, live);
    forward.forEach((row, a) => {
      row.forEach((score, b) => {
        expect(Math.abs(score - backward[b]![a]!)).toBeLessThan(0.05);
      });
    });
  });

  test('the same finger laid on twice is found among the captures of a visit', async () => {
    const again = await print(2, { ...SENSOR, seed: 9, rotationRad: 20 * DEGREE, difficulty: 0.2 });
    const scores = await models.match(again, live);
    expect(scores.map(score => score >= threshold)).toEqual([false, false, true, false]);
  });

  test('swapped hands and neighbours are told from fingers in place and from another person', async () => {
    const arrange = async (order: readonly number[]) =>
      arrangementOf(
        FINGERS,
        FINGERS,
        await matrix(
          order.map(at => live[at]!),
          records,
        ),
        threshold,
      );
    expect(await arrange([0, 1, 2, 3])).toMatchObject({ outcome: 'as_labelled', moved: [] });
    const hands = await arrange([2, 3, 0, 1]);
    expect(hands).toMatchObject({ outcome: 'rearranged', inPlace: [] });
    expect(hands.moved.map(({ from, to }) => `${from} is ${to}`)).toEqual([
      'right_thumb is left_thumb',
      'right_index is left_index',
      'left_thumb is right_thumb',
      'left_index is right_index',
    ]);
    const neighbours = await arrange([1, 0, 2, 3]);
    expect(neighbours.moved.map(({ from }) => from)).toEqual(['right_thumb', 'right_index']);
    expect(neighbours.inPlace).toEqual(['left_thumb', 'left_index']);
    const stranger = arrangementOf(
      FINGERS.slice(0, 2),
      FINGERS.slice(2),
      await matrix(live.slice(0, 2), records.slice(2)),
      threshold,
    );
    expect(stranger.outcome).toBe('unclear');
  });

  test('both thumbs of one capture are taken with the trust of their device, the same one twice is not', async () => {
    const taking = async (left: number, right: number) => {
      const image = (at: number) =>
        makeImpression(masters[at]!, { ...SENSOR, seed: 2, difficulty: 0.2 }).image;
      const scanner: FingerScanner = {
        identity: { driver: 'test', model: 'test', serial: '1', location: 'test', trust: 'L1' },
        capture: async (_, wanted) => {
          expect(wanted).toEqual(['right_thumb', 'left_thumb']);
          const prints = [
            { position: 'left_thumb' as const, image: image(left) },
            { position: 'right_thumb' as const, image: image(right) },
          ];
          return { kind: 'fingers', prints };
        },
        lifted: async () => {},
        [Symbol.asyncDispose]: async () => {},
      };
      const stage = {
        scanner: { use: <T>(work: (device: FingerScanner) => Promise<T>) => work(scanner) },
        ...{ engine: models, sameFingerScore: threshold, attempts: 3, minimumQuality: 20 },
      };
      const task = { position: 'right_thumb', remaining: ['left_thumb'], taken: [] } as const;
      const told: string[] = [];
      for await (const step of takeFinger(
        stage,
        { ...task, references: null, imageVersion: 0 },
        AbortSignal.timeout(60_000),
      )) {
        if (step.kind === 'taken') told.push(`${step.finger.position} ${step.finger.device.trust}`);
        if (step.kind === 'live' && step.live.advice === 'other_finger') return 'other_finger';
      }
      return told;
    };
    // The one that was asked for comes last: with it the session goes on.
    expect(await taking(2, 0)).toEqual(['left_thumb L1', 'right_thumb L1']);
    expect(await taking(0, 0)).toBe('other_finger');
  });

  test('after a slap that does not part one finger is asked for; what lies there uses up attempts, an empty glass none', async () => {
    const image = makeImpression(masters[1]!, { ...SENSOR, seed: 2, difficulty: 0.2 }).image;
    const positions = ['right_index', 'right_middle', 'right_ring', 'right_little'] as const;
    const slapOf = (count: number): FingerCapture => {
      const prints = positions.slice(0, count).map((_, at) => ({ finger: (at + 2) as 2 | 3 | 4 | 5, image }));
      return { kind: 'slap', slap: 'right_four', positions, image: slapImage({ prints }) };
    };
    const [one, two, empty] = [{ kind: 'image', image } as const, slapOf(2), slapOf(0)];
    const taking = async (...captures: FingerCapture[]) => {
      const asked: number[] = [];
      const scanner: FingerScanner = {
        identity: { driver: 'test', model: 'test', serial: '1', location: 'test' },
        capture: async (_, wanted) => {
          asked.push(wanted?.length ?? 0);
          return captures.shift()!;
        },
        lifted: async () => {},
        [Symbol.asyncDispose]: async () => {},
      };
      const stage = {
        scanner: { use: <T>(work: (device: FingerScanner) => Promise<T>) => work(scanner) },
        ...{ engine: models, sameFingerScore: threshold, attempts: 3, minimumQuality: 20 },
      };
      const [position, ...remaining] = positions;
      const task = { position, remaining, taken: [], references: null, imageVersion: 0 };
      for await (const step of takeFinger(stage, task, AbortSignal.timeout(60_000)))
        if (step.kind !== 'live') return { asked, end: step.kind };
      return null;
    };
    expect(await taking(two, one)).toEqual({ asked: [4, 1], end: 'taken' });
    expect(await taking(empty, empty, two, two, two)).toEqual({ asked: [4, 4, 4, 1, 1], end: 'unreadable' });
  });

  test('the applicant is told of a finger laid down twice, and once of one that the record has under another name', async () => {
    const advised = async (laid: readonly number[], taken: readonly number[]): Promise<unknown[]> => {
      const queue = laid.map(
        at => makeImpression(masters[at]!, { ...SENSOR, seed: 2, difficulty: 0.2 }).image,
      );
      const scanner: FingerScanner = {
        identity: { driver: 'test', model: 'test', serial: '1', location: 'test' },
        capture: async () => ({ kind: 'image', image: queue.shift()! }),
        lifted: async () => {},
        [Symbol.asyncDispose]: async () => {},
      };
      const stage = {
        scanner: { use: <T>(work: (device: FingerScanner) => Promise<T>) => work(scanner) },
        engine: models,
        sameFingerScore: threshold,
        attempts: 3,
        minimumQuality: 20,
      };
      const task = {
        position: 'right_index' as const,
        remaining: [],
        taken: taken.map(at => takenFinger(FINGERS[at]!, live[at]!)),
        references: new Biometric({
          faces: [],
          fingers: FINGERS.map((position, at) => ({ position, template: records[at]! })),
        }),
        imageVersion: 0,
      };
      const said: unknown[] = [];
      for await (const step of takeFinger(stage, task, AbortSignal.timeout(60_000))) {
        if (step.kind !== 'live') said.push(step.kind);
        else if (step.live.advice !== 'place_finger') said.push(step.live.advice);
      }
      return said;
    };
    expect(await advised([1], [0])).toEqual([null, 'taken']);
    expect(await advised([0, 1], [0])).toEqual(['other_finger', null, 'taken']);
    expect(await advised([3, 1], [0])).toEqual(['wrong_finger', null, 'taken']);
    // Who lays the same one down again is believed: the record may have them mixed up, and an officer is told.
    expect(await advised([3, 3], [0])).toEqual(['wrong_finger', null, 'taken']);
  });

  test('a visit whose fingers are swapped is for an officer, with the fingers named', async () => {
    const matching = models.cards.find(card => card.task === 'finger-matching')!;
    const comparer = {
      byDescriptors: {
        model: matching.id,
        table: matching.fmrTable!,
        llr: matching.llr,
        match: models.match,
      },
      fmr: 1e-4,
      usableFingerQuality: 0,
      usableFaceQuality: 0,
      models: [],
    } as unknown as Comparer;
    const lookup: Lookup = {
      state: 'found',
      recordId: 'record-1',
      onFile: { face: false, finger: true },
      references: new Biometric({
        faces: [],
        fingers: FINGERS.map((position, at) => ({ position, template: records[at]! })),
      }),
    };
    const decisionFor = (order: readonly number[]) => {
      const taken = FINGERS.map((position: FingerPosition, at) => takenFinger(position, live[order[at]!]!));
      const visit = { face, fingers: taken } as unknown as Captured;
      return compareVisit(comparer, visit, lookup, AbortSignal.timeout(60_000));
    };
    const inPlace = await decisionFor([0, 1, 2, 3]);
    expect(inPlace).toMatchObject({ outcome: 'match', finger: { outcome: 'match' } });
    expect(inPlace.fingers.map(({ matchesInstead }) => matchesInstead)).toEqual([null, null, null, null]);
    expect(inPlace.llr).toBeCloseTo(4 * matching.llr!.highest, 9);
    const swapped = await decisionFor([0, 3, 2, 1]);
    expect(swapped).toMatchObject({ outcome: 'inconclusive', reason: 'fingers_rearranged', llr: null });
    expect(swapped.fingers.map(({ matchesInstead }) => matchesInstead)).toEqual([
      null,
      'left_index',
      null,
      'right_index',
    ]);
  });

  test('a gallery finds a person by any of their fingers, and forgets them', async () => {
    const gallery = await openLocalFingerGallery();
    expect(await gallery.search([live[0]!], 5)).toEqual({ size: 0, prints: 0, candidates: [] });
    // More than a block of prints, so that several runs are made of them.
    gallery.put(Array.from({ length: 70 }, (_, id) => ({ id, templates: records.slice(2) })));
    gallery.put([{ id: 100, templates: [records[1]!, records[0]!] }]);
    const first = async (probes: readonly Uint8Array[]) => (await gallery.search(probes, 3)).candidates[0];
    expect(await gallery.search([live[0]!], 5)).toMatchObject({ size: 71, prints: 142 });

    const alone = await first([live[0]!]);
    expect(alone).toMatchObject({ id: 100, fingers: 1, fpirIsBound: true });
    const together = await first([live[0]!, live[1]!]);
    expect(together).toMatchObject({ id: 100, fingers: 2 });
    expect(together!.score).toBeGreaterThan(alone!.score);
    expect(together!.evidence).toBeGreaterThan(alone!.evidence);
    expect(together!.fpir).toBeLessThan(alone!.fpir);

    gallery.put([{ id: 100, templates: [records[1]!] }]);
    expect((await first([live[0]!]))?.evidence ?? 0).toBeLessThan(alone!.evidence / 2);
    expect((await first([live[1]!]))?.id).toBe(100);
    expect(gallery.remove(Uint32Array.of(100, 4000))).toBe(1);
    expect((await first([live[1]!]))?.evidence ?? 0).toBeLessThan(alone!.evidence / 2);
    gallery.put([{ id: 7, templates: [records[0]!] }]);
    expect(await first([live[0]!])).toMatchObject({ id: 7 });
    expect(gallery.size).toBe(70);
  });

  test('a gallery compares the records it is asked to, in the order of what is alike', async () => {
    const gallery = await openLocalFingerGallery();
    gallery.put(records.map((template, id) => ({ id, templates: [template] })));
    const { candidates } = await gallery.search([live[2]!], 10, Uint32Array.of(2, 3, 99));
    expect(candidates[0]?.id).toBe(2);
    expect(new Set(candidates.map(({ id }) => id)).size).toBe(candidates.length);
    const [score] = await models.match(live[2]!, [records[2]!]);
    const { fmrTable = [] } = models.cards.find(({ task }) => task === 'finger-matching')!;
    expect(candidates[0]?.evidence).toBeCloseTo(evidenceOf(fmrTable, score!), 3);
  });

  test('a gallery refuses damaged templates as a whole and never finds empty ones', async () => {
    const gallery = await openLocalFingerGallery();
    const damaged = records[0]!.slice(0, -1);
    const refused = { code: 'MODEL_INPUT' };
    expect(() => gallery.put([{ id: 1, templates: [records[1]!, damaged] }])).toThrow(
      expect.objectContaining(refused),
    );
    expect(gallery.size).toBe(0);
    gallery.put([{ id: 1, templates: [records[0]!] }]);
    await expect(gallery.search([damaged], 1)).rejects.toMatchObject(refused);
    await expect(gallery.search([records[0]!], 0)).rejects.toMatchObject(refused);
    const nothing = await models.extract({ ...SENSOR, ppi: 500, pixels: new Uint8Array(256 * 288) });
    gallery.put([
      { id: 2, templates: [nothing.template] },
      { id: 3, templates: [] },
    ]);
    expect(gallery.size).toBe(3);
    expect((await gallery.search([nothing.template], 5)).candidates).toEqual([]);
    expect((await gallery.search([], 5)).candidates).toEqual([]);
    expect((await gallery.search([records[0]!], 5)).candidates.map(({ id }) => id)).toEqual([1]);
  });
});
