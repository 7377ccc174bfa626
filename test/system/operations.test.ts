/** The agent as a service: what it tells its manager, what can be measured, and how it takes up another configuration. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { FingerStudio, type Person, simulatedPerson } from '../../sim/people/index.ts';
import { visit } from '../../sim/visitor/visit.ts';
import { type AgentProcess, startAgentProcess } from '../../sim/world/agent-process.ts';
import { startWorld, type World } from '../../sim/world/world.ts';
import { type NotifySocket, notifySocket } from '../fixtures/notify-socket.ts';

const SECONDS = { timeout: 30_000, interval: 50 };

let folder: string;
let world: World;
let socket: NotifySocket;
let agent: AgentProcess;
let studio: FingerStudio;
let person: Person;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vantay-operations-'));
  studio = new FingerStudio();
  person = simulatedPerson(1, studio);
  socket = notifySocket(join(folder, 'notify'));
  const config = { metrics: { port: 0 }, visit: { fingers: ['right_index'] } };
  world = await startWorld({ folder: join(folder, 'world'), screenPort: 0, config });
  const env = { ...process.env, NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '1000000' };
  agent = await startAgentProcess(world.configFile, world.logFile, { env });
});
afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  await world?.[Symbol.asyncDispose]();
  await studio?.[Symbol.asyncDispose]();
  socket?.[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const log = () => readFileSync(world.logFile, 'utf8');
const entries = (): Record<string, unknown>[] =>
  log()
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
const last = (key: string) => entries().findLast(entry => key in entry)?.[key] as string;
const said = (msg: string) => entries().filter(entry => entry.msg === msg);
const metrics = async () => (await fetch(last('metrics'))).text();
const times = (notice: string) => socket.notices.filter(one => one === notice).length;

function configure(change: (config: Record<string, unknown>) => void): void {
  const config = parse(readFileSync(world.configFile, 'utf8'));
  change(config);
  writeFileSync(world.configFile, stringify(config));
  agent.kill('SIGHUP');
}

/** One visitor with one finger, whom the database does not know. */
async function serve(screen: string): Promise<void> {
  world.visitor = person;
  const { identity } = person;
  const trace = await visit(
    screen,
    {
      ...{ person, manner: {}, stage: world.stage, reactionMs: 20, missing: new Map() },
      present: lines => void world.reader.present(lines),
      contact: { mobile: identity.mobile, email: identity.email },
      ...{ deadlineMs: 60_000, waitForDelivery: true },
    },
    AbortSignal.timeout(60_000),
  );
  expect(trace).toMatchObject({ endReason: 'finished', delivery: 'accepted' });
}

describe('an agent as a service', { timeout: 90_000 }, () => {
  it('tells that it is ready, and feeds the watchdog', async () => {
    await expect.poll(() => times('READY=1'), SECONDS).toBe(1);
    await expect.poll(() => times('WATCHDOG=1'), SECONDS).toBeGreaterThan(1);
  });

  it('counts and times a visit, and names nobody', async () => {
    await serve(agent.screen);
    const text = await metrics();
    const value = (name: string) =>
      Number(text.match(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (.*)$`, 'm'))?.[1]);
    expect(value('vantay_visits_started_total')).toBe(1);
    expect(value('vantay_visits_ended_total{reason="finished"}')).toBe(1);
    expect(value('vantay_visits_compared_total{outcome="no_record"}')).toBe(1);
    expect(value('vantay_visit_step_seconds_count{step="fingers"}')).toBe(1);
    expect(value('vantay_model_call_seconds_count{call="face.analyse"}')).toBeGreaterThan(0);
    expect(value('vantay_outbox_packets')).toBe(0);
    expect(value('vantay_uplink_connected')).toBe(1);
    expect(value('vantay_device_ready{role="camera"}')).toBe(1);
    expect(value('vantay_loop_late_seconds{loop="session"}')).toBe(0);
    expect(value('process_open_fds')).toBeGreaterThan(0);
    expect(value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0);
    const { surname, givenNames, passport, residenceCard, mobile, email } = person.identity;
    const everything = `${text}\n${log()}`;
    for (const canary of [
      surname,
      givenNames,
      passport.number,
      residenceCard.number,
      mobile,
      email ?? mobile,
    ])
      expect(everything).not.toContain(canary);
    const units = [...text.matchAll(/^# TYPE (vantay_\S+) (\S+)$/gm)].filter(
      ([, , type]) => type === 'histogram',
    );
    expect(units.every(([, name]) => name?.endsWith('_seconds'))).toBe(true);
  });

  it('shows its figures to this machine only, under its own name, and nothing else', async () => {
    const address = new URL(last('metrics'));
    const elsewhere = await new Promise<IncomingMessage>(resolve =>
      get(address, { headers: { host: `evil.example:${address.port}` } }, resolve),
    );
    expect(elsewhere.resume().statusCode).toBe(403);
    expect((await fetch(new URL('/', address))).status).toBe(404);
    expect((await fetch(address, { method: 'POST' })).status).toBe(404);
  });

  it('keeps the old configuration where the new one has a fault, and says where', async () => {
    configure(config => Object.assign(config, { sreen: {} }));
    await expect.poll(() => said('configuration not taken up: the old one stays'), SECONDS).toHaveLength(1);
    const [complaint] = said('configuration not taken up: the old one stays');
    expect(complaint?.code).toBe('CONFIG_INVALID');
    expect(complaint?.detail).toMatch(/agent\.yaml:\d+: sreen: unknown key; did you mean "screen"\?/);
    expect((await fetch(agent.screen)).status).toBe(200);
  });

  it('takes the level of its log up at once', async () => {
    configure(config => {
      delete config.sreen;
      config.log = { level: 'debug' };
    });
    await expect.poll(() => said('configuration taken up'), SECONDS).toHaveLength(1);
    expect(said('ready')).toHaveLength(1);
  });

  it('takes up everything else once nobody is being served, in the same process', async () => {
    configure(config => Object.assign(config, { kiosk: 'kiosk-01', visit: { fingers: ['right_thumb'] } }));
    await expect.poll(() => said('ready'), SECONDS).toHaveLength(2);
    expect(said('configuration taken up')).toHaveLength(2);
    await expect.poll(() => [times('RELOADING=1'), times('READY=1')], SECONDS).toEqual([3, 4]);
    const [first, second] = said('ready');
    expect(second?.pid).toBe(first?.pid);
    await serve(last('screen'));
  });

  it('goes back to the old configuration where no agent starts with the new one', async () => {
    configure(config => Object.assign(config.keys as object, { certificateChainFile: 'nowhere.pem' }));
    await expect.poll(() => said('ready'), SECONDS).toHaveLength(3);
    expect(said('no agent starts with the new configuration: the old one stays')).toHaveLength(1);
    expect((await fetch(last('screen'))).status).toBe(200);
  });

  it('says that it stops, and ends in peace', async () => {
    agent.kill('SIGTERM');
    expect(await agent.exited).toBe(0);
    expect(times('STOPPING=1')).toBe(1);
  });
});
