/** Devices pulled out at random bytes of their work and put back: a supervised driver has to go on by itself. */
import { getEventListeners } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { DeviceError } from '../../drivers/device.ts';
import { cameraOpener, readerOpener, scannerOpener } from '../../drivers/registry.ts';
import { type Supervisable, type Supervised, supervise } from '../../drivers/supervise.ts';
import { startCamera } from '../../sim/camera/server.ts';
import { startReader } from '../../sim/reader/reader.ts';
import { startSensor } from '../../sim/sensor/sensor.ts';
import { childrenOf } from '../../test/fixtures/owners.ts';
import type { Progress } from '../figures.ts';

export interface UnplugOutcome {
  /** From each replugging until the device was used with success, in milliseconds. */
  readonly recoveredMs: readonly number[];
  readonly leakedFiles: number;
  /** On the signal that all supervisions live under. */
  readonly leakedListeners: number;
  /** That own devices, or owned one and were not waited for. */
  readonly leakedProcesses: number;
}

/** One kind of device with what breaks it and what proves that it works. */
interface Trial extends AsyncDisposable {
  /** Uses it while it is pulled out at the n-th random point; rejects. */
  pull(n: number, signal: AbortSignal): Promise<unknown>;
  plug(): Promise<void> | void;
  /** Uses it once; resolves when it has worked. */
  use(signal: AbortSignal): Promise<unknown>;
}

const USE_DEADLINE_MS = 20_000;
const ASK_AGAIN_MS = 10;
/** Rounds before the files are counted first: what is loaded or opened once, is by then. */
const SETTLING_ROUNDS = 2;
/** A sensor's image on the wire: 288 packets of 139 bytes, and two acknowledgements of 12. */
const IMAGE_WIRE_BYTES = 288 * 139 + 24;

/** So many times in all, on a fingerprint sensor and a document reader (ptys) and a camera (a socket) side by side. */
export async function unplugMany(times: number, progress: Progress): Promise<UnplugOutcome> {
  const folder = await mkdtemp(join(tmpdir(), 'unplug-'));
  const end = new AbortController();
  const trials = [
    sensorTrial(folder, end.signal),
    readerTrial(folder, end.signal),
    await cameraTrial(end.signal),
  ];
  try {
    const recoveredMs: number[] = [];
    let before = await count(end.signal);
    const rounds = Math.ceil(times / trials.length);
    for (let round = 0; round < rounds; round += 1) {
      if (round === SETTLING_ROUNDS) before = await count(end.signal);
      if (round % 10 === 0) progress(`unplug: ${recoveredMs.length} of ${rounds * trials.length}`);
      recoveredMs.push(...(await Promise.all(trials.map(trial => once(trial, round)))));
    }
    const after = await count(end.signal);
    return {
      recoveredMs,
      leakedFiles: after.files - before.files,
      leakedListeners: after.listeners - before.listeners,
      leakedProcesses: after.processes - before.processes,
    };
  } finally {
    end.abort(new Error('the bench is over'));
    for (const trial of trials) await trial[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
}

async function once(trial: Trial, n: number): Promise<number> {
  const signal = AbortSignal.timeout(USE_DEADLINE_MS);
  await trial.use(signal);
  const failed = await trial.pull(n, signal).then(
    () => 'nothing',
    error => error,
  );
  if (!(failed instanceof DeviceError)) throw new Error(`unplugged, ${failed} came`, { cause: failed });
  const pluggedAtMs = performance.now();
  await trial.plug();
  for (;;) {
    try {
      await trial.use(signal);
      return performance.now() - pluggedAtMs;
    } catch (error) {
      // Whoever asks just when the device is found gone is told so; a visit asks again.
      if (!(error instanceof DeviceError) || signal.aborted) throw error;
      // One that will never be back says so at once.
      await sleep(ASK_AGAIN_MS);
    }
  }
}

/** Open files, listeners and children of this process, once nothing is on its way any more. */
async function count(signal: AbortSignal) {
  await sleep(500);
  return {
    files: (await readdir('/proc/self/fd')).length,
    listeners: getEventListeners(signal, 'abort').length,
    processes: childrenOf().length,
  };
}

/** A number below the limit that looks like chance and is the same each time. */
const scattered = (n: number, below: number): number => (n * 7_919 + 13) % below;

function sensorTrial(folder: string, signal: AbortSignal): Trial {
  const pixels = new Uint8Array(256 * 288).map((_, i) => i % 251);
  const sensor = startSensor({
    finger: () => ({ width: 256, height: 288, pixels }),
    link: join(folder, 'finger'),
  });
  const scanner = supervise(scannerOpener({ kind: 'r30x', path: sensor.path }), { signal });
  const use = (within: AbortSignal) => scanner.use((device, inner) => device.capture(inner), within);
  return {
    use,
    pull: (n, within) => {
      sensor.arm({ unplugAfterBytes: scattered(n, IMAGE_WIRE_BYTES) });
      return use(within);
    },
    plug: () => sensor.plug(),
    ...closing(scanner, sensor),
  };
}

function readerTrial(folder: string, signal: AbortSignal): Trial {
  const lines = [
    'P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<',
    'L898902C36UTO7408122F1204159ZE184226B<<<<<10',
  ];
  const text = lines.map(line => `${line}\r`).join('');
  const reader = startReader({ link: join(folder, 'reader') });
  const supervised = supervise(readerOpener({ kind: 'serial-mrz', path: reader.path }), { signal });
  const read = (within: AbortSignal) => supervised.use((device, inner) => device.read(inner), within);
  return {
    use: async within => {
      // A document laid down before the agent listens is lost; whoever sees no answer lays it down again.
      const again = setInterval(() => void reader.present(lines), 100);
      try {
        return await read(within);
      } finally {
        clearInterval(again);
      }
    },
    pull: async (n, within) => {
      const failed = read(within);
      failed.catch(() => {});
      await reader.sendGarbage(text.slice(0, scattered(n, text.length - 1)));
      await reader.unplug();
      // What was laid down twice before may be given once more.
      return failed.then(() => read(within));
    },
    plug: () => reader.plug(),
    ...closing(supervised, reader),
  };
}

async function cameraTrial(signal: AbortSignal): Promise<Trial> {
  const jpegs = await Promise.all(
    [60, 120, 180].map(level =>
      sharp({ create: { width: 320, height: 240, channels: 3, background: { r: level, g: 90, b: 40 } } })
        .jpeg()
        .toBuffer(),
    ),
  );
  let frame = 0;
  const camera = await startCamera({ nextFrame: async () => jpegs[frame++ % 3]!, framesPerSecond: 30 });
  const supervised = supervise(cameraOpener({ kind: 'mjpeg-http', url: camera.url }), { signal });
  const watch = (frames: number, within: AbortSignal) =>
    supervised.use(async (device, inner) => {
      let seen = 0;
      for await (const _ of device.frames(inner)) if (++seen === frames) return;
    }, within);
  return {
    use: within => watch(2, within),
    pull: async (n, within) => {
      const failed = watch(Number.POSITIVE_INFINITY, within);
      failed.catch(() => {});
      await sleep(scattered(n, 97));
      await camera.unplug();
      return failed;
    },
    plug: () => camera.plug(),
    ...closing(supervised, camera),
  };
}

const closing = <D extends Supervisable>(
  driver: Supervised<D>,
  device: AsyncDisposable,
): AsyncDisposable => ({
  async [Symbol.asyncDispose]() {
    await driver[Symbol.asyncDispose]();
    await device[Symbol.asyncDispose]();
  },
});
