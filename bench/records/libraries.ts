/** The same search by libraries from npm, among as many records, in one process and in turns. */
import { DatabaseSync } from 'node:sqlite';
import * as sqliteVec from 'sqlite-vec';
import { exactSearch, type Matches, MetricKind } from 'usearch';
import { openLocalGallery } from '../../models/gallery/gallery.ts';
import { durations, type Figure, measured, type Progress } from '../figures.ts';
import { PROFILES } from './filled.ts';
import { LENGTH, likeness, madeUp } from './people.ts';

type Search = (probe: Float32Array) => Promise<number | undefined>;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/**
 * Exact searches of others only: an index that may miss is another thing; how often ours finds the right one stands beside.
 * One thread each. hnswlib-node brings no built binary, so it cannot be among them.
 */
export async function otherLibraries(
  progress: Progress,
  { records, rounds }: { records: number; rounds: number },
): Promise<readonly Figure[]> {
  progress(`other libraries, among ${records}`);
  const lots = [...madeUp(1, records)];
  const bytes = new Int8Array(records * LENGTH);
  for (const lot of lots) bytes.set(lot.bytes, (lot.ids[0]! - 1) * LENGTH);
  const rowOf = (id: number): Int8Array => bytes.subarray((id - 1) * LENGTH, id * LENGTH);
  const contenders = new Map<string, Search>();
  await using open = new AsyncDisposableStack();

  const ours = PROFILES.map(profile => `ours_${profile}`);
  for (const [at, profile] of PROFILES.entries()) {
    const gallery = open.use(await openLocalGallery({ length: LENGTH, profile, threads: 1 }));
    await gallery.put({ ids: Uint32Array.from({ length: records }, (_, row) => row + 1), bytes });
    contenders.set(ours[at]!, async probe => (await gallery.search([probe], 10)).candidates[0]?.[0]?.id);
  }

  const database = new DatabaseSync(':memory:', { allowExtension: true });
  open.defer(() => database.close());
  sqliteVec.load(database);
  database.exec(`CREATE VIRTUAL TABLE face USING vec0(row int8[${LENGTH}] distance_metric=cosine)`);
  const insert = database.prepare('INSERT INTO face(rowid, row) VALUES (?, vec_int8(?))');
  database.exec('BEGIN');
  for (let id = 1; id <= records; id++) insert.run(BigInt(id), rowOf(id));
  database.exec('COMMIT');
  const select = database.prepare(
    'SELECT rowid FROM face WHERE row MATCH vec_int8(?) ORDER BY distance LIMIT 10',
  );
  contenders.set('sqlite-vec_int8', async probe => Number(select.get(levels(probe))?.rowid));

  const floats = Float32Array.from(bytes);
  const first = (matches: { readonly keys: BigUint64Array }) => Number(matches.keys[0]) + 1;
  contenders.set('usearch_f32', async probe =>
    first(exactSearch(floats, probe, LENGTH, 10, MetricKind.Cos, 1) as Matches),
  );
  contenders.set('usearch_int8', async probe =>
    first(exactSearch(bytes, levels(probe), LENGTH, 10, MetricKind.Cos, 1) as Matches),
  );

  const figures: Figure[] = [];
  const taken = new Map<string, number[]>([...contenders.keys()].map(name => [name, []]));
  const found = new Map<string, number>([...contenders.keys()].map(name => [name, 0]));
  for (let round = -2; round < rounds; round++) {
    const id = 1 + Math.floor(Math.random() * records);
    const probe = likeness(rowOf(id));
    for (const [name, search] of contenders) {
      const startedMs = performance.now();
      const first = await search(probe);
      if (round < 0) continue;
      taken.get(name)!.push(performance.now() - startedMs);
      if (first === id) found.set(name, found.get(name)! + 1);
    }
  }
  for (const [name, times] of taken) {
    figures.push(...durations(`${records}_${name}`, times));
    figures.push(measured(`${records}_${name}.rank1`, (100 * found.get(name)!) / rounds, 'percent', rounds));
    if (ours.includes(name)) continue;
    for (const own of ours) {
      const ratios = times.map((ms, round) => ms / taken.get(own)![round]!);
      figures.push(measured(`${name}_over_${own}`, median(ratios), 'ratio', rounds));
    }
  }
  return figures;
}

/** A probe as bytes, its largest value 127. */
function levels(probe: Float32Array): Int8Array {
  const largest = probe.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Int8Array.from(probe, value => Math.round((value / largest) * 127));
}
