/** How long searches take: over a plain read of the same bytes, and a probe of a batch over one alone. */
import type { FaceGallery } from '../../models/index.ts';
import { durations, type Figure, measured } from '../figures.ts';
import { cpuMs } from './process.ts';
import type { Reader, Timed } from './reader.ts';

const BATCH = 10;
const WARM_UP = 2;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

interface Round {
  readonly read: Timed;
  readonly one: Timed;
  readonly ten: Timed;
}

/**
 * Each round reads, then searches with one probe and with ten. A ratio is the median of those of the rounds: what else this
 * machine does meets both sides of most of them alike.
 */
export async function searchTimes(
  id: string,
  gallery: FaceGallery,
  { reader, rounds, probe }: { reader: Reader; rounds: number; probe: () => Promise<Float32Array> },
): Promise<{ readonly figures: readonly Figure[]; readonly readsMs: readonly number[] }> {
  const { pid = 0 } = gallery.health;
  const search = async (count: number): Promise<Timed> => {
    const probes = await Promise.all(Array.from({ length: count }, probe));
    const [startedMs, startedCpuMs] = [performance.now(), cpuMs(pid)];
    await gallery.search(probes, 10);
    return { wallMs: performance.now() - startedMs, cpuMs: cpuMs(pid) - startedCpuMs };
  };
  const all: Round[] = [];
  for (let round = -WARM_UP; round < rounds; round++) {
    const taken = { read: await reader.read(), one: await search(1), ten: await search(BATCH) };
    if (round >= 0) all.push(taken);
  }
  const wall = (what: keyof Round): number[] => all.map(round => round[what].wallMs);
  const paired = (part: keyof Round, whole: keyof Round): number =>
    median(all.map(round => round[part].wallMs / round[whole].wallMs));
  const cpu = (what: keyof Round): number => all.reduce((sum, round) => sum + round[what].cpuMs, 0) / rounds;
  const ratio = (name: string, value: number): Figure => measured(`${id}_${name}`, value, 'ratio', rounds);
  const figures = [
    ...durations(`${id}_search`, wall('one')),
    ratio('over_read', paired('one', 'read')),
    ratio('over_read.cpu', cpu('one') / cpu('read')),
    ratio('probe_of_ten_over_one', paired('ten', 'one') / BATCH),
    ratio('probe_of_ten_over_one.cpu', cpu('ten') / BATCH / cpu('one')),
    measured(`${id}_search_cpu`, cpu('one'), 'ms', rounds),
    measured(`${id}_probe_of_ten_cpu`, cpu('ten') / BATCH, 'ms', rounds),
  ];
  return { figures, readsMs: wall('read') };
}
