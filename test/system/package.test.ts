/** The Debian package: made twice the same, installed on a fresh Debian, and a visitor served there. */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CleanRoot, cleanRoot } from '../fixtures/clean-root.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../systemd/package/main.ts', import.meta.url));
const LONGEST_OUTPUT_BYTES = 64 * 2 ** 20;
const DEADLINE_MS = 600_000;
const UNITS = ['vantay.service', 'vantay-screen.service'];

let folder: string;
let root: CleanRoot | null = null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantay-debs-'));
});
afterAll(async () => {
  await root?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
}, DEADLINE_MS);

/** Makes the packages for one machine. Name -> path. */
async function build(arch: string, turn: string): Promise<Map<string, string>> {
  const out = join(folder, `${arch}-${turn}`);
  await run(process.execPath, [MAIN, '--arch', arch, '--out', out], { maxBuffer: LONGEST_OUTPUT_BYTES });
  return named(out);
}

const named = async (out: string) =>
  new Map((await readdir(out)).map(name => [name.split('_')[0] ?? '', join(out, name)]));

const sum = async (path: string) =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

async function namesIn(path: string): Promise<string[]> {
  const { stdout } = await run('dpkg-deb', ['--contents', path], { maxBuffer: LONGEST_OUTPUT_BYTES });
  return stdout
    .trim()
    .split('\n')
    .map(line => line.split(/\s+/)[5] ?? '');
}

describe('the package', { timeout: DEADLINE_MS }, () => {
  it('of one commit has the same bytes whenever it is made', async () => {
    const [first, second] = [await build('amd64', 'first'), await build('amd64', 'second')];
    expect([...first.keys()].sort()).toEqual(['vantay', 'vantay-simulator']);
    for (const [name, path] of first) expect(await sum(second.get(name) ?? ''), name).toBe(await sum(path));
  });

  it('for another machine holds native code for that machine alone, and Node', async () => {
    const names = await namesIn((await build('arm64', 'only')).get('vantay') ?? '');
    const native = names.filter(name => /\.(node|so[.\d]*)$/.test(name));
    expect(native.length).toBeGreaterThan(5);
    expect(native.filter(name => !/arm64/.test(name))).toEqual([]);
    expect(names).toContain('./usr/lib/vantay/bin/node');
    expect(names.filter(name => /^\.\/usr\/lib\/vantay\/(backend|bench|sim|test)\//.test(name))).toEqual([]);
  });

  it('installs on a fresh Debian, and its doctor finds nothing', async () => {
    root = await cleanRoot();
    for (const [name, path] of await named(join(folder, 'amd64-first')))
      await root.bring(path, `/srv/${name}.deb`);
    await root.shell(
      'apt-get update -qq && apt-get install -y -qq --no-install-recommends /srv/vantay.deb /srv/vantay-simulator.deb',
    );
    expect(await root.shell('stat -c "%U %a" /var/lib/vantay')).toBe('vantay 700\n');
    const { ok, findings } = JSON.parse(await root.shell('vantay doctor --json', 'vantay'));
    expect(findings.map(({ check }: { check: string }) => check)).toContain('models');
    expect(ok).toBe(true);
  });

  it("starts there on simulated devices, as the agent's own user, and serves a visitor", async () => {
    const played = await root?.shell(
      'cd /var/lib/vantay && TMPDIR=$PWD vantay simulate visit --json',
      'vantay',
    );
    expect(JSON.parse(played ?? '')).toMatchObject({
      outcome: 'match',
      expected: true,
      receipt: { state: 'accepted' },
    });
  });

  it('has units that systemd takes without a word, exposed to 1.5 of 10 at most', async () => {
    // Chromium, cage and what they bring are only suggested.
    await root?.shell(
      'apt-get install -y -qq --no-install-recommends dbus; for name in cage chromium; do ln -sf /bin/true /usr/bin/$name; done',
    );
    const paths = UNITS.map(name => `/usr/lib/systemd/system/${name}`);
    expect(await root?.shell(`systemd-analyze verify --man=no ${paths.join(' ')}`)).toBe('');
    await root?.shell(`systemd-analyze security --offline=true --threshold=15 --no-pager ${paths[0]}`);
  });

  it('runs as a service under systemd: notifies, hangs and is killed, is started anew, reloads, stops', async () => {
    for (const file of ['boot/trial.ts', 'fixtures/visitors.ts'])
      await root?.bring(
        fileURLToPath(new URL(`../${file}`, import.meta.url)),
        `/usr/lib/vantay/test/${file}`,
      );
    const seen = await root?.boot('/usr/lib/vantay/bin/node /usr/lib/vantay/test/boot/trial.ts');
    expect(seen).toMatch(/^\{.*\}\n$/);
    expect(JSON.parse(seen ?? '')).toEqual({
      started: 'active',
      credential: '1234',
      user: 'vantay',
      // No capability, and a filter of system calls (proc(5)).
      rights: '0000000000000000',
      systemCallFilter: '2',
      first: 'finished, accepted',
      watchdog: true,
      second: 'finished, accepted',
      reloaded: 'active',
      stopped: 'inactive,success,0',
    });
    await root?.shell('rm -r /usr/lib/vantay/test /etc/vantay/agent.yaml');
  });

  it('goes again, and leaves what nobody may lose', async () => {
    await root?.shell('touch /var/lib/vantay/outbox.sqlite; apt-get purge -y -qq vantay vantay-simulator');
    const left = await root?.shell('test ! -e /usr/lib/vantay -a ! -e /usr/bin/vantay; ls /var/lib/vantay');
    expect(left).toContain('outbox.sqlite\n');
  });
});
