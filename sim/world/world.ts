/** Everything around a kiosk, simulated on real wires: devices, broker, registry, backend, keys, and the configuration. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type SimulatedBackend, startBackend } from '../backend/backend.ts';
import { type SimulatedBroker, startBroker } from '../broker/broker.ts';
import { type SimulatedCamera, startCamera } from '../camera/server.ts';
import type { Person } from '../people/index.ts';
import { makePki } from '../pki/make.ts';
import { serviceKeys } from '../pki/use.ts';
import { type SimulatedReader, startReader } from '../reader/reader.ts';
import { type SimulatedRegistry, startRegistry } from '../registry/registry.ts';
import { type SimulatedSensor, startSensor } from '../sensor/sensor.ts';
import { emptyRoom, liveFrame } from './portrait.ts';
import { Stage } from './stage.ts';

/** As fast as a kiosk's preview has to follow (frames a second). */
const CAMERA_FPS = 15;

const OFFICE = 'hanoi-01';
const KIOSK = 'kiosk-01';

export interface WorldOptions {
  /** Folder of keys, links to the devices, configuration and the agent's state. */
  readonly folder: string;
  /** Port of the kiosk page; 0 takes any free one. */
  readonly screenPort: number;
  /** Changes to the configuration the agent gets. */
  readonly config?: Record<string, unknown>;
}

export interface World extends AsyncDisposable {
  readonly stage: Stage;
  /** Who stands before the kiosk; null for nobody. */
  visitor: Person | null;
  readonly sensor: SimulatedSensor;
  readonly camera: SimulatedCamera;
  readonly reader: SimulatedReader;
  readonly broker: SimulatedBroker;
  readonly registry: SimulatedRegistry;
  readonly backend: SimulatedBackend;
  readonly configFile: string;
  readonly logFile: string;
}

export async function startWorld({ folder, screenPort, config }: WorldOptions): Promise<World> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await using starting = new AsyncDisposableStack();
  const stage = new Stage();
  const keys = join(folder, 'keys');
  const pki = await makePki(keys, { office: OFFICE, kiosk: KIOSK });
  const broker = starting.use(await startBroker());
  const access = { url: broker.url };
  const registry = starting.use(await startRegistry({ broker: access, keys: serviceKeys(keys, 'registry') }));
  const backend = starting.use(
    await startBackend({
      broker: access,
      keys: serviceKeys(keys, 'backend'),
      store: join(folder, 'backend.sqlite'),
    }),
  );
  const sensor = starting.use(startSensor({ finger: () => stage.finger, link: join(folder, 'tty-finger') }));
  const reader = starting.use(startReader({ link: join(folder, 'tty-document') }));
  let visitor: Person | null = null;
  let variation = 0;
  const camera = starting.use(
    await startCamera({
      framesPerSecond: CAMERA_FPS,
      nextFrame: () => {
        variation += 1;
        return visitor ? liveFrame(visitor, stage.pose, variation) : emptyRoom(variation);
      },
    }),
  );
  const configFile = join(folder, 'agent.yaml');
  const settings = {
    office: OFFICE,
    kiosk: KIOSK,
    stateDir: join(folder, 'state'),
    screen: { port: screenPort },
    mqtt: { url: broker.url },
    keys: {
      trustRootFile: pki.root.chain,
      certificateChainFile: pki.kiosk.signing.chain,
      signingKeyFile: pki.kiosk.signing.key,
      backendEncryptionKeyFile: pki.backend.encryptionPublic,
      registryEncryptionKeyFile: pki.registry.encryptionPublic,
    },
    devices: {
      fingerScanner: { kind: 'r30x', path: sensor.path },
      camera: { kind: 'mjpeg-http', url: camera.url },
      documentReader: { kind: 'serial-mrz', path: reader.path },
    },
    ...config,
  };
  await writeFile(configFile, stringify(settings), { mode: 0o600 });
  const running = starting.move();
  return {
    stage,
    get visitor() {
      return visitor;
    },
    set visitor(person) {
      visitor = person;
    },
    sensor,
    camera,
    reader,
    broker,
    registry,
    backend,
    configFile,
    logFile: join(folder, 'agent.log'),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
