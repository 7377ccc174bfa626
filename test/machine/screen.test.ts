/** The kiosk's screen on a machine with a display: its unit, its browser and the browser's policies. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOST, MachineKiosk, until } from './kiosk.ts';
import { Machine, SCREEN_PORT } from './machine.ts';
import { Monitor } from './monitor.ts';
import { difference, isDrawn } from './picture.ts';

const ARTEFACTS = fileURLToPath(new URL('../../artefacts/machine/', import.meta.url));
const SIZE = { width: 720, height: 1280 };
/** Of 255: the same page by two browsers differs by less, any two pages by more. */
const ALIKE = 2;
/** What the README asks for where there is no graphics processor; and patience, for this one emulates its processor too. */
const DROP_IN = '[Service]\nEnvironment=WLR_RENDERER=pixman PATIENCE_SECONDS=60\n';
/** Keys that lead out of a browser's page, or to its insides. */
const WAYS_OUT = [
  ...['ctrl+t', 'ctrl+n', 'ctrl+shift+n', 'ctrl+w', 'alt+f4', 'ctrl+l', 'ctrl+o', 'ctrl+s', 'ctrl+p'],
  ...['ctrl+u', 'f12', 'ctrl+shift+i', 'f11', 'alt+left', 'alt+home', 'ctrl+alt+f2'],
];
const POLICY = '/etc/chromium/policies/managed/vantay.json';
const DIARY = '/run/stranger';

let folder: string;
let kiosk: MachineKiosk;
let machine: Machine;
let monitor: Monitor;
let browser: Browser;
/** The same page before a browser on this host. */
let page: Page;

