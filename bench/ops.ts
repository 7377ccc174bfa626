/** What an operator waits for: from the start of the agent until it is ready, and from the word to stop until it is gone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAgentProcess } from '../sim/world/agent-process.ts';
import { startWorld } from '../sim/world/world.ts';
import { type Bench, durations, type Figure, type Progress, worst } from './figures.ts';

const STARTS = { full: 10, small: 2 };

export const opsBench: Bench = {
  name: 'ops',
  summary: 'from start to ready, from SIGTERM to the end; files in the cache of the system',
  async run(progress, { small }) {
    const folder = await mkdtemp(join(tmpdir(), 'vantay-ops-'));
    try {
      return await startsAndStops(folder, small ? STARTS.small : STARTS.full, progress);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function startsAndStops(folder: string, count: number, progress: Progress): Promise<Figure[]> {
  await using world = await startWorld({ folder, screenPort: 0, config: { officer: { port: 0 } } });
  const starts: number[] = [];
  const stops: number[] = [];
  for (let i = 0; i < count; i += 1) {
    progress(`start ${i + 1} of ${count}`);
    const startedMs = performance.now();
    const agent = await startAgentProcess(world.configFile, world.logFile);
    starts.push(performance.now() - startedMs);
    const askedMs = performance.now();
    await agent[Symbol.asyncDispose]();
    stops.push(performance.now() - askedMs);
    if ((await agent.exited) !== 0) throw new Error('an agent did not stop in peace');
  }
  return [
    ...durations('start_to_ready', starts),
    worst('start_to_ready.max', starts),
    ...durations('sigterm_to_end', stops),
    worst('sigterm_to_end.max', stops),
  ];
}
