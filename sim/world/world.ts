/** Everything around a kiosk, simulated on real wires: devices, broker, registry, backend, keys, and the configuration. */
import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type SimulatedBackend, startBackend } from '../backend/backend.ts';
import { type SimulatedBroker, startBroker } from '../broker/broker.ts';
import type { BrokerAccess } from '../broker/client.ts';
import { type SimulatedCamera, startCamera } from '../camera/server.ts';
import type { Person } from '../people/index.ts';
import { makePki } from '../pki/make.ts';
import { kioskTlsFiles, serviceKeys, tlsFiles } from '../pki/use.ts';
import { type SimulatedPrinter, startPrinter } from '../printer/printer.ts';
import { type SimulatedReader, startReader } from '../reader/reader.ts';
import { type SimulatedRegistry, startRegistry } from '../registry/registry.ts';
import { type SimulatedSensor, startSensor } from '../sensor/sensor.ts';
import { emptyRoom, liveFrame } from './portrait.ts';
import { startSlapScanner } from './slap-scanner.ts';
import { Stage } from './stage.ts';

/** As fast as a kiosk's preview has to follow (frames a second). */
const CAMERA_FPS = 15;

/** The one kiosk of the simulated world, as it stands in topics and certificates. */
export const ADDRESS = { office: 'hanoi-01', kiosk: 'kiosk-01' } as const;

/** Key of the kept records within the world's folder. */
export const recordsKeyFile = (folder: string): string => join(folder, 'records.key');

/** Folder of the trust set within the world's folder. */
export const keyFolder = (folder: string): string => join(folder, 'keys');

export interface WorldOptions {
  /** Folder of keys, links to the devices, configuration and the agent's state. */
  readonly folder: string;
  /** Port of the kiosk page; 0 takes any free one. */
  readonly screenPort: number;
  /** Changes to the configuration the agent gets. */
  readonly config?: Record<string, unknown>;
  /** The kiosk has a slap scanner with a device service in place of the sensor for single fingers. */
  readonly slapScanner?: boolean;
  /** A broker outside that speaks MQTT 5 with mutual TLS under this world's keys, in place of the embedded one. */
  readonly tlsBrokerUrl?: string;
}

export interface World extends AsyncDisposable {
  readonly stage: Stage;
  /** Who stands before the kiosk; null for nobody. */
  visitor: Person | null;
  readonly sensor: SimulatedSensor;
  readonly camera: SimulatedCamera;
  readonly reader: SimulatedReader;
  readonly printer: SimulatedPrinter;
  /** Null when the broker is somebody else's. */
  readonly broker: SimulatedBroker | null;
  readonly brokerUrl: string;
  readonly registry: SimulatedRegistry;
  readonly backend: SimulatedBackend;
  readonly configFile: string;
  readonly logFile: string;
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const { folder, screenPort, config, tlsBrokerUrl, slapScanner } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await using starting = new AsyncDisposableStack();
  const stage = new Stage();
  const keys = keyFolder(folder);
  const pki = await makePki(keys, ADDRESS);
  const broker = tlsBrokerUrl === undefined ? starting.use(await startBroker()) : null;
  const brokerUrl = broker?.url ?? tlsBrokerUrl ?? '';
  const access = (end: 'backend' | 'registry'): BrokerAccess =>
    broker ? { url: brokerUrl } : { url: brokerUrl, protocol: '5', tls: tlsFiles(keys, end) };
  const registry = starting.use(
    await startRegistry({ broker: access('registry'), keys: serviceKeys(keys, 'registry') }),
  );
  const backend = starting.use(
    await startBackend({
      broker: access('backend'),
      keys: serviceKeys(keys, 'backend'),
      store: join(folder, 'backend.sqlite'),
    }),
  );
  const sensor = starting.use(startSensor({ finger: () => stage.finger, link: join(folder, 'tty-finger') }));
  const slaps = slapScanner === true ? starting.use(await startSlapScanner(stage, folder)) : null;
  const reader = starting.use(startReader({ link: join(folder, 'tty-document') }));
  const printer = starting.use(await startPrinter());
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
  // A folder that is used again keeps its records.
  await writeFile(recordsKeyFile(folder), randomBytes(32).toString('base64'), {
    mode: 0o600,
    flag: 'wx',
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const configFile = join(folder, 'agent.yaml');
  const settings = {
    ...ADDRESS,
    stateDir: join(folder, 'state'),
    screen: { port: screenPort },
    mqtt: broker ? { url: brokerUrl } : { url: brokerUrl, protocol: '5', ...kioskFiles(keys) },
    keys: {
      trustRootFile: pki.root.chain,
      certificateChainFile: pki.kiosk.signing.chain,
      signingKeyFile: pki.kiosk.signing.key,
      backendEncryptionKeyFile: pki.backend.encryptionPublic,
      registryEncryptionKeyFile: pki.registry.encryptionPublic,
    },
    devices: {
      fingerScanner: slaps?.settings ?? { kind: 'r30x', path: sensor.path },
      camera: { kind: 'mjpeg-http', url: camera.url },
      documentReader: { kind: 'serial-mrz', path: reader.path },
      printer: { kind: 'escpos-tcp', host: '127.0.0.1', port: printer.port },
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
    printer,
    broker,
    brokerUrl,
    registry,
    backend,
    configFile,
    logFile: join(folder, 'agent.log'),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** The kiosk's end of mutual TLS, as its configuration names the files. */
function kioskFiles(keys: string) {
  const { ca, certificate, key } = kioskTlsFiles(keys, ADDRESS.office, ADDRESS.kiosk);
  return { caFile: ca, certificateFile: certificate, keyFile: key };
}
