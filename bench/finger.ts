/** What fingers cost the model process, one thread: extraction, comparison, searches; and whom a search finds. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type FingerModels, loadFingerModels } from '../models/finger/index.ts';
import { minutiaeRecordOf } from '../models/finger/minutiae-record.ts';
import { decodeTemplate, encodeTemplate, type FingerTemplate } from '../models/finger/template.ts';
import { type LocalFingerGallery, openLocalFingerGallery } from '../models/gallery/finger-gallery.ts';
import {
  type GrayImage,
  type Master,
  makeGrowthKernels,
  makeImpression,
  makeMaster,
} from '../sim/people/finger/index.ts';
import { createRng } from '../sim/people/finger/rng.ts';
import type { Bench, Figure, Progress } from './figures.ts';
import { durations } from './figures.ts';

/** Synthetic fingers that are searched for, and others whose minutiae the rest of the gallery is made of. */
const SOUGHT = 24;
const OTHERS = 24;
const FIRST_SEED = 7000;
const GALLERY = 10_000;
/** An office's records with every finger, as a kiosk keeps them, and the prints that it searches with. */
const RECORDS = 1_000;
const FINGERS = 10;
const PROBES = 4;
const SEARCHES = 10;
const EXTRACTIONS = 30;
const COMPARISONS = 200;
const BATCH = 50;
/** What the goals are stated for: pixels at 500 ppi. */
const EXTRACT_FRAME = { width: 384, height: 400 } as const;
const RECORD = { width: 352, height: 416, moisture: 'normal', difficulty: 0.1 } as const;
const LIVE = { width: 256, height: 288, greyLevels: 16 } as const;

const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** Wall and processor time of each run, milliseconds: the latter hardly counts what else the machine does. */
async function timesOf(
  runs: number,
  work: (run: number) => Promise<unknown>,
): Promise<{ wall: number[]; cpu: number[] }> {
  const [wall, cpu]: [number[], number[]] = [[], []];
  for (let run = -2; run < runs; run++) {
    const usage = process.cpuUsage();
    const startedAtMs = performance.now();
    await work((run + runs) % runs);
    const tookMs = performance.now() - startedAtMs;
    const { user, system } = process.cpuUsage(usage);
    if (run < 0) continue;
    wall.push(tookMs);
    cpu.push((user + system) / 1000);
  }
  return { wall, cpu };
}

const figuresOf = (id: string, { wall, cpu }: { wall: number[]; cpu: number[] }): Figure[] => [
  ...durations(id, wall),
  ...durations(`${id}.cpu`, cpu).slice(0, 1),
];

/** Measures in this process, alone. All prints are synthetic; the graphs are the product's own. */
export async function benchFinger(progress: Progress): Promise<readonly Figure[]> {
  const models = await loadFingerModels();
  progress('making fingers');
  const kernels = makeGrowthKernels();
  const masters = Array.from({ length: SOUGHT + OTHERS }, (_, index) =>
    makeMaster(FIRST_SEED + index, undefined, kernels),
  );
  const sought = masters.slice(0, SOUGHT);
  const others = masters.slice(SOUGHT);
  const figures: Figure[] = [];

  progress('extracting');
  figures.push(...(await extraction(models, sought)));
  const templateOf = async (image: GrayImage): Promise<Uint8Array> => (await models.extract(image)).template;
  const templatesOf = async (some: readonly Master[], options: typeof RECORD | typeof LIVE, seed: number) => {
    const templates: Uint8Array[] = [];
    for (const master of some)
      templates.push(await templateOf(makeImpression(master, { ...options, seed }).image));
    return templates;
  };
  const records = await templatesOf(sought, RECORD, 1);
  const probes = await templatesOf(sought, LIVE, 2);
  const strangers = await templatesOf(others, RECORD, 1);

  progress('comparing');
  figures.push(...(await comparison(models, probes, records)));

  progress(`searching among ${RECORDS} records of ${FINGERS} fingers`);
  figures.push(...(await tenFingers(records, strangers, probes)));

  progress(`searching among ${GALLERY}`);
  const gallery = await openLocalFingerGallery();
  const prints = [...records, ...madeUp(strangers, GALLERY - records.length)];
  gallery.put(prints.map((template, id) => ({ id, templates: [template] })));
  figures.push(...(await searching(gallery, probes)));
  return figures;
}

async function extraction(models: FingerModels, masters: readonly Master[]): Promise<Figure[]> {
  const images = masters.map(
    (master, seed) => makeImpression(master, { ...EXTRACT_FRAME, seed: seed + 10 }).image,
  );
  const times = await timesOf(EXTRACTIONS, run => models.extract(images[run % images.length]!));
  return figuresOf('finger_extract_384x400', times);
}

