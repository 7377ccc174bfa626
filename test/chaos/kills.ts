/** Random kill -9 of agent, broker and backend during a stream of packets. */

import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { verifyChain } from '../../agent/audit/verify.ts';
import type { AuditEntry } from '../../agent/contract/audit.ts';
import { PacketStore } from '../../backend/store.ts';
import { createRng } from '../../sim/people/finger/rng.ts';
import { makePki } from '../../sim/pki/make.ts';
import { tlsFiles } from '../../sim/pki/use.ts';
import { Mosquitto } from '../system/mosquitto.ts';
import { openStore } from './kiosk.ts';
import { Mortal } from './process.ts';

export interface KillResult {
  readonly kills: Readonly<Record<Victim, number>>;
  /** Packets that the feeder was told were durable. */
  readonly accepted: number;
  /** Of these, not at the backend in the end. */
  readonly lost: number;
  /** Packets that the backend took twice. */
  readonly doubled: number;
  /** Packets whose containers the kiosk deleted while the backend had no such packet, so never said `verified`. */
  readonly deletedUnverified: number;
  /** Of the packets whose containers were deleted, those without an entry that says so; all, when the chain is broken. */
  readonly unaudited: number;
  /** Packets that came to the backend again and were known: what de-duplication is for. */
  readonly repeated: number;
}

type Victim = 'agent' | 'broker' | 'backend';
const VICTIMS: readonly Victim[] = ['agent', 'broker', 'backend'];

const ADDRESS = { office: 'hanoi', kiosk: 'kiosk-1' };
/** Share of the kills that wait until packets flow again; the others come whenever they come, also during a start. */
const INTO_THE_STREAM = 0.8;
/** Longest wait for packets to flow, and then until the kill, milliseconds. */
const FLOW_DEADLINE_MS = 60_000;
const LONGEST_LIFE_MS = 400;
const DRAIN_DEADLINE_MS = 120_000;
const KIOSK = {
  keepaliveSeconds: 5,
  pauseMs: 10,
  blobBytes: 60_000,
  reconnect: { firstMs: 50, maximumMs: 400 },
  delivery: { receiptTimeoutMs: 1_500, verifyTimeoutMs: 1_500, backOff: { firstMs: 100, maximumMs: 500 } },
};

/** Kills so many times and then lets everything come to rest. @param folder an empty one */
export async function kills(
  folder: string,
  count: number,
  seed: string,
  progress: (text: string) => void = () => undefined,
): Promise<KillResult> {
  const keys = join(folder, 'keys');
  await makePki(keys, ADDRESS);
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await Mosquitto.start(folder, tlsFiles(keys, 'server')));
  const store = join(folder, 'backend.sqlite');
  const told = new Set<string>();
  let drained = false;
  const agent = stack.use(
    new Mortal(
      script('./stream-child.ts'),
      [JSON.stringify({ ...KIOSK, ...ADDRESS, state: folder, keys, url: broker.url })],
      line => {
        const [word, id] = line.split(' ');
        if (word === 'accepted') told.add(id!);
        drained = word === 'drained';
      },
    ),
  );
  const taken = new Map<string, number>();
  let [repeated, refused] = [0, 0];
  const check = (): void => {
    agent.check();
    backend.check();
    if (refused > 0) throw new Error('the backend refused a good packet');
  };
  const backend = stack.use(
    new Mortal(script('./backend-child.ts'), [JSON.stringify({ keys, url: broker.url, store })], line => {
      const [word, id] = line.split(' ');
      if (word === 'accepted') taken.set(id!, (taken.get(id!) ?? 0) + 1);
      if (word === 'repeated') repeated += 1;
    }),
  );
  agent.start();
  backend.start();

  const victims: Record<Victim, { kill(): Promise<void>; start(): void | Promise<void> }> = {
    agent,
    backend,
    broker: { kill: () => broker.kill(), start: () => broker.run() },
  };
  const rng = createRng('kills', seed);
  const killed = { agent: 0, broker: 0, backend: 0 };
  for (let number = 0; number < count; number++) {
    if (number % 20 === 0) progress(`kills: ${number} of ${count}, ${told.size} packets`);
    if (rng.chance(INTO_THE_STREAM)) await flowing(() => taken.size);
    await setTimeout(rng.integer(LONGEST_LIFE_MS));
    check();
    const victim = rng.pick(VICTIMS);
    killed[victim] += 1;
    await victims[victim].kill();
    await victims[victim].start();
  }
  progress(`kills: coming to rest, ${told.size} packets`);
  agent.say('no more visitors');
  for (const deadline = Date.now() + DRAIN_DEADLINE_MS; !drained && Date.now() < deadline; ) {
    check();
    await setTimeout(50);
  }
  await agent.kill();
  await backend.kill();
  return { kills: killed, accepted: told.size, repeated, ...judge(folder, store, told, taken) };
}

/** Until the backend has taken another packet. */
async function flowing(taken: () => number): Promise<void> {
  const before = taken();
  for (const deadline = Date.now() + FLOW_DEADLINE_MS; taken() === before && Date.now() < deadline; )
    await setTimeout(10);
}

/** Reads what both ends have on their disks in the end. */
function judge(
  folder: string,
  store: string,
  told: ReadonlySet<string>,
  taken: ReadonlyMap<string, number>,
): Pick<KillResult, 'lost' | 'doubled' | 'deletedUnverified' | 'unaudited'> {
  using backend = new PacketStore(store);
  const there = backend.all();
  const hashes = new Map(there.map(packet => [packet.packetId, packet.manifestSha256]));
  const twice = [...taken.values()].filter(times => times > 1).length;
  const distinct = new Set(there.map(({ sequence }) => sequence)).size;
  using outbox = openStore(folder);
  const held = new Set([...outbox.held()].map(({ row }) => row.id));
  const gone = outbox.list(true).filter(({ id }) => !held.has(id));
  const entries = [...outbox.auditEntries()];
  const events = entries.map(({ text }) => (JSON.parse(text) as AuditEntry).event);
  const audited = new Set(events.map(event => event.event === 'container_deleted' && event.packetId));
  const unaudited = verifyChain(entries).intact ? gone.filter(({ id }) => !audited.has(id)) : gone;
  return {
    lost: [...told].filter(id => !hashes.has(id)).length,
    doubled: twice + there.length - distinct,
    deletedUnverified: gone.filter(({ id, manifestSha256 }) => hashes.get(id) !== manifestSha256).length,
    unaudited: unaudited.length,
  };
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
