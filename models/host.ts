/**
 * Entry of the model process: loads the graphs, then answers one call at a time over the IPC channel of its parent.
 * It keeps nothing of a call once it is answered, and ends with its parent.
 */
import { constants } from 'node:os';
import sharp from 'sharp';
import { answerCalls, becomeChild, describe, send } from './child.ts';
import { ModelError } from './error.ts';
import type { FaceModels } from './face/index.ts';
import type { FingerModels } from './finger/types.ts';
import type { CallMessage, Failure, Side } from './protocol.ts';

type Loaded<T> = { readonly models: T } | { readonly failure: Failure };

/** A side that does not load must not take the other along. */
async function load<T>(side: Side, loader: () => Promise<T>): Promise<Loaded<T>> {
  try {
    return { models: await loader() };
  } catch (error) {
    return { failure: { side, ...describe(error) } };
  }
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
    case 'finger.matchMinutiae':
      return (loaded.models as FingerModels).matchMinutiae(
        ...(args as Parameters<FingerModels['matchMinutiae']>),
      );
    case 'face.analyse':
      return (loaded.models as FaceModels).analyse(...(args as Parameters<FaceModels['analyse']>));
    case 'face.compare':
      return (loaded.models as FaceModels).compare(...(args as Parameters<FaceModels['compare']>));
    default:
      throw new ModelError('MODEL_INPUT', `there is no call ${side}.${method}`);
  }
}

becomeChild(constants.priority.PRIORITY_BELOW_NORMAL);

// libvips would keep decoded pictures of earlier calls.
sharp.cache(false);
sharp.concurrency(1);

const finger = await load('finger', async () => (await import('./finger/index.ts')).loadFingerModels());
const [, , profile] = process.argv;
const face = await load('face', async () =>
  (await import('./face/index.ts')).loadFaceModels(profile === undefined ? {} : { profile }),
);

answerCalls(message => call(message, finger, face));

send({
  kind: 'ready',
  cards: [finger, face].flatMap(loaded => ('models' in loaded ? loaded.models.cards : [])),
  failures: [finger, face].flatMap(loaded => ('failure' in loaded ? [loaded.failure] : [])),
});
