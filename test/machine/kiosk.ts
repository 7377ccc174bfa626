/** A kiosk that is a machine of its own, in an office on this host: broker, registry, backend and a visitor's hand. */
import { mkdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import { parse, stringify } from 'yaml';
import type { KioskState } from '../../agent/contract/uplink.ts';
import { connectClient } from '../../sim/broker/client.ts';
import { pkiPaths } from '../../sim/pki/paths.ts';
import { signRequest } from '../../sim/pki/sign-request.ts';
import type { VisitTrace } from '../../sim/visitor/visit.ts';
import { ADDRESS, keyFolder, startWorld, type World } from '../../sim/world/world.ts';
import { Visitors } from '../fixtures/visitors.ts';
import { guestKernel, initialRamdisk } from '../guest/kernel.ts';
import { machineImage } from './image.ts';
import { type Display, type Machine, type MachineParts, SCREEN_PORT } from './machine.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
/** Where the machine finds this host. */
export const HOST = '10.0.2.2';
/** Longest wait for something that has to come; the machine is slow and its host may be busy. */
const PATIENCE_MS = 900_000;
const VISIT_DEADLINE_MS = 600_000;
/** What the package suggests for a kiosk with a screen. */
const SHOWN_BY = ['cage', 'chromium', 'seatd'];
const CONFIG = '/etc/vantay/agent.yaml';
const KEYS = '/etc/vantay/keys';
/** As the service: its user, and the group that may use the TPM. */
const AS_VANTAY = 'setpriv --reuid=vantay --regid=vantay --groups="$(getent group tss | cut -d: -f3)"';

export class MachineKiosk implements AsyncDisposable {
  readonly world: World;
  readonly visitors: Visitors;
  /** Keys of the office, on this host. */
  readonly keys: string;
  readonly parts: MachineParts;
  readonly #running: AsyncDisposable;
  #state: KioskState | null = null;

  private constructor(
    parts: MachineParts,
    office: { world: World; visitors: Visitors; observer: MqttClient; keys: string },
    running: AsyncDisposable,
  ) {
    this.parts = parts;
    this.world = office.world;
    this.visitors = office.visitors;
    this.keys = office.keys;
    this.#running = running;
    office.observer.on('message', (_topic, payload) => {
      this.#state = JSON.parse(payload.toString()) as KioskState;
    });
  }

  /** The office and the machine's parts; the machine is still off. @param folder an empty one */
  static async prepare(folder: string, display?: Display): Promise<MachineKiosk> {
    await using starting = new AsyncDisposableStack();
    const kernel = await guestKernel(join(REPOSITORY, '.state/guest'));
    const debs = join(REPOSITORY, 'artefacts/package');
    const [name, more] = display ? ['display', SHOWN_BY] : ['plain', []];
    const disk = await machineImage({ debs, kernel, more }, join(REPOSITORY, '.state/machine', name));
    const ports = { shell: await freePort(), screen: await freePort() };
    const home = join(folder, 'office');
    const world = starting.use(
      await startWorld({
        folder: home,
        // A browser there knows the one port, a hand here comes by another.
        screenPort: display ? SCREEN_PORT : ports.screen,
        config: { visit: { fingers: ['right_index'] } },
      }),
    );
    const visitors = starting.use(new Visitors(world, VISIT_DEADLINE_MS));
    await visitors.prepare();
    const observer = await connectClient({ url: world.brokerUrl }, 'observer');
    starting.defer(() => observer.endAsync(true));
    await observer.subscribeAsync(`vantay/1/${ADDRESS.office}/${ADDRESS.kiosk}/state`, { qos: 1 });
    const machine = join(folder, 'machine');
    await mkdir(machine);
    const parts = {
      kernel,
      ramdisk: await initialRamdisk(kernel, machine, {
        init: new URL('./init', import.meta.url),
        modules: ['virtio_pci', 'virtio_blk', 'ext4'],
      }),
      ...{ disk, ports, folder: machine },
      adapters: { FINGER: world.sensor.path, DOCUMENT: world.reader.path },
      ...(display && { display }),
    };
    const office = { world, visitors, observer, keys: keyFolder(home) };
    return new MachineKiosk(parts, office, starting.move());
  }

  /** What an operator writes before the key is made. */
  async configure(machine: Machine): Promise<void> {
    const settings = parse(await readFile(this.world.configFile, 'utf8')) as Record<string, object>;
    const elsewhere = JSON.stringify(settings).replaceAll('127.0.0.1', HOST);
    const config = JSON.parse(elsewhere) as Record<string, object>;
    const file = (name: string) => join(KEYS, name);
    const { port } = settings.screen as { port: number };
    await machine.bring('/etc/trial-screen', `PORT=${port}\n`);
    await machine.bring(
      CONFIG,
      stringify({
        ...config,
        stateDir: '/var/lib/vantay',
        keys: {
          ...{ trustRootFile: file('root.pem'), certificateChainFile: file('kiosk.pem') },
          ...{
            backendEncryptionKeyFile: file('backend.jwks'),
            registryEncryptionKeyFile: file('registry.jwks'),
          },
          tpm2: {},
        },
        devices: {
          ...config.devices,
          fingerScanner: { kind: 'r30x', path: 'usb:0403:6001:FINGER' },
          documentReader: { kind: 'serial-mrz', path: 'usb:0403:6001:DOCUMENT' },
        },
      }),
    );
    await machine.shell(
      `chown root:vantay ${CONFIG}; chmod 640 ${CONFIG}; install -d -o vantay -g vantay -m 700 ${KEYS}`,
    );
  }

  /** Makes the key in the machine's TPM and has the office's authority certify it. */
  async provision(machine: Machine): Promise<void> {
    const request = await machine.shell(`${AS_VANTAY} vantay provision request --config ${CONFIG}`);
    const { root, backend, registry } = pkiPaths(this.keys, ADDRESS.office, ADDRESS.kiosk);
    const delivered = {
      chain: await signRequest(this.keys, `${request}\n`, { office: ADDRESS.office }),
      root: await readFile(root.chain, 'utf8'),
      'backend-key': await readFile(backend.encryptionPublic, 'utf8'),
      'registry-key': await readFile(registry.encryptionPublic, 'utf8'),
    };
    const options: string[] = [];
    for (const [name, text] of Object.entries(delivered)) {
      await machine.bring(`/run/delivered/${name}`, text);
      options.push(`--${name} /run/delivered/${name}`);
    }
    await machine.shell(
      `chown -R vantay /run/delivered; ${AS_VANTAY} vantay provision install --config ${CONFIG} ${options.join(' ')}; sync`,
    );
  }

  /** Until the service is ready and the broker has heard of it. Its boot number. */
  async ready(machine: Machine, after = 0): Promise<number> {
    await until('the service is ready', async () => {
      const active = await machine.shell('systemctl show vantay --value -p ActiveState');
      return active === 'active' && this.#state?.state === 'online' && this.#state.boot > after;
    });
    return this.#state?.boot ?? 0;
  }

  /** One visitor, from the first touch to the receipt. */
  async serve(machine: Machine): Promise<VisitTrace> {
    await until('the screen answers', async () => (await fetch(machine.screen)).ok);
    return this.visitors.serve(machine.screen);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]();
  }
}

/** @throws when it does not come true */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await sleep(1_000))
    if (await holds().catch(() => false)) return;
  throw new Error(`not in time: ${what}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise(resolve => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise(resolve => server.close(resolve));
  return port;
}
