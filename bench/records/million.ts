/** A million faces, in the processes that a kiosk has: time against a plain read, batches, memory, start, updates. */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { FaceGallery } from '../../models/index.ts';
import { durations, type Figure, measured, type Progress } from '../figures.ts';
import { filledGallery, PROFILES, type Profile } from './filled.ts';
import { LENGTH, likeness, madeUp } from './people.ts';
import { startReader, type Timed } from './reader.ts';

const BATCH = 10;
const FIRST_MADE_UP = 1;
const MIB = 1024 * 1024;
/** A second of the kernel's processor clock, in ticks (USER_HZ, proc(5)). */
const TICKS_A_SECOND = 100;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const pidOf = ({ health: { pid } }: FaceGallery): number => pid ?? 0;
const residentBytes = (gallery: FaceGallery): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pidOf(gallery)}/status`, 'utf8'))?.[1]) * 1024;
const cpuMs = (gallery: FaceGallery): number => {
  const fields =
    readFileSync(`/proc/${pidOf(gallery)}/stat`, 'utf8')
      .split(') ')[1]
      ?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND;
};

/** @param sizes records, and searches of each kind */
export async function millionFaces(
  progress: Progress,
  { records, rounds }: { records: number; rounds: number },
): Promise<readonly Figure[]> {
  await using both = new AsyncDisposableStack();
  const figures: Figure[] = [];
  const pause = monitorEventLoopDelay({ resolution: 1 });
  pause.enable();
  const galleries = new Map<Profile, FaceGallery>();
  const sought: Int8Array[] = [];
  for (const profile of PROFILES) {
    progress(`${profile}: filling with ${records}`);
    const [gallery, tookMs] = await filledGallery(profile, function* () {
      for (const lot of madeUp(FIRST_MADE_UP, records)) {
        sought.push(lot.bytes.slice(0, LENGTH));
        yield lot;
      }
    });
    both.use(gallery);
    galleries.set(profile, gallery);
    const bytes = residentBytes(gallery);
    figures.push(measured(`${profile}_until_search`, tookMs, 'ms', 1));
    figures.push(measured(`${profile}_memory`, bytes / MIB, 'MiB', 1));
    figures.push(measured(`${profile}_memory_over_rows`, bytes / (records * LENGTH), 'ratio', 1));
  }
  progress('searching');
  figures.push(...(await times(galleries, records, rounds, sought)));
  progress('updating');
  for (const [profile, gallery] of galleries) {
    const took: number[] = [];
    for (let at = 0; at < rounds; at++) took.push(await untilSeen(gallery, FIRST_MADE_UP + at));
    figures.push(...durations(`${profile}_update_visible`, took));
  }
  pause.disable();
  figures.push(measured('main_process_pause.p99', pause.percentile(99) / 1e6, 'ms', 1));
  return figures;
}

/** Each round reads, then searches with one probe and with ten in every profile, so that all have the same weather. */
async function times(
  galleries: ReadonlyMap<Profile, FaceGallery>,
  records: number,
  rounds: number,
  sought: readonly Int8Array[],
): Promise<Figure[]> {
  await using reader = await startReader(records * LENGTH);
  const taken = new Map<string, Timed[]>();
  const note = (id: string, timed: Timed): void => {
    taken.set(id, [...(taken.get(id) ?? []), timed]);
  };
  const probe = (): Float32Array => likeness(sought[Math.floor(Math.random() * sought.length)]!);
  for (let round = -2; round < rounds; round++) {
    const read = await reader.read();
    if (round >= 0) note('read', read);
    for (const [profile, gallery] of galleries) {
      for (const count of [1, BATCH]) {
        const probes = Array.from({ length: count }, probe);
        const [startedMs, startedCpuMs] = [performance.now(), cpuMs(gallery)];
        await gallery.search(probes, 10);
        const timed = { wallMs: performance.now() - startedMs, cpuMs: cpuMs(gallery) - startedCpuMs };
        if (round >= 0) note(`${profile}.${count}`, timed);
      }
    }
  }
  const wall = (id: string): number[] => (taken.get(id) ?? []).map(({ wallMs }) => wallMs);
  // Ticks are coarse, so processor time is taken over all rounds.
  const cpu = (id: string): number =>
    (taken.get(id) ?? []).reduce((sum, timed) => sum + timed.cpuMs, 0) / rounds;
  const ratio = (id: string, value: number): Figure => measured(id, value, 'ratio', rounds);
  // Of something so short that it took no tick there is nothing to say.
  const cpuRatio = (id: string, part: number, whole: number): Figure[] =>
    whole > 0 ? [ratio(id, part / whole)] : [];
  return [
    ...durations('plain_read', wall('read')),
    ...[...galleries.keys()].flatMap(profile => {
      const [one, ten] = [`${profile}.1`, `${profile}.${BATCH}`];
      return [
        ...durations(`${profile}_search`, wall(one)),
        ratio(`${profile}_over_read`, median(wall(one)) / median(wall('read'))),
        ...cpuRatio(`${profile}_over_read.cpu`, cpu(one), cpu('read')),
        ratio(`${profile}_probe_of_ten_over_one`, median(wall(ten)) / BATCH / median(wall(one))),
        ...cpuRatio(`${profile}_probe_of_ten_over_one.cpu`, cpu(ten) / BATCH, cpu(one)),
      ];
    }),
  ];
}

/** From a new row for a record to a search that finds it first. */
async function untilSeen(gallery: FaceGallery, id: number): Promise<number> {
  const [rows] = [...madeUp(id, 1)];
  const probe = likeness(rows!.bytes);
  const startedMs = performance.now();
  await gallery.put(rows!);
  const { candidates } = await gallery.search([probe], 1);
  if (candidates[0]?.[0]?.id !== id) throw new Error('an update was not found');
  return performance.now() - startedMs;
}
