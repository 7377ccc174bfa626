/**
 * Deliveries on a watched disk whose every change fails in turn. Each delivery is a whole one: an outbox that is made, a
 * packet that is accepted, sent, and receipted by the simulated backend. Arguments: the watched folder, the control file,
 * a folder outside for keys, and `each` for each kind of fault at every change, `turns` for the kinds in turn. Prints one {@link DiskFaultResult} as JSON.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { OutboxError } from '../../agent/outbox/errors.ts';
import { startBackend } from '../../sim/backend/backend.ts';
import { startBroker } from '../../sim/broker/broker.ts';
import { makePki } from '../../sim/pki/make.ts';
import { serviceKeys } from '../../sim/pki/use.ts';
import { DiskControl } from './disk.ts';
import type { DiskFault, DiskFaultResult } from './disk-fault.ts';
import { DeliveringKiosk, type FinishedPacket, type KioskSettings } from './kiosk.ts';

const [watched, controlFile, keys, kinds] = process.argv.slice(2) as [string, string, string, string];
const ADDRESS = { office: 'hanoi', kiosk: 'kiosk-1' };
const BLOB = new Uint8Array(20_000).fill(7);
/** Tries after which a disk that is well again must have been enough. */
const TRIES = 10;
/** How long a delivery goes on against a disk that stays broken, milliseconds. */
const BROKEN_MS = 150;
const DEADLINE_MS = 15_000;

const FAULTS: readonly DiskFault[] = [
  { error: 'ENOSPC', sticky: false },
  { error: 'ENOSPC', sticky: true },
  { error: 'EIO', sticky: false },
  { error: 'EIO', sticky: true },
];

await using stack = new AsyncDisposableStack();
await makePki(keys, ADDRESS);
const broker = stack.use(await startBroker());
const backend = stack.use(
  await startBackend({ broker: { url: broker.url }, keys: serviceKeys(keys, 'backend') }),
);
const control = stack.use(new DiskControl(controlFile));
const result = { places: [] as number[], deliveries: 0, lost: 0, corrupt: 0, undelivered: 0, refusals: {} };
const complaints: string[] = [];
const courses = kinds === 'turns' ? [FAULTS] : FAULTS.map(fault => [fault]);
for (const faults of courses) {
  let place = 0;
  do place += 1;
  while (await deliver(faults[place % faults.length]!, place));
  result.places.push(place - 1);
}
process.stdout.write(`${JSON.stringify({ ...result, complaints } satisfies DiskFaultResult)}\n`);

/** One delivery. @returns whether the disk was asked to fail at all: false when there were fewer changes than that */
async function deliver(fault: DiskFault, place: number): Promise<boolean> {
  const state = join(watched, 'state');
  rmSync(state, { recursive: true, force: true });
  mkdirSync(state);
  const complain = (what: 'lost' | 'corrupt' | 'undelivered', why: string): void => {
    result[what] += 1;
    complaints.push(`${fault.error}${fault.sticky ? ' from' : ' at'} change ${place}: ${what}, ${why}`);
  };
  const before = backend.count();
  control.arm(place, fault.error, fault.sticky);
  let failed = 0;
  // What an operator does about a disk that stays full or broken: mends it.
  const mend = (): void => {
    failed = control.heal();
  };
  try {
    const kiosk = await insist(() => DeliveringKiosk.start(settings(state)), mend);
    const packet = await insist(() => kiosk.seal(BLOB, result.deliveries * TRIES), mend);
    await insist(() => kiosk.outbox.accept(packet), mend);
    await watchOver(kiosk, packet, mend, why => complain('undelivered', why));
    await kiosk[Symbol.asyncDispose]();
    mend();
    if (backend.count() !== before + 1) complain('lost', `the backend has ${backend.count() - before}`);
    const verdict = look(join(state, 'outbox.sqlite'));
    if (verdict !== 'ok') complain('corrupt', verdict);
  } catch (error) {
    mend();
    complain('undelivered', error instanceof Error ? error.message : String(error));
  }
  result.deliveries += 1;
  if (result.deliveries % 50 === 0) process.stderr.write(`disk faults: ${result.deliveries} deliveries\n`);
  return failed > 0;
}

/** Until the backend's word is there and the outbox knows it. */
async function watchOver(
  kiosk: DeliveringKiosk,
  packet: FinishedPacket,
  mend: () => void,
  complain: (why: string) => void,
): Promise<void> {
  const { signal } = new AbortController();
  const fate = async (ms: number): Promise<string> =>
    (await kiosk.uplink.fateOf(packet.id, ms, signal).catch(refusal))?.state ?? 'pending';
  if ((await fate(BROKEN_MS)) === 'verified') return;
  mend();
  const state = await fate(DEADLINE_MS);
  if (state !== 'verified') complain(`the packet is ${state}`);
}

/** Again and again, as an agent's supervisor or a visitor would, mending the disk after the first failure. */
async function insist<T>(act: () => Promise<T>, mend: () => void): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      refusal(error);
      if (tries === TRIES) throw error;
      mend();
    }
  }
}

/** Counts a refusal by its code. @throws what is no refusal of the outbox */
function refusal(error: unknown): null {
  if (!(error instanceof OutboxError)) throw error;
  const refusals = result.refusals as Record<string, number>;
  refusals[error.code] = (refusals[error.code] ?? 0) + 1;
  return null;
}

function look(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return String(Object.values(database.prepare('PRAGMA integrity_check').get() ?? {})[0]);
  } finally {
    database.close();
  }
}

function settings(state: string): KioskSettings {
  const delivery = {
    receiptTimeoutMs: 300,
    verifyTimeoutMs: 300,
    backOff: { firstMs: 20, maximumMs: 100 },
  };
  return { state, keys, ...ADDRESS, url: broker.url, keepaliveSeconds: 30, delivery };
}
