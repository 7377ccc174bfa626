/**
 * A kiosk that has been cut off for long. `fill`: seals packets while there is no broker, and ends. `drain`: starts on
 * the full outbox, says `started` and later `drained`. Arguments: the act, {@link KioskSettings} with the number and size
 * of packets as JSON.
 */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { DeliveringKiosk, type KioskSettings } from './kiosk.ts';

const say = (text: string): void => void writeSync(1, `${text}\n`);

const [act, text] = process.argv.slice(2) as [string, string];
const { packets, blobBytes, ...settings } = JSON.parse(text) as KioskSettings & {
  readonly packets: number;
  readonly blobBytes: number;
};
await using kiosk = await DeliveringKiosk.start(settings);
say('started');
if (act === 'fill') {
  const blob = randomBytes(blobBytes);
  for (let queued = 0; queued < packets; queued++) {
    const packet = await kiosk.seal(blob);
    await kiosk.outbox.accept(packet);
    if (queued % 100 === 0) say(`queued ${queued}`);
  }
} else {
  while ((await kiosk.outbox.status()).packets > 0) await setTimeout(100);
}
say('done');