async function comparison(
  models: FingerModels,
  probes: readonly Uint8Array[],
  records: readonly Uint8Array[],
): Promise<Figure[]> {
  const single = await timesOf(COMPARISONS, run =>
    models.match(probes[run % probes.length]!, [records[(run * 7) % records.length]!]),
  );
  const references = Array.from({ length: BATCH }, (_, index) => records[index % records.length]!);
  const batches = await timesOf(EXTRACTIONS, run => models.match(probes[run % probes.length]!, references));
  const each = (times: readonly number[]) => times.map(time => time / BATCH);
  const bare = records.map(
    template => minutiaeRecordOf([{ template, details: { capturedAt: null, position: 0 } }]) ?? template,
  );
  const minutiae = await timesOf(COMPARISONS, run =>
    models.matchMinutiae(probes[run % probes.length]!, [bare[(run * 7) % bare.length]!]),
  );
  return [
    ...figuresOf('finger_match_minutiae_single', minutiae),
    ...figuresOf('finger_match_single', single),
    ...figuresOf('finger_match_in_batches_of_50', { wall: each(batches.wall), cpu: each(batches.cpu) }),
  ];
}

/** The right record of a probe has its number. */
async function searching(gallery: LocalFingerGallery, probes: readonly Uint8Array[]): Promise<Figure[]> {
  const whole = await timesOf(EXTRACTIONS, run => gallery.search([probes[run % probes.length]!], 1));
  let first = 0;
  for (const [index, template] of probes.entries())
    if ((await gallery.search([template], 1)).candidates[0]?.id === index) first++;
  return [
    ...figuresOf('finger_search_10000', whole),
    {
      id: 'finger_search_10000.rank1',
      value: rounded((100 * first) / probes.length),
      unit: 'percent',
      runs: probes.length,
    },
  ];
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Of this process, garbage left out. */
function heldBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Memory is what the gallery holds once a search has run. */
async function tenFingers(
  known: readonly Uint8Array[],
  strangers: readonly Uint8Array[],
  probes: readonly Uint8Array[],
): Promise<Figure[]> {
  const gallery = await openLocalFingerGallery();
  const people = Math.floor(known.length / PROBES);
  const sets = Array.from({ length: people }, (_, id) => known.slice(id * PROBES, (id + 1) * PROBES));
  await gallery.search(probes.slice(0, PROBES), 1);
  const before = heldBytes();
  for (let id = 0; id < RECORDS; id++) {
    const own = sets[id] ?? [];
    gallery.put([{ id, templates: [...own, ...madeUp(strangers, FINGERS - own.length, id)] }]);
  }
  const ofPerson = (id: number) => probes.slice(id * PROBES, (id + 1) * PROBES);
  let first = 0;
  for (let id = 0; id < people; id++)
    if ((await gallery.search(ofPerson(id), 1)).candidates[0]?.id === id) first++;
  const grown = heldBytes() - before;
  const times = await timesOf(SEARCHES, run => gallery.search(ofPerson(run % people), 20));
  const id = 'finger_gallery_ten_fingers';
  return [
    { id: `${id}.memory_a_record`, value: Math.round(grown / RECORDS), unit: 'bytes', runs: 1 },
    ...figuresOf(`${id}.search_1000_by_four`, times),
    { id: `${id}.rank1`, value: rounded((100 * first) / people), unit: 'percent', runs: people },
  ];
}

/** Prints that nobody has: each minutia, with its descriptor, is one of another finger's, laid at random. */
function madeUp(strangers: readonly Uint8Array[], count: number, seed = 0): Uint8Array[] {
  const rng = createRng('made-up prints', FIRST_SEED + seed);
  const pool = strangers.map(template => decodeTemplate(template)).filter(one => one.minutiae.length > 0);
  const rows = pool.flatMap(one =>
    one.minutiae.map((minutia, index) => ({
      minutia,
      descriptor: one.descriptors.subarray(index * 64, index * 64 + 64),
    })),
  );
  return Array.from({ length: count }, () => {
    const frame = pool[rng.integer(pool.length)]!;
    const picked = frame.minutiae.map(() => rows[rng.integer(rows.length)]!);
    const descriptors = new Int8Array(picked.length * 64);
    picked.forEach(({ descriptor }, index) => {
      descriptors.set(descriptor, index * 64);
    });
    const template: FingerTemplate = {
      ...frame,
      minutiae: picked.map(({ minutia }) => ({
        ...minutia,
        x: rng.between(0, frame.width),
        y: rng.between(0, frame.height),
      })),
      descriptors,
    };
    return encodeTemplate(template);
  });
}

export const fingerBench: Bench = {
  name: 'finger',
  summary: 'extraction, comparison and search of fingerprints, one thread, synthetic prints',
  run: benchFinger,
};
