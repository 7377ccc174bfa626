/**
 * A kiosk with visitors without end: seals packets, hands them to the outbox, and says of each, once it is durable,
 * `accepted <id> <sequence>`. It is killed at any time. A line on standard input ends the visits; it then says `drained`
 * when nothing is left to deliver. Argument: {@link KioskSettings} and the pause between visits as JSON.
 */
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { DeliveringKiosk, type KioskSettings } from './kiosk.ts';

/** Without a buffer in this process: what was said is said, even if the next instant kills. */
const say = (text: string): void => void writeSync(1, `${text}\n`);

const { pauseMs, blobBytes, ...settings } = JSON.parse(process.argv[2]!) as KioskSettings & {
  readonly pauseMs: number;
  readonly blobBytes: number;
};
const blob = new Uint8Array(blobBytes);
/** Packets waiting beyond which no visitor is let in: the stream must not outrun the line. */
const BACKLOG = 40;
let visits = true;
process.stdin.once('data', () => {
  visits = false;
});

const kiosk = await DeliveringKiosk.start(settings);
say('started');
while (visits) {
  const packet = await kiosk.seal(blob);
  await kiosk.outbox.accept(packet);
  say(`accepted ${packet.id} ${packet.sequence}`);
  do await setTimeout(pauseMs);
  while (visits && (await kiosk.outbox.status()).packets > BACKLOG);
}
while ((await kiosk.outbox.status()).packets > 0) await setTimeout(20);
say('drained');
await kiosk[Symbol.asyncDispose]();
process.exit(0);
