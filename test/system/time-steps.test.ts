/** A clock that is set forward and back under a running agent, and daylight saving: visits go on, nothing waits for ever. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentProcess, startAgentProcess } from '../../sim/world/agent-process.ts';
import { startWorld, type World } from '../../sim/world/world.ts';
import { Visitors } from '../fixtures/visitors.ts';

const DEADLINE_MS = 600_000;
const HOUR_SECONDS = 3600;

/** Debian's libfaketime, in the folder of whatever machine this is. */
const LIBRARY = readdirSync('/usr/lib', { recursive: false, encoding: 'utf8' })
  .map(name => `/usr/lib/${name}/faketime/libfaketime.so.1`)
  .find(path => {
    try {
      return readFileSync(path).length > 0;
    } catch {
      return false;
    }
  });

let folder: string;
let clockFile: string;
let world: World;
let visitors: Visitors;
let agent: AgentProcess;

/** Sets the agent's wall clock so many seconds off the true one; its monotonic clock goes on, as in the kernel. */
function setClock(seconds: number): void {
  writeFileSync(clockFile, `${seconds >= 0 ? '+' : ''}${seconds}\n`);
  // The library looks at the file's time.
  utimesSync(clockFile, new Date(), new Date());
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-time-'));
  clockFile = join(folder, 'clock');
  setClock(0);
  const config = { visit: { fingers: ['right_thumb', 'right_index'] } };
  world = await startWorld({ folder: join(folder, 'world'), screenPort: 0, config });
  visitors = new Visitors(world);
  await visitors.prepare();
  agent = await startAgentProcess(world.configFile, world.logFile, {
    env: {
      ...process.env,
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: clockFile,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      // Its clocks go back and forth twice a year, and one of the days has 23 hours.
      TZ: 'Europe/Berlin',
    },
  });
});
afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
  await visitors?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const times = () =>
  [...readFileSync(world.logFile, 'utf8').matchAll(/"at":"([^"]+)"/g)].map(([, at]) => Date.parse(at ?? ''));

describe('a clock that jumps', { timeout: DEADLINE_MS }, () => {
  it.each([
    ['two hours forward', 'fingers', 2 * HOUR_SECONDS],
    ['three hours back', 'fingers', -HOUR_SECONDS],
    ['ten hours forward', 'face', 9 * HOUR_SECONDS],
    ['back to the true time', 'review', 0],
  ])('%s in the middle of a visit', async (_what, step, seconds) => {
    let done = false;
    const trace = await visitors.serve(agent.screen, ({ view }) => {
      if (view.step !== step || done) return;
      done = true;
      setClock(seconds);
    });
    expect(done).toBe(true);
    expect(trace).toMatchObject({ endReason: 'finished', delivery: 'accepted', deviceProblems: [] });
    await expect
      .poll(() => Math.abs((times().at(-1) ?? 0) - Date.now() - seconds * 1000))
      .toBeLessThan(120_000);
  });

  it('over both changes of daylight saving', async () => {
    const seconds = (at: string) => Math.round((Date.parse(at) - Date.now()) / 1000);
    // Far from now the certificates of this trial are not valid; what has to go on is the agent.
    for (const at of ['2027-03-28T00:59:57Z', '2027-10-31T00:59:57Z']) {
      setClock(seconds(at));
      await new Promise(resolve => setTimeout(resolve, 5_000));
      expect((await fetch(agent.screen)).status).toBe(200);
    }
    setClock(0);
    // The keys are looked at once a minute: a kiosk that found them not valid then finds them valid again.
    await expect
      .poll(async () => (await visitors.serve(agent.screen)).endReason, { timeout: 180_000, interval: 1_000 })
      .toBe('finished');
    agent.kill('SIGTERM');
    expect(await agent.exited).toBe(0);
  });
});
