import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Models, type ModelsEvent, startModels } from '../../models/index.ts';
import { drawRidges } from '../fixtures/ridges.ts';

/** Long beside a loaded machine's slowest extraction, short beside the test's own limit. */
const DEADLINE_MS = 15_000;

const pidOf = (models: Models): number => {
  const { pid } = models.health;
  if (pid === undefined) throw new Error('no model process runs');
  return pid;
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const gone = (pid: number): Promise<void> =>
  expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false) as Promise<void>;

describe('a model process', () => {
  const events: ModelsEvent[] = [];
  let models: Models;

  beforeAll(async () => {
    models = await startModels({ deadlineMs: DEADLINE_MS, log: event => events.push(event) });
  });
  afterAll(() => models[Symbol.asyncDispose]());

  const print = drawRidges(1);

  test('extracts and compares in a process of its own', async () => {
    expect(pidOf(models)).not.toBe(process.pid);
    expect(models.cards.map(card => card.task)).toContain('finger-matching');
    const { template, quality } = await models.finger.extract(print);
    const other = await models.finger.extract(drawRidges(2));
    const again = await models.finger.extract(drawRidges(1, { turnRad: 0.3, shiftX: 15, noise: 0.4 }));
    const [self, same, stranger] = await models.finger.match(template, [
      template,
      again.template,
      other.template,
    ]);
    expect(quality.score).toBeGreaterThan(50);
    expect(self).toBeGreaterThan(4);
    expect(same).toBeGreaterThan(4);
    expect(stranger).toBeLessThan(2);
    expect(await models.finger.match(template, [])).toEqual([]);
  });

  test('says why an input is refused, and goes on', async () => {
    await expect(models.finger.extract({ ...print, width: 3 })).rejects.toMatchObject({
      code: 'MODEL_INPUT',
    });
    await expect(models.finger.match(new Uint8Array(9), [])).rejects.toMatchObject({ code: 'MODEL_INPUT' });
    await expect(models.finger.extractEncoded(new Uint8Array(99), 500)).rejects.toMatchObject({
      code: 'MODEL_INPUT',
    });
    expect((await models.finger.extract(print)).minutiae.length).toBeGreaterThan(8);
    expect(models.health).toMatchObject({ state: 'ready', restarts: 0 });
  });

  test('killed under a call: that call fails, the waiting one and the next are answered', async () => {
    const pid = pidOf(models);
    process.kill(pid, 'SIGSTOP');
    const running = models.finger.extract(print);
    const waiting = models.finger.extract(print);
    process.kill(pid, 'SIGKILL');
    await expect(running).rejects.toMatchObject({ code: 'MODEL_CRASHED' });
    expect((await waiting).minutiae.length).toBeGreaterThan(8);
    expect(pidOf(models)).not.toBe(pid);
    expect(models.health.restarts).toBe(1);
    expect(events.map(({ event }) => event)).toEqual(['models_ready', 'models_exited', 'models_ready']);
  });

  test('refuses a third waiting call of one kind, and drops the older live frame', async () => {
    const pid = pidOf(models);
    process.kill(pid, 'SIGSTOP');
    const accepted = [1, 2, 3].map(() => models.finger.extract(print));
    await expect(models.finger.extract(print)).rejects.toMatchObject({ code: 'MODEL_BUSY' });
    const older = models.face.analyse(new Uint8Array(8), { live: true });
    const newer = models.face.analyse(new Uint8Array(8), { live: true }).catch((error: unknown) => error);
    await expect(older).rejects.toMatchObject({ code: 'MODEL_BUSY' });
    process.kill(pid, 'SIGCONT');
    expect(await Promise.all(accepted)).toHaveLength(3);
    expect(await newer).toMatchObject({ code: expect.stringMatching(/MODEL_(INPUT|MISSING)/) });
  });

  test('an abandoned call leaves the queue', async () => {
    process.kill(pidOf(models), 'SIGSTOP');
    const controller = new AbortController();
    const running = models.finger.extract(print);
    const abandoned = models.finger.extract(print, { signal: controller.signal });
    const reason = new Error('the applicant left');
    controller.abort(reason);
    await expect(abandoned).rejects.toBe(reason);
    process.kill(pidOf(models), 'SIGCONT');
    expect((await running).minutiae.length).toBeGreaterThan(8);
    await expect(models.finger.extract(print, { signal: controller.signal })).rejects.toBe(reason);
  });

  test('closed: calls are refused and no process stays', async () => {
    const pid = pidOf(models);
    await models[Symbol.asyncDispose]();
    await models[Symbol.asyncDispose]();
    expect(isAlive(pid)).toBe(false);
    expect(models.health.state).toBe('closed');
    await expect(models.finger.extract(print)).rejects.toMatchObject({ code: 'MODEL_CRASHED' });
  });
});

test('a hung call times out, its process is replaced', async () => {
  const events: ModelsEvent[] = [];
  await using models = await startModels({ deadlineMs: 4_000, log: event => events.push(event) });
  const pid = pidOf(models);
  process.kill(pid, 'SIGSTOP');
  await expect(models.finger.match(new Uint8Array(4), [])).rejects.toMatchObject({ code: 'MODEL_TIMEOUT' });
  await gone(pid);
  await expect(models.finger.match(new Uint8Array(4), [])).rejects.toMatchObject({ code: 'MODEL_INPUT' });
  expect(events.map(({ event }) => event)).toContain('models_hung');
});

/** Starts a parent that keeps its model process busy with large prints, and says that process's id. */
async function startParent(): Promise<{ parent: ChildProcess; childPid: number }> {
  const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { startModels } from ${url('../../models/index.ts')};
    import { drawRidges } from ${url('../fixtures/ridges.ts')};
    const models = await startModels({ deadlineMs: 60000 });
    const large = drawRidges(1, { width: 1600, height: 1600 });
    console.log(models.health.pid);
    for (;;) await models.finger.extract(large);`;
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // A test that runs out of time before the first line must not leave it running.
  onTestFinished(() => void parent.kill('SIGKILL'));
  if (!parent.stdout) throw new Error('the parent has no output');
  const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
  return { parent, childPid: Number(line) };
}

test.each(['SIGKILL', 'SIGTERM'] as const)(
  'the model process dies with its parent (%s), in the middle of a call',
  async signal => {
    const { parent, childPid } = await startParent();
    expect(isAlive(childPid)).toBe(true);
    const exited = once(parent, 'exit');
    parent.kill(signal);
    await exited;
    await gone(childPid);
  },
);
