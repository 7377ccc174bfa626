/** A broker that was away for long: thousands of packets wait and are then drained through mosquitto with mutual TLS. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { PacketStore } from '../../backend/store.ts';
import { makePki } from '../../sim/pki/make.ts';
import { tlsFiles } from '../../sim/pki/use.ts';
import { Mosquitto } from '../system/mosquitto.ts';
import { Mortal } from './process.ts';

export interface DrainResult {
  readonly packets: number;
  /** From the broker's return to the last packet's receipt, packets a second. */
  readonly packetsPerSecond: number;
  /** Most resident memory of the kiosk's process above that after its start, while queueing and while draining. */
  readonly memoryBytes: number;
  readonly lost: number;
  /** Farthest that a packet came before an older one, packets. */
  readonly overtaken: number;
}

const ADDRESS = { office: 'hanoi', kiosk: 'kiosk-1' };
const PACKET_BYTES = 100_000;
const DEADLINE_MS = 3_600_000;
const SAMPLE_MS = 100;

/** Queues so many packets without a broker, and then lets it return. @param folder an empty one */
export async function drain(
  folder: string,
  packets: number,
  progress: (text: string) => void = () => undefined,
): Promise<DrainResult> {
  const keys = join(folder, 'keys');
  await makePki(keys, ADDRESS);
  await using stack = new AsyncDisposableStack();
  const broker = stack.use(await Mosquitto.start(folder, tlsFiles(keys, 'server')));
  await broker.kill();
  const settings = {
    state: folder,
    keys,
    ...ADDRESS,
    url: broker.url,
    keepaliveSeconds: 30,
    packets,
    blobBytes: PACKET_BYTES,
  };
  const filled = await live(stack, ['fill', JSON.stringify(settings)], line => {
    if (line.startsWith('queued')) progress(`broker away: ${line} of ${packets}`);
  });

  await broker.run();
  const store = join(folder, 'backend.sqlite');
  let [taken, refused] = [0, 0];
  const backend = stack.use(
    new Mortal(
      script('./backend-child.ts'),
      [JSON.stringify({ keys, url: broker.url, store, resendAfterMs: 5_000 })],
      line => {
        if (line.startsWith('refused')) refused += 1;
        if (line.startsWith('accepted')) taken += 1;
        if (taken % 500 === 1) progress(`broker back: ${taken} of ${packets} drained`);
      },
    ),
  );
  backend.start();
  await setTimeout(2_000);
  const drained = await live(
    stack,
    ['drain', JSON.stringify(settings)],
    () => undefined,
    () => {
      backend.check();
      if (refused > 0) throw new Error('the backend refused a good packet');
    },
  );
  await backend.kill();
  using there = new PacketStore(store);
  const order = there.all().map(({ sequence }) => sequence);
  return {
    packets,
    packetsPerSecond: packets / (drained.tookMs / 1000),
    memoryBytes: Math.max(filled.memoryBytes, drained.memoryBytes),
    lost: packets - new Set(order).size,
    overtaken: overtaken(order),
  };
}

/** One life of the kiosk, to its end. */
async function live(
  stack: AsyncDisposableStack,
  args: readonly string[],
  onLine: (line: string) => void,
  check: () => void = () => undefined,
): Promise<{ tookMs: number; memoryBytes: number }> {
  let [startedMs, doneMs] = [0, 0];
  const kiosk = stack.use(
    new Mortal(script('./drain-child.ts'), args, line => {
      if (line === 'started') startedMs = performance.now();
      if (line === 'done') doneMs = performance.now();
      onLine(line);
    }),
  );
  kiosk.start();
  let [first, most] = [0, 0];
  for (const deadline = performance.now() + DEADLINE_MS; doneMs === 0; await setTimeout(SAMPLE_MS)) {
    kiosk.check();
    check();
    if (performance.now() > deadline) throw new Error('the outbox does not drain');
    if (startedMs === 0) continue;
    const now = residentBytes(kiosk.pid);
    first ||= now;
    most = Math.max(most, now);
  }
  await kiosk.kill();
  return { tookMs: doneMs - startedMs, memoryBytes: most - first };
}

/** VmRSS of a process (proc(5)); 0 when it has ended. */
function residentBytes(pid: number | undefined): number {
  try {
    const [, kibibytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** @param order sequence numbers as they came */
function overtaken(order: readonly number[]): number {
  let [highest, farthest] = [0, 0];
  for (const sequence of order) {
    highest = Math.max(highest, sequence);
    farthest = Math.max(farthest, highest - sequence);
  }
  return farthest;
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
