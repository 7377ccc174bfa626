/** Power cuts: an outbox's work is recorded once, and then cut off at random points in random ways. */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { EMPTY_HEAD } from '../../agent/audit/chain.ts';
import { verifyChain } from '../../agent/audit/verify.ts';
import type { AuditHead } from '../../agent/contract/audit.ts';
import { createRng, type Rng } from '../../sim/people/finger/rng.ts';
import { afterAll, afterCut } from './crash-states.ts';
import { buildDisk, type DiskChange, readChanges, watchedEnvironment } from './disk.ts';
import { newId, openStore } from './kiosk.ts';

/** A line that the recorded program writes into its `marks`. */
export type Mark =
  /** A number was given out: it must never be given out again. */
  | readonly ['boot' | 'sequence', number]
  /** A packet was promised to be durable; with the SHA-256 of its container, hex. */
  | readonly ['accepted', string, string]
  /** From here on a packet may be given up, and from `settled` on it must be known as delivered. */
  | readonly ['receipted' | 'settled', string]
  /** The audit chain has this many entries, and the last has this hash. */
  | readonly ['audited', number, string];

/** What was promised up to a cut. */
interface Promised {
  readonly containers: Map<string, string>;
  readonly receipted: Set<string>;
  readonly settled: Set<string>;
  boot: number;
  sequence: number;
  audited: AuditHead;
}

export interface PowerCutResult {
  readonly cuts: number;
  /** Changes and syncs on the record. */
  readonly changes: number;
  readonly syncs: number;
  /** Promises at the cuts together: packets that had to be there. */
  readonly promised: number;
  readonly lost: number;
  readonly corrupt: number;
  /** Numbers given out a second time, deliveries forgotten, and outboxes that take nothing any more. */
  readonly broken: number;
  /** What went wrong, in words; the first few. */
  readonly complaints: readonly string[];
}

/** Cuts that are made from one record; then another is made. */
const CUTS_A_RECORD = 500;
const LIVES = 4;
const PACKETS_A_LIFE = 10;
/** What an outbox does not read after a power cut: shared memory, which it makes again, and what this program noted. */
const PASSING = /-shm$|^marks$/;
const RESERVE = /\.reserve$/;

/**
 * Cuts off recorded work `cuts` times.
 * @param folder an empty one, for records and crashed disks
 * @param drive `lying` forgets what it was told to sync: on it losses must be seen, or the trial could see none
 */
export async function powerCuts(
  folder: string,
  cuts: number,
  seed: string,
  progress: (text: string) => void = () => undefined,
  drive: 'honest' | 'lying' = 'honest',
): Promise<PowerCutResult> {
  const library = join(folder, 'disk.so');
  buildDisk(library);
  const sums = { changes: 0, syncs: 0, promised: 0, lost: 0, corrupt: 0, broken: 0 };
  const complaints: string[] = [];
  for (let done = 0; done < cuts; done += CUTS_A_RECORD) {
    progress(`power cuts: ${done} of ${cuts}`);
    const record = join(folder, String(done));
    mkdirSync(record);
    const recorded = recordLives(record, library, `${seed}-${done}`);
    const changes = drive === 'honest' ? recorded : recorded.filter(lied);
    sums.changes += changes.length;
    sums.syncs += changes.filter(({ kind }) => kind === 'sync').length;
    const rng = createRng('cuts', seed, done);
    for (let number = done; number < Math.min(cuts, done + CUTS_A_RECORD); number++) {
      const found = cutOnce(record, changes, 1 + rng.integer(changes.length), rng);
      sums.promised += found.promised;
      sums.lost += found.lost;
      sums.corrupt += found.corrupt;
      sums.broken += found.broken;
      complaints.push(...found.complaints.map(text => `cut ${number}: ${text}`));
    }
    rmSync(record, { recursive: true });
  }
  return { cuts, ...sums, complaints: complaints.slice(0, 20) };
}

/** What is left of a record where only folders are synced: files have their names, and whatever came to the disk by itself. */
const lied = ({ kind, ...change }: DiskChange): boolean => kind !== 'sync' || change.path === '.';

/** @param folder holds the recorded disk, and then the crashed one */
function cutOnce(
  folder: string,
  changes: readonly DiskChange[],
  cut: number,
  rng: Rng,
): Found & { promised: number } {
  const promised = promisedBefore(changes, cut);
  const crashed = join(folder, 'crashed');
  const reserve = join(folder, 'disk', 'outbox.sqlite.reserve');
  rmSync(crashed, { recursive: true, force: true });
  mkdirSync(crashed, { mode: 0o700 });
  for (const [path, bytes] of afterCut(changes, cut, rng)) {
    if (PASSING.test(path)) continue;
    // Megabytes of noise that need not be written out again each time.
    if (RESERVE.test(path) && bytes.length === statSync(reserve).size) linkSync(reserve, join(crashed, path));
    else writeFileSync(join(crashed, path), bytes);
  }
  return { ...inspect(crashed, promised), promised: promised.containers.size };
}

