/** An agent that is asked to stop does so in peace, whatever it is doing, and loses nothing that it promised. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAgentProcess } from '../../sim/world/agent-process.ts';
import { startWorld, type World } from '../../sim/world/world.ts';
import { run } from '../fixtures/command.ts';
import { Visitors } from '../fixtures/visitors.ts';

const DEADLINE_MS = 600_000;
const STOPS = 8;
/** A visit with three fingers takes about so long on an idle machine, in milliseconds. */
const VISIT_MS = 4_000;

let folder: string;
let world: World;
let visitors: Visitors;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-stop-'));
  const config = { visit: { fingers: ['right_thumb', 'right_index', 'right_middle'] } };
  world = await startWorld({ folder, screenPort: 0, config });
  visitors = new Visitors(world);
  await visitors.prepare();
});
afterAll(async () => {
  await world?.[Symbol.asyncDispose]();
  await visitors?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

it(
  `ends with code 0 within its five seconds at ${STOPS} moments of a visit, audit chain and packets whole`,
  async () => {
    const promised = new Set<string>();
    const steps = new Set<string>();
    for (let turn = 0; turn < STOPS; turn += 1) {
      await using agent = await startAgentProcess(world.configFile, world.logFile);
      const visiting = visitors
        .serve(agent.screen, ({ view }) => {
          steps.add(view.step);
          if (view.packetId) promised.add(view.packetId);
        })
        .catch(() => null);
      // Spread over a visit, each turn in a part of its own.
      const atMs = ((turn + Math.random()) / STOPS) * VISIT_MS;
      await new Promise(resolve => setTimeout(resolve, atMs));
      agent.kill('SIGTERM');
      // What had to be cut off after five seconds ends with another code.
      expect(await agent.exited, `after ${atMs} ms`).toBe(0);
      await visiting;
      const { code, stdout } = await run(['audit', 'verify', '--config', world.configFile]);
      expect(code, stdout).toBe(0);
    }
    expect(steps.size).toBeGreaterThan(3);
    await using agent = await startAgentProcess(world.configFile, world.logFile);
    expect(await visitors.serve(agent.screen)).toMatchObject({ endReason: 'finished', delivery: 'accepted' });
    const missing = async () => {
      const received = new Set((await world.backend.packets()).map(({ packetId }) => packetId));
      return [...promised].filter(id => !received.has(id));
    };
    await expect.poll(missing, { timeout: 60_000 }).toEqual([]);
  },
  DEADLINE_MS,
);
