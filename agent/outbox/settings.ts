/** Where the outbox lies and what it may hold, as the configuration says. */
import { join } from 'node:path';
import type { Config } from '../contract/config.ts';
import type { OutboxLimits } from './types.ts';

export function outboxFile({ stateDir, outbox }: Config): { path: string; limits: OutboxLimits } {
  const { maxPackets, maxMebibytes, maxAgeHours, minimumFreeMebibytes } = outbox;
  const limits = {
    maxPackets,
    maxBytes: maxMebibytes * 2 ** 20,
    maxAgeMs: maxAgeHours * 3_600_000,
    minimumFreeBytes: minimumFreeMebibytes * 2 ** 20,
  };
  return { path: join(stateDir, 'outbox.sqlite'), limits };
}
