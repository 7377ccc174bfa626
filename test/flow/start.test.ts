/** `npm start`: a complete kiosk, ready within the time of a newcomer's patience, gone without a trace. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasStackTrace, killGroup, type Running, start } from '../fixtures/command.ts';

const START_MS = 90_000;
const STOP_MS = 10_000;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-start-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Process ids of a process and everything below it. */
function family(pid: number): number[] {
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(row => row.trim().split(/\s+/).map(Number));
  const children = rows.filter(([, parent]) => parent === pid).map(([child]) => child ?? 0);
  return [pid, ...children.flatMap(family)];
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function screenOf(kiosk: Running): Promise<string> {
  await expect.poll(kiosk.output, { timeout: START_MS, interval: 200 }).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
  return /http:\/\/127\.0\.0\.1:\d+/.exec(kiosk.output())?.[0] ?? '';
}

/** @param interrupt how the end is asked for: by a service manager, or by Ctrl+C, which every process of the group gets */
async function startAndStop(interrupt: (kiosk: Running) => void): Promise<void> {
  const kiosk = start(['simulate', 'kiosk', '--port', '0', '--folder', folder]);
  try {
    const screen = await screenOf(kiosk);
    const page = await fetch(screen);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('<html');
    const processes = family(kiosk.child.pid ?? 0);
    // The command line, the simulator, the agent, its models.
    expect(processes.length).toBeGreaterThanOrEqual(4);
    const askedAtMs = performance.now();
    interrupt(kiosk);
    const ended = await kiosk.ended;
    expect(performance.now() - askedAtMs).toBeLessThan(STOP_MS);
    expect(hasStackTrace(ended), `${ended.stdout}${ended.stderr}`).toBe(false);
    await expect.poll(() => processes.filter(alive), { timeout: STOP_MS }).toEqual([]);
    await expect(fetch(screen)).rejects.toThrow(TypeError);
  } finally {
    killGroup(kiosk.child);
  }
}

describe('a kiosk to touch', () => {
  it('starts, shows its page, and ends with nothing left running; twice on the same folder', async () => {
    await startAndStop(({ child }) => child.kill('SIGINT'));
    await startAndStop(({ child }) => process.kill(-(child.pid ?? 0), 'SIGINT'));
  }, 200_000);
});
