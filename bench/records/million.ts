/** A million faces on a kiosk, kept and searched as its agent does: start, lookups, searches, updates, memory, pauses. */
import { readFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Keeper } from '../../agent/records/keeper.ts';
import type { FaceGallery } from '../../models/index.ts';
import { durations, type Figure, measured, type Progress } from '../figures.ts';
import { PROFILES, type Profile } from './filled.ts';
import { claimOf, KeptRecords } from './kept.ts';
import { LENGTH, likeness } from './people.ts';
import { cpuMs, proportionalBytes, residentBytes } from './process.ts';
import { type Reader, startReader } from './reader.ts';
import { searchTimes } from './search-times.ts';

const MIB = 1024 * 1024;
/** After the last call until the gallery's process has given back what it does not need, in milliseconds. */
const REST_MS = 2_500;
/** Between two looks at whether something has come, in milliseconds. */
const LOOK_MS = 1;
/** Longest that is waited for anything, in milliseconds. */
const LIMIT_MS = 600_000;
/** Cosine of two embeddings of one picture, made by the same models: no stranger comes near. */
const SAME_PICTURE = 0.9;

interface Sizes {
  readonly records: number;
  /** Searches of each kind, and updates. */
  readonly rounds: number;
}

export async function millionFaces(progress: Progress, sizes: Sizes): Promise<readonly Figure[]> {
  await using all = new AsyncDisposableStack();
  progress(`sealing ${sizes.records} records`);
  const kept = all.use(await KeptRecords.make(sizes.records));
  const reader = all.use(await startReader(sizes.records * LENGTH));
  const pause = monitorEventLoopDelay({ resolution: 1 });
  const figures: Figure[] = [measured('records_file', kept.fileBytes / MIB, 'MiB', 1)];
  const readsMs: number[] = [];
  for (const profile of PROFILES)
    figures.push(...(await oneLife(profile, { kept, reader, pause, readsMs, progress }, sizes)));
  return [
    ...figures,
    ...durations('plain_read', readsMs),
    measured('main_process_pause.p99', pause.percentile(99) / 1e6, 'ms', 1),
  ];
}

interface Parts {
  readonly kept: KeptRecords;
  readonly reader: Reader;
  readonly pause: ReturnType<typeof monitorEventLoopDelay>;
  /** Plain reads of all profiles, milliseconds. */
  readonly readsMs: number[];
  readonly progress: Progress;
}

/** From the start of what keeps the records to its end, as an agent's. */
async function oneLife(
  profile: Profile,
  { kept, reader, pause, readsMs, progress }: Parts,
  { records, rounds }: Sizes,
): Promise<Figure[]> {
  progress(`${profile}: opening`);
  await using keeper = kept.keeper(profile);
  const some = (): number => Math.floor(Math.random() * records);
  pause.enable();
  const startedMs = performance.now();
  keeper.start();
  const record = some();
  await until(async () => (await keeper.find(claimOf(record)))?.state === 'found');
  const lookupMs = performance.now() - startedMs;
  const gallery = await until(() => keeper.gallery);
  const searchMs = performance.now() - startedMs;
  const { pid = 0 } = gallery.health;
  const figures = [
    measured(`${profile}_until_lookup`, lookupMs, 'ms', 1),
    measured(`${profile}_until_search`, searchMs, 'ms', 1),
    measured(`${profile}_filling_cpu`, cpuMs(pid), 'ms', 1),
  ];
  progress(`${profile}: searching`);
  const probe = async () => likeness((await keeper.at(1 + some()))?.face ?? new Int8Array());
  const times = await searchTimes(profile, gallery, { reader, rounds, probe });
  readsMs.push(...times.readsMs);
  figures.push(...times.figures);
  progress(`${profile}: updating`);
  figures.push(...durations(`${profile}_update_visible`, await updates(keeper, gallery, kept, rounds)));
  pause.disable();
  // Between visits: what searches needed has been given back.
  await sleep(REST_MS);
  const [bytes, rows] = [proportionalBytes(pid), records * LENGTH];
  return [
    ...figures,
    measured(`${profile}_memory`, bytes / MIB, 'MiB', 1),
    measured(`${profile}_memory_over_rows`, bytes / rows, 'ratio', 1),
    measured(`${profile}_resident_over_rows`, residentBytes(pid) / rows, 'ratio', 1),
  ];
}

/**
 * A record gets the portrait of now one, now another person. From the arrival of the change, signed and believed, to a search
 * that finds it by that portrait: templates, commit, gallery and the search itself lie between. Milliseconds.
 */
async function updates(
  keeper: Keeper,
  gallery: FaceGallery,
  kept: KeptRecords,
  rounds: number,
): Promise<number[]> {
  const people = await Promise.all(
    ['a', 'b'].map(async name => {
      const file = new URL(`../../sim/people/face/frames/${name}-neutral.jpg`, import.meta.url);
      const picture = await readFile(file);
      const { face } = await kept.models.face.analyse(picture);
      if (!face) throw new Error('no face in a portrait');
      return { picture, embedding: face.embedding };
    }),
  );
  const record = 0;
  const row = record + 1;
  const taken: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { picture, embedding } = people[round % people.length]!;
    const arrivedMs = await kept.change(record, picture, keeper);
    await until(async () => {
      const [first] = (await gallery.search([embedding], 1)).candidates[0] ?? [];
      return first?.id === row && first.score > SAME_PICTURE;
    });
    taken.push(performance.now() - arrivedMs);
  }
  return taken;
}

async function until<T>(look: () => Promise<T> | T): Promise<NonNullable<T>> {
  for (const limitMs = performance.now() + LIMIT_MS; performance.now() < limitMs; await sleep(LOOK_MS)) {
    const found = await look();
    if (found) return found;
  }
  throw new Error('waited in vain for the kept records');
}
