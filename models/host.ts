/**
 * Entry of the model process: loads the graphs, then answers one call at a time over the IPC channel of its parent.
 * It keeps nothing of a call once it is answered, and ends with its parent.
 */
import { constants, setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import sharp from 'sharp';
import { ModelError } from './error.ts';
import type { FaceModels } from './face/index.ts';
import type { FingerModels } from './finger/types.ts';
import type { CallMessage, Failure, HostMessage, Side } from './protocol.ts';

type Loaded<T> = { readonly models: T } | { readonly failure: Failure };

/** A side that does not load must not take the other along. */
async function load<T>(side: Side, loader: () => Promise<T>): Promise<Loaded<T>> {
  try {
    return { models: await loader() };
  } catch (error) {
    return { failure: { side, ...describe(error) } };
  }
}

/** Messages of ModelError speak of files and sizes, never of people; any other error might quote its input. */
function describe(error: unknown): Pick<Failure, 'code' | 'message'> {
  if (error instanceof ModelError) return { code: error.code, message: error.message };
  return {
    code: 'MODEL_INVALID',
    message: `unexpected ${error instanceof Error ? error.name : 'failure'} in the models`,
  };
}

async function call(
  { side, method, args }: CallMessage,
  finger: Loaded<FingerModels>,
  face: Loaded<FaceModels>,
) {
  const loaded = side === 'finger' ? finger : face;
  if ('failure' in loaded) throw new ModelError(loaded.failure.code, loaded.failure.message);
  switch (`${side}.${method}`) {
    case 'finger.extract':
      return (loaded.models as FingerModels).extract(...(args as Parameters<FingerModels['extract']>));
    case 'finger.extractEncoded':
      return (loaded.models as FingerModels).extractEncoded(
        ...(args as Parameters<FingerModels['extractEncoded']>),
      );
    case 'finger.match':
      return (loaded.models as FingerModels).match(...(args as Parameters<FingerModels['match']>));
    case 'face.analyse':
      return (loaded.models as FaceModels).analyse(...(args as Parameters<FaceModels['analyse']>));
    case 'face.compare':
      return (loaded.models as FaceModels).compare(...(args as Parameters<FaceModels['compare']>));
    default:
      throw new ModelError('MODEL_INPUT', `there is no call ${side}.${method}`);
  }
}

// A run blocks this thread, so a parent's end shows to another thread first: nothing may be left behind.
new Worker(new URL('./watchdog.ts', import.meta.url), { workerData: { parentPid: process.ppid } }).unref();
process.on('disconnect', () => process.exit(0));
// What Node would print of an error may quote its input.
process.on('uncaughtException', error => {
  process.stderr.write(`${describe(error).message}\n`);
  process.exit(1);
});
// Ctrl-C reaches the whole process group; the parent closes its models in its own order.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
// Devices and screen go first: a preview must not stutter while a print is compared.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

// libvips would keep decoded pictures of earlier calls.
sharp.cache(false);
sharp.concurrency(1);

const send = (message: HostMessage): void => {
  process.send?.(message);
};

const finger = await load('finger', async () => (await import('./finger/index.ts')).loadFingerModels());
const [, , profile] = process.argv;
const face = await load('face', async () =>
  (await import('./face/index.ts')).loadFaceModels(profile === undefined ? {} : { profile }),
);

let last: Promise<void> = Promise.resolve();
process.on('message', (message: CallMessage) => {
  last = last.then(async () => {
    try {
      send({ kind: 'answer', id: message.id, value: await call(message, finger, face) });
    } catch (error) {
      send({ kind: 'error', id: message.id, ...describe(error) });
    }
  });
});

send({
  kind: 'ready',
  cards: [finger, face].flatMap(loaded => ('models' in loaded ? loaded.models.cards : [])),
  failures: [finger, face].flatMap(loaded => ('failure' in loaded ? [loaded.failure] : [])),
});
