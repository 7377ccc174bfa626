/**
 * One life of a kiosk's outbox on a watched disk: accepts packets alone and in bursts, sends, and applies receipts. What
 * it was promised, and what it was then told to give up, goes to `marks` in the watched folder, so that it stands in one
 * order with the writes. Arguments: the folder, the number of packets, a seed.
 */
import { createHash, randomBytes } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createRng } from '../../sim/people/finger/rng.ts';
import { newId, openOutbox } from './kiosk.ts';
import type { Mark } from './power-cut.ts';

const [folder, packets, seed] = process.argv.slice(2) as [string, string, string];
const marks = openSync(join(folder, 'marks'), 'a');
const mark = (...words: Mark): void => void writeSync(marks, `${words.join(' ')}\n`);
const rng = createRng('power-cut', seed);

const outbox = await openOutbox(folder);
mark('boot', await outbox.nextBoot());
const waiting: string[] = [];
for (let accepted = 0; accepted < Number(packets); ) {
  const burst = rng.pick([1, 1, 3]);
  accepted += burst;
  waiting.push(...(await Promise.all(Array.from({ length: burst }, () => accept()))));
  while (waiting.length > 3 || (waiting.length > 0 && rng.chance(0.4))) await deliver(waiting.shift()!);
}
// A clean end now and then: it empties the write-ahead log, which is a dangerous moment of its own.
if (rng.chance(0.5)) await outbox[Symbol.asyncDispose]();
process.exit(0);

async function accept(): Promise<string> {
  const sequence = await outbox.nextSequence();
  mark('sequence', sequence);
  const container = randomBytes(500 + rng.integer(25_000));
  const id = newId();
  const sha256 = createHash('sha256').update(container).digest('hex');
  await outbox.accept({ id, sequence, container, manifestSha256: sha256 });
  mark('accepted', id, sha256);
  const head = await outbox.auditHead();
  mark('audited', head.entries, head.sha256);
  return id;
}

async function deliver(id: string): Promise<void> {
  await outbox.markSent(id);
  if (rng.chance(0.5)) await outbox.apply({ id, state: 'received', code: null });
  if (rng.chance(0.2)) return;
  mark('receipted', id);
  await outbox.apply({ id, state: rng.pick(['verified', 'accepted']), code: null });
  mark('settled', id);
}
