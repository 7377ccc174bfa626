/** Which file of this repository lies where on a kiosk. */
import { execFile } from 'node:child_process';
import { chmod, copyFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Architecture } from './architecture.ts';
import type { Contents } from './archive.ts';
import { pruneModules } from './prune.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const SYSTEMD = fileURLToPath(new URL('../', import.meta.url));
const SCRIPTS = fileURLToPath(new URL('scripts/', import.meta.url));
const HOME = 'usr/lib/vantay';

/** Unit, rule or setting -> where its reader looks for it. */
const SETTINGS: Readonly<Record<string, string>> = {
  'vantay.service': 'usr/lib/systemd/system/vantay.service',
  'vantay-screen.service': 'usr/lib/systemd/system/vantay-screen.service',
  'vantay-seatd.conf': 'usr/lib/systemd/system/seatd.service.d/vantay.conf',
  '70-vantay.rules': 'usr/lib/udev/rules.d/70-vantay.rules',
  'vantay.sysusers': 'usr/lib/sysusers.d/vantay.conf',
  'vantay.tmpfiles': 'usr/lib/tmpfiles.d/vantay.conf',
  'vantay-journald.conf': 'usr/lib/systemd/journald.conf.d/vantay.conf',
  'vantay-coredump.conf': 'usr/lib/systemd/coredump.conf.d/vantay.conf',
  'vantay-sysctl.conf': 'usr/lib/sysctl.d/60-vantay.conf',
  'vantay-chromium-policy.json': 'etc/chromium/policies/managed/vantay.json',
};
const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'ERRORS.md', 'NOTICE', 'LICENSE'];
/** Kept out: how weights were made needs Python and pictures. */
const NOT_SHIPPED = ['models/training'];

/** The agent. @throws Error of npm when the modules cannot be had */
export async function layOutAgent(stage: string, architecture: Architecture): Promise<Contents> {
  const root = join(stage, 'vantay');
  const home = join(root, HOME);
  for (const room of ['agent', 'drivers', 'models']) await copyRoom(room, home);
  await install(join(REPOSITORY, 'package.json'), join(home, 'package.json'));
  await installModules(home, architecture);
  const node = join(home, 'node_modules', `node-linux-${architecture.node}`);
  await mkdir(join(home, 'bin'));
  await rename(join(node, 'bin/node'), join(home, 'bin/node'));
  await install(join(node, 'LICENSE'), join(home, 'bin/node.LICENSE'));
  await pruneModules(join(home, 'node_modules'), architecture);
  await install(join(SCRIPTS, 'vantay'), join(root, 'usr/bin/vantay'), 0o755);
  await install(join(SCRIPTS, 'keep-page'), join(home, 'bin/keep-page'), 0o755);
  for (const [name, path] of Object.entries(SETTINGS)) await install(join(SYSTEMD, name), join(root, path));
  for (const name of DOCUMENTS)
    await install(join(REPOSITORY, name), join(root, 'usr/share/doc/vantay', name));
  return {
    name: 'vantay',
    root,
    summary: 'biometric edge agent of immigration-office kiosks',
    depends: ['libc6 (>= 2.31)', 'libgcc-s1', 'libstdc++6', 'procps', 'systemd', 'udev', 'util-linux'],
    recommends: ['espeak-ng', 'ffmpeg', 'opensc', 'tpm2-tools'],
    suggests: ['cage', 'chromium', 'seatd', 'vantay-simulator'],
    scripts: ['postinst', 'prerm', 'postrm'].map(name => join(SCRIPTS, name)),
    settings: Object.values(SETTINGS).filter(path => path.startsWith('etc/')),
    version: await versionOf(),
  };
}

/** Simulated hardware, registry, backend and broker, beside the agent. */
export async function layOutSimulator(stage: string): Promise<Contents> {
  const root = join(stage, 'vantay-simulator');
  for (const room of ['sim', 'backend']) await copyRoom(room, join(root, HOME));
  const version = await versionOf();
  return {
    name: 'vantay-simulator',
    root,
    summary: 'simulated hardware, registry, backend and broker for trials of vantay',
    depends: [`vantay (= ${version})`],
    recommends: [],
    suggests: [],
    scripts: [],
    settings: [],
    version,
  };
}

const copyRoom = (room: string, home: string): Promise<void> =>
  cp(join(REPOSITORY, room), join(home, room), {
    recursive: true,
    filter: path => !NOT_SHIPPED.includes(path.slice(REPOSITORY.length)),
  });

async function install(from: string, to: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await copyFile(from, to);
  await chmod(to, mode);
}

/** Those of the lock file, for the machine the package is for. */
async function installModules(home: string, { node }: Architecture): Promise<void> {
  const lists = ['package-lock.json', '.npmrc'];
  for (const name of lists) await install(join(REPOSITORY, name), join(home, name));
  await promisify(execFile)(
    'npm',
    ['ci', '--omit=dev', '--os=linux', `--cpu=${node}`, '--libc=glibc', '--no-audit', '--no-fund'],
    { cwd: home },
  );
  for (const name of lists) await rm(join(home, name));
  const kept = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as Record<string, unknown>;
  for (const key of ['scripts', 'devDependencies', 'overrides']) delete kept[key];
  await writeFile(join(home, 'package.json'), `${JSON.stringify(kept, null, 2)}\n`);
}

async function versionOf(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}
