/** A million faces, in the processes that a kiosk has: time against a plain read, batches, memory, start, updates. */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaceGallery } from '../../models/index.ts';
import { durations, type Figure, measured, type Progress } from '../figures.ts';
import { filledGallery, PROFILES, type Profile } from './filled.ts';
import { LENGTH, likeness, madeUp } from './people.ts';
import { startReader, type Timed } from './reader.ts';
import { sealedRecords } from './sealed.ts';

const BATCH = 10;
const MIB = 1024 * 1024;
/** A second of the kernel's processor clock, in ticks (USER_HZ, proc(5)). */
const TICKS_A_SECOND = 100;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const about = ({ health: { pid = 0 } }: FaceGallery, file: string): string =>
  readFileSync(`/proc/${pid}/${file}`, 'utf8');
/** Bytes: what the process has to itself, and its share of what it has in common with others, such as Node's program. */
const proportionalBytes = (gallery: FaceGallery): number =>
  Number(/^Pss:\s+(\d+)/m.exec(about(gallery, 'smaps_rollup'))?.[1]) * 1024;
const residentBytes = (gallery: FaceGallery): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(about(gallery, 'status'))?.[1]) * 1024;
const cpuMs = (gallery: FaceGallery): number => {
  const fields = about(gallery, 'stat').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_A_SECOND;
};

/** After the last call until the galleries' processes have given back what they do not need, in milliseconds. */
const REST_MS = 2_500;

/** @param sizes records, and searches of each kind */
export async function millionFaces(
  progress: Progress,
  { records, rounds }: { records: number; rounds: number },
): Promise<readonly Figure[]> {
  await using all = new AsyncDisposableStack();
  const figures: Figure[] = [];
  progress(`sealing ${records} records`);
  const sealed = all.use(await sealedRecords(records));
  const pause = monitorEventLoopDelay({ resolution: 1 });
  pause.enable();
  const galleries = new Map<Profile, FaceGallery>();
  const sought: Int8Array[] = [];
  for (const profile of PROFILES) {
    progress(`${profile}: unsealing and filling`);
    const startedMs = performance.now();
    const [gallery] = await filledGallery(profile, async function* (signal) {
      for await (const lot of sealed.fill(signal)) {
        sought.push(lot.bytes.slice(0, LENGTH));
        yield lot;
      }
    });
    figures.push(measured(`${profile}_until_search`, performance.now() - startedMs, 'ms', 1));
    galleries.set(profile, all.use(gallery));
  }
  progress('searching');
  figures.push(...(await times(galleries, records, rounds, sought)));
  progress('updating');
  for (const [profile, gallery] of galleries) {
    const took: number[] = [];
    for (let at = 0; at < rounds; at++) took.push(await untilSeen(gallery, at));
    figures.push(...durations(`${profile}_update_visible`, took));
  }
  pause.disable();
  figures.push(measured('main_process_pause.p99', pause.percentile(99) / 1e6, 'ms', 1));
  // Between visits: what searches needed has been given back.
  await sleep(REST_MS);
  for (const [profile, gallery] of galleries) {
    const bytes = proportionalBytes(gallery);
    figures.push(measured(`${profile}_memory`, bytes / MIB, 'MiB', 1));
    figures.push(measured(`${profile}_memory_over_rows`, bytes / (records * LENGTH), 'ratio', 1));
    const resident = residentBytes(gallery) / (records * LENGTH);
    figures.push(measured(`${profile}_resident_over_rows`, resident, 'ratio', 1));
  }
  return figures;
}

/**
 * Each round reads, then searches with one probe and with ten in every profile. A ratio is the median of those of the rounds:
 * what else this machine does meets both sides of most of them alike.
 */
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
    for (const [profile, gallery] of galleries) {
      const read = await reader.read();
      if (round >= 0) note(`${profile}.read`, read);
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
  const paired = (part: string, whole: string): number => {
    const wholes = wall(whole);
    return median(wall(part).map((ms, at) => ms / wholes[at]!));
  };
  // Ticks are coarse, so processor time is taken over all rounds.
  const cpu = (id: string): number =>
    (taken.get(id) ?? []).reduce((sum, timed) => sum + timed.cpuMs, 0) / rounds;
  const ratio = (id: string, value: number): Figure => measured(id, value, 'ratio', rounds);
  // Of something so short that it took no tick there is nothing to say.
  const cpuRatio = (id: string, part: number, whole: number): Figure[] =>
    whole > 0 ? [ratio(id, part / whole)] : [];
  return [
    ...durations(
      'plain_read',
      [...galleries.keys()].flatMap(profile => wall(`${profile}.read`)),
    ),
    ...[...galleries.keys()].flatMap(profile => {
      const [read, one, ten] = [`${profile}.read`, `${profile}.1`, `${profile}.${BATCH}`];
      return [
        ...durations(`${profile}_search`, wall(one)),
        ratio(`${profile}_over_read`, paired(one, read)),
        ...cpuRatio(`${profile}_over_read.cpu`, cpu(one), cpu(read)),
        ratio(`${profile}_probe_of_ten_over_one`, paired(ten, one) / BATCH),
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
