/** Network faults between kiosks and a broker with mutual TLS: how soon a packet gets through again, and whether all do. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startBackend } from '../../sim/backend/backend.ts';
import { createRng, type Rng } from '../../sim/people/finger/rng.ts';
import { makePki } from '../../sim/pki/make.ts';
import { serviceKeys, tlsFiles } from '../../sim/pki/use.ts';
import { Mosquitto } from '../system/mosquitto.ts';
import { DeliveringKiosk } from './kiosk.ts';
import { ChaosProxy, type LineFault } from './proxy.ts';

export interface NetworkResult {
  readonly faults: Readonly<Record<LineFault['kind'], number>>;
  /** Faults after which no packet got through within 1.5 keep-alives. */
  readonly late: number;
  /** Longest time from a fault of a kind to the next packet that the backend verified, in keep-alives. */
  readonly slowest: Readonly<Record<LineFault['kind'], number>>;
  readonly packets: number;
  readonly lost: number;
}

const OFFICE = 'hanoi';
/** The least that a configuration allows, seconds. */
const KEEPALIVE_SECONDS = 5;
const KEEPALIVE_MS = KEEPALIVE_SECONDS * 1000;
const ALLOWED_KEEPALIVES = 1.5;
/** Kiosks that are disturbed at the same time, each on a line of its own. */
const KIOSKS = 5;
const BLOB = new Uint8Array(60_000);
const KINDS: readonly LineFault['kind'][] = ['delay', 'reset', 'half-open', 'slicing', 'stall'];

/** Disturbs lines so many times, every kind as often. @param folder an empty one */
export async function networkFaults(
  folder: string,
  count: number,
  seed: string,
  progress: (text: string) => void = () => undefined,
): Promise<NetworkResult> {
  await using stack = new AsyncDisposableStack();
  const keys = join(folder, 'keys');
  const names = Array.from({ length: KIOSKS }, (_, index) => `kiosk-${index + 1}`);
  for (const kiosk of names) await makePki(keys, { office: OFFICE, kiosk });
  const broker = stack.use(await Mosquitto.start(folder, tlsFiles(keys, 'server')));
  const backend = stack.use(
    await startBackend({
      broker: { url: broker.url, protocol: '5', tls: tlsFiles(keys, 'backend') },
      keys: serviceKeys(keys, 'backend'),
      keepContainers: false,
    }),
  );
  const faults = { delay: 0, reset: 0, 'half-open': 0, slicing: 0, stall: 0 };
  const slowest = { ...faults };
  let late = 0;
  const accepted: string[] = [];
  let left = count;
  const disturb = async (name: string): Promise<void> => {
    const rng = createRng('network', seed, name);
    const state = join(folder, name);
    mkdirSync(state);
    await using line = await ChaosProxy.to(broker.port);
    await using kiosk = await DeliveringKiosk.start({
      state,
      keys,
      office: OFFICE,
      kiosk: name,
      url: `mqtts://127.0.0.1:${line.port}`,
      keepaliveSeconds: KEEPALIVE_SECONDS,
    });
    await through(kiosk, accepted);
    while (left > 0) {
      const number = count - left;
      left -= 1;
      if (number % 25 === 0) progress(`network faults: ${number} of ${count}`);
      const kind = KINDS[number % KINDS.length]!;
      faults[kind] += 1;
      const keepalives = (await recovery(kiosk, line, faultOf(kind, rng), rng, accepted)) / KEEPALIVE_MS;
      slowest[kind] = Math.max(slowest[kind], keepalives);
      if (keepalives > ALLOWED_KEEPALIVES) late += 1;
      line.set(null);
    }
  };
  await Promise.all(names.map(disturb));
  const there = new Set(backend.stored().map(({ packetId }) => packetId));
  return {
    faults,
    late,
    slowest,
    packets: accepted.length,
    lost: accepted.filter(id => !there.has(id)).length,
  };
}

/** Disturbs the line while packets flow. @returns milliseconds from the fault to the next packet that got through */
async function recovery(
  kiosk: DeliveringKiosk,
  line: ChaosProxy,
  fault: LineFault,
  rng: Rng,
  accepted: string[],
): Promise<number> {
  // Some faults meet a packet on its way, others a line at rest.
  const underWay = through(kiosk, accepted);
  if (rng.chance(0.5)) await underWay;
  else await new Promise(resolve => setTimeout(resolve, rng.integer(40)));
  line.set(fault);
  const sinceMs = performance.now();
  await Promise.all([underWay, through(kiosk, accepted)]);
  return performance.now() - sinceMs;
}

/** Accepts a packet and waits for the backend's word on it, however long that takes. */
async function through(kiosk: DeliveringKiosk, accepted: string[]): Promise<void> {
  const packet = await kiosk.seal(BLOB);
  await kiosk.outbox.accept(packet);
  accepted.push(packet.id);
  const { signal } = new AbortController();
  for (;;) {
    const { state } = await kiosk.uplink.fateOf(packet.id, 10 * KEEPALIVE_MS, signal);
    if (state === 'verified') return;
    if (state === 'rejected') throw new Error('the backend refused a good packet');
  }
}

function faultOf(kind: LineFault['kind'], rng: Rng): LineFault {
  switch (kind) {
    case 'delay':
      return { kind, ms: 50 + rng.integer(250) };
    case 'slicing':
      return { kind, bytes: 16 + rng.integer(500) };
    case 'stall':
      return { kind, ms: rng.integer(KEEPALIVE_MS) };
    default:
      return { kind };
  }
}