/** Several lives of one outbox. @throws when a life fails, or when the record does not tell all that happened. */
function recordLives(folder: string, library: string, seed: string): DiskChange[] {
  const disk = join(folder, 'disk');
  const log = join(folder, 'changes');
  mkdirSync(disk, { mode: 0o700 });
  const child = fileURLToPath(new URL('power-cut-child.ts', import.meta.url));
  for (let life = 0; life < LIVES; life++) {
    const args = [child, disk, String(PACKETS_A_LIFE), `${seed}-${life}`];
    const env = watchedEnvironment(library, { folder: disk, log });
    const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`a life on the watched disk failed: ${stderr}`);
  }
  const changes = readChanges(log, disk);
  for (const [path, bytes] of afterAll(changes)) {
    if (!PASSING.test(path) && !readFileSync(join(disk, path)).equals(bytes))
      throw new Error(`the record does not tell all that happened to ${path}`);
  }
  return changes;
}

function promisedBefore(changes: readonly DiskChange[], cut: number): Promised {
  const promised: Promised = {
    containers: new Map(),
    receipted: new Set(),
    settled: new Set(),
    boot: 0,
    sequence: 0,
    audited: EMPTY_HEAD,
  };
  for (const change of changes.slice(0, cut)) {
    if (change.kind !== 'write' || change.path !== 'marks') continue;
    const [kind, ...words] = Buffer.from(change.bytes).toString().trim().split(' ') as unknown as Mark;
    if (kind === 'boot' || kind === 'sequence') promised[kind] = Number(words[0]);
    else if (kind === 'audited') promised.audited = { entries: Number(words[0]), sha256: String(words[1]) };
    else if (kind === 'accepted') promised.containers.set(String(words[0]), String(words[1]));
    else promised[kind].add(String(words[0]));
  }
  return promised;
}

interface Found {
  lost: number;
  corrupt: number;
  broken: number;
  readonly complaints: string[];
}

/** Starts an agent's outbox on the crashed disk and holds it to what was promised. */
function inspect(folder: string, promised: Promised): Found {
  const found: Found = { lost: 0, corrupt: 0, broken: 0, complaints: [] };
  const complain = (what: 'lost' | 'corrupt' | 'broken', text: string): void => {
    found[what] += 1;
    found.complaints.push(`${what}: ${text}`);
  };
  try {
    useAgain(folder, promised, complain);
    const database = new DatabaseSync(join(folder, 'outbox.sqlite'), { readOnly: true });
    const [verdict] = Object.values(database.prepare('PRAGMA integrity_check').get() ?? {});
    database.close();
    if (verdict !== 'ok') complain('corrupt', String(verdict));
  } catch (error) {
    complain('corrupt', error instanceof Error ? error.message : String(error));
    found.lost = promised.containers.size;
  }
  return found;
}

function useAgain(
  folder: string,
  promised: Promised,
  complain: (what: 'lost' | 'corrupt' | 'broken', text: string) => void,
): void {
  using outbox = openStore(folder);
  const held = new Map<string, Uint8Array>();
  for (const { row, container } of outbox.held()) held.set(row.id, container);
  for (const [id, sha256] of promised.containers) {
    const container = held.get(id);
    if (outbox.call('find', { id }) === null) complain('lost', 'a packet');
    else if (container !== undefined && sha256 !== createHash('sha256').update(container).digest('hex'))
      complain('corrupt', 'a container');
    else if (container === undefined && !promised.receipted.has(id)) complain('lost', 'a container');
    else if (container !== undefined && promised.settled.has(id)) complain('broken', 'a delivery forgotten');
  }
  const chain = verifyChain(outbox.auditEntries(), [promised.audited]);
  if (!chain.intact) complain('broken', `the audit chain, ${chain.reason} at ${chain.index}`);
  if (outbox.call('count', { name: 'boot' }) <= promised.boot) complain('broken', 'a boot number twice');
  const sequence = outbox.call('count', { name: 'sequence' });
  if (sequence <= promised.sequence) complain('broken', 'a sequence number twice');
  const packet = { id: newId(), sequence, container: new Uint8Array(5_000), manifestSha256: '0'.repeat(64) };
  outbox.call('accept', { packet, nowMs: Date.now() });
}
