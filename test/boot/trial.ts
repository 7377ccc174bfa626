/**
 * Runs as root in a machine whose PID 1 is systemd and which has both packages installed: starts the service on simulated
 * devices, serves visitors, has it hang, changes its configuration, stops it. Prints one JSON object of what it saw.
 */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { startWorld } from '../../sim/world/world.ts';
import { Visitors } from '../fixtures/visitors.ts';

const run = promisify(execFile);
const CONFIG = '/etc/vantay/agent.yaml';
const FOLDER = '/srv/trial';
const SCREEN_PORT = 8420;
const DROP_IN = '/run/systemd/system/vantay.service.d';
/** Longest wait for something that has to come, in milliseconds. */
const PATIENCE_MS = 120_000;

const systemctl = async (...words: string[]) => (await run('systemctl', words)).stdout.trim();
const property = (name: string) => systemctl('show', 'vantay', '--value', '-p', name);
const journal = async () => (await run('journalctl', ['-u', 'vantay', '-o', 'cat', '--no-pager'])).stdout;

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await sleep(200))
    if (await holds().catch(() => false)) return;
  throw new Error(`not in time: ${what}\n${await journal()}`);
}

await using world = await startWorld({
  folder: FOLDER,
  screenPort: SCREEN_PORT,
  config: { stateDir: '/var/lib/vantay', visit: { fingers: ['right_index'] } },
});
await using visitors = new Visitors(world);
await visitors.prepare();
const serve = async () => {
  const screen = `http://127.0.0.1:${SCREEN_PORT}`;
  await until('the screen', async () => (await fetch(screen)).ok);
  const { endReason, delivery } = await visitors.serve(screen);
  return `${endReason}, ${delivery}`;
};

// As an operator would: configuration and keys for the agent's user, the devices for their group.
const uid = Number((await run('id', ['-u', 'vantay'])).stdout);
const dialout = Number(/^dialout:[^:]*:(\d+)/m.exec(readFileSync('/etc/group', 'utf8'))?.[1]);
chmodSync(FOLDER, 0o755);
await run('chown', ['-R', 'vantay:vantay', `${FOLDER}/keys`]);
for (const device of [world.sensor.path, world.reader.path]) {
  chownSync(realpathSync(device), uid, dialout);
  chmodSync(realpathSync(device), 0o660);
}
copyFileSync(world.configFile, CONFIG);
await run('chown', ['root:vantay', CONFIG]);
chmodSync(CONFIG, 0o640);
mkdirSync(DROP_IN, { recursive: true });
writeFileSync(`${DROP_IN}/trial.conf`, '[Service]\nWatchdogSec=8\n');
await run('sh', [
  '-c',
  'systemd-creds setup; printf 1234 | systemd-creds encrypt --with-key=host --name=vantay.pin - /etc/credstore.encrypted/vantay.pin',
]);
await systemctl('daemon-reload');

const seen: Record<string, unknown> = {};
await systemctl('start', 'vantay');
seen.started = await property('ActiveState');
seen.credential = readFileSync('/run/credentials/vantay.service/vantay.pin', 'utf8');
seen.user = (await run('ps', ['-o', 'user=', '-p', await property('MainPID')])).stdout.trim();
const status = readFileSync(`/proc/${await property('MainPID')}/status`, 'utf8');
seen.rights = /^CapBnd:\s+(\S+)/m.exec(status)?.[1];
seen.systemCallFilter = /^Seccomp:\s+(\S+)/m.exec(status)?.[1];
seen.first = await serve();

process.kill(Number(await property('MainPID')), 'SIGSTOP');
await until(
  'the watchdog',
  async () => (await property('NRestarts')) === '1' && (await property('ActiveState')) === 'active',
);
seen.watchdog = /watchdog/i.test((await run('journalctl', ['-o', 'cat', '--no-pager'])).stdout);
seen.second = await serve();

const config = parse(readFileSync(CONFIG, 'utf8')) as Record<string, unknown>;
writeFileSync(CONFIG, stringify({ ...config, log: { level: 'debug' } }));
await systemctl('reload', 'vantay');
await until('the configuration', async () => (await journal()).includes('configuration taken up'));
seen.reloaded = await property('ActiveState');

await systemctl('stop', 'vantay');
seen.stopped = [
  await property('ActiveState'),
  await property('Result'),
  await property('ExecMainStatus'),
].join();
process.stdout.write(`${JSON.stringify(seen)}\n`);
