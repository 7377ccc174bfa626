/**
 * The simulated backend as a process that is killed at any time; says `accepted <id>` and `repeated <id>` of what it took.
 * Argument: where its keys, the broker and its store are, as JSON.
 */
import { writeSync } from 'node:fs';
import { startBackend } from '../../sim/backend/backend.ts';
import type { BackendOptions } from '../../sim/backend/options.ts';
import { serviceKeys, tlsFiles } from '../../sim/pki/use.ts';

const { keys, url, store, resendAfterMs } = JSON.parse(process.argv[2]!) as {
  readonly keys: string;
  readonly url: string;
  readonly store: string;
  readonly resendAfterMs?: number;
};
const options: BackendOptions = {
  broker: { url, protocol: '5', tls: tlsFiles(keys, 'backend') },
  keys: serviceKeys(keys, 'backend'),
  store,
  keepContainers: false,
  resendAfterMs: resendAfterMs ?? 500,
  log: ({ event, packetId }) => {
    // Without a buffer in this process: what was said is said, even if the next instant kills.
    if (event !== 'receipt') writeSync(1, `${event} ${packetId}\n`);
  },
};
// The broker may die while this one is introducing itself.
while ((await startBackend(options).catch(() => null)) === null);
writeSync(1, 'started\n');