beforeAll(async () => {
  await mkdir(ARTEFACTS, { recursive: true });
  folder = await mkdtemp(join(tmpdir(), 'vantay-screen-'));
  kiosk = await MachineKiosk.prepare(folder, { widthPx: SIZE.width, heightPx: SIZE.height });
  machine = await Machine.boot(kiosk.parts);
  monitor = await Monitor.open(kiosk.parts.folder);
  await kiosk.configure(machine);
  await kiosk.provision(machine);
  await machine.bring('/etc/systemd/system/vantay-screen.service.d/plain.conf', DROP_IN);
  const host = `127.0.0.1:${SCREEN_PORT}`;
  const mapped = `--host-resolver-rules=MAP ${host} 127.0.0.1:${kiosk.parts.ports.screen}`;
  const args = ['--no-sandbox', '--disable-gpu', mapped];
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args });
  page = await browser.newPage({ viewport: SIZE });
});
afterAll(async () => {
  await browser?.close();
  monitor?.[Symbol.dispose]();
  await machine?.[Symbol.asyncDispose]();
  await kiosk?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const of = (property: string) => machine.shell(`systemctl show vantay-screen --value -p ${property}`);

/** Until the display shows this page as the host's browser does, and its picture. */
async function shows(step: string, name: string): Promise<Buffer> {
  await page.locator(`[data-step="${step}"]`).waitFor({ timeout: 120_000 });
  let picture = await monitor.picture();
  const alike = async () => {
    picture = await monitor.picture();
    await writeFile(join(ARTEFACTS, `${name}.png`), picture);
    const expected = await page.screenshot();
    return (await isDrawn(expected)) && (await difference(picture, expected)) < ALIKE;
  };
  await until(`the display shows ${step}`, alike);
  return picture;
}

/** Touches the display where the host's page has these words. */
async function touch(words: string): Promise<void> {
  const box = await page.getByText(words).first().boundingBox();
  if (!box) throw new Error(`${words}: not on the page`);
  await monitor.touch({
    x: (box.x + box.width / 2) / SIZE.width,
    y: (box.y + box.height / 2) / SIZE.height,
  });
}

describe('the screen of a kiosk that is a machine of its own', () => {
  it('shows the page, once the agent that it asked for is there', async () => {
    await machine.shell('systemctl start --no-block vantay-screen');
    await kiosk.ready(machine);
    await page.goto(`http://127.0.0.1:${SCREEN_PORT}/`);
    await shows('idle', 'idle');
  });

  it('is a browser without rights, whose processes all stay in the unit that shuts the network to them', async () => {
    const ofAll = (file: string) =>
      machine.shell(
        `for id in $(pgrep -u vantay-screen); do cat /proc/$id/${file}; done 2>/dev/null | sort -u`,
      );
    const group = await of('ControlGroup');
    expect(group).toBe('/system.slice/vantay-screen.service');
    expect(await ofAll('cgroup')).toBe(`0::${group}`);
    expect((await ofAll('status')).match(/^NoNewPrivs:.*$/gm)).toEqual(['NoNewPrivs:\t1']);
    expect(await machine.shell('stat -c "%U %a" /run/seatd.sock')).toBe('vantay-screen 770');
    const reach = `echo > /dev/udp/${HOST}/9`;
    await machine.shell(`bash -c '${reach}'`);
    const fromInside = `echo $$ > /sys/fs/cgroup${group}/cgroup.procs; ${reach}`;
    await expect(machine.shell(`bash -c '${fromInside}'`)).rejects.toThrow(/not permitted/);
  });

  it('stays on the page whatever keys are pressed', async () => {
    const before = await of('NRestarts');
    for (const keys of WAYS_OUT) await monitor.press(keys);
    await shows('idle', 'keys');
    expect(await of('NRestarts')).toBe(before);
    expect(await machine.shell('cat /sys/class/tty/tty0/active')).toBe('tty1');
  });

  it('comes back when its browser is killed, and when the page alone is', async () => {
    const gone = async () => (await difference(await monitor.picture(), await page.screenshot())) > ALIKE;
    for (const [name, found] of [
      ['browser', '-o chromium'],
      ['page', '-f type=renderer'],
    ]) {
      const before = await of('NRestarts');
      await machine.shell(`kill -9 $(pgrep ${found})`);
      await until('the page is gone', gone);
      await until('the unit starts anew', async () => (await of('NRestarts')) !== before);
      await shows('idle', `killed-${name}`);
    }
  });

  it('takes touches, to the second step of a visit', async () => {
    await touch('Touch to start');
    const language = await shows('language', 'language');
    await touch('English');
    expect(await difference(language, await shows('purpose', 'purpose'))).toBeGreaterThan(2 * ALIKE);
  });

  describe('with a page in its place that refuses nothing', () => {
    const PAGE_SIZE = `${SIZE.width}x${SIZE.height}`;
    const diary = async () => (await machine.shell(`cat ${DIARY}`)).split('\n');
    const says = (line: string) => until(`the page says ${line}`, async () => (await diary()).includes(line));

    /** Opens it anew and has it do what these keys stand for. */
    async function tries(...keys: string[]): Promise<void> {
      await machine.shell(`: > ${DIARY}; systemctl restart vantay-screen`);
      await says(PAGE_SIZE);
      for (const key of keys) {
        await monitor.press(key);
        await says(`key ${key}`);
      }
    }

    beforeAll(async () => {
      await page.close();
      // There is one on this host, which the agent of the machine sees.
      const camera = kiosk.world.camera.url.replace('127.0.0.1', HOST);
      const program = await readFile(new URL('./stranger.ts', import.meta.url));
      await machine.bring('/srv/stranger.ts', program);
      const command = `/usr/lib/vantay/bin/node /srv/stranger.ts ${DIARY} ${camera}`;
      await machine.shell(
        `systemctl mask --runtime vantay; systemctl stop vantay; systemd-run -q ${command}`,
      );
    });

    it('keeps other addresses, other machines, downloads and developer tools away', async () => {
      await tries('f', 'e', 'd');
      await says('8422 /fetched');
      await says('not elsewhere');
      await says('8420 /file');
      expect(await machine.shell('find /run/vantay-screen/ -name "stranger*"')).toBe('');
      const before = await monitor.picture();
      await monitor.press('f12');
      const refused = async () => (await difference(before, await monitor.picture())) > ALIKE;
      await until('the browser says no', refused);
      await writeFile(join(ARTEFACTS, 'developer-tools.png'), await monitor.picture());
      await monitor.press('ret');
      await until('it is read', async () => !(await refused()));
      await monitor.press('g');
      await until('the browser says no', refused);
      await writeFile(join(ARTEFACTS, 'another-address.png'), await monitor.picture());
      const said = await diary();
      expect(said).not.toContain('8422 /navigated');
      expect(said.filter(line => /^\d+x\d+$/.test(line)).at(-1)).toBe(PAGE_SIZE);
    });

    it('and without the policies does not: the trial would see it', async () => {
      await machine.shell(`mv ${POLICY} /srv/`);
      await tries('g');
      await says('8422 /navigated');
    });
  });
});
