import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import {
  type GrowthKernels,
  type Master,
  makeGrowthKernels,
  makeImpression,
  makeMaster,
} from './finger/index.ts';
import { readMaster, writeMaster } from './master-cache.ts';
import type { FingerKey, StudioAnswer, StudioTask } from './studio.ts';

/** Masters held in memory, 0.23 MB each: two people's fingers. */
const HELD_MASTERS = 20;

const { cacheFolder } = workerData as { cacheFolder: string };
const port = parentPort!;
const held = new Map<string, Master>();
let kernels: GrowthKernels | undefined;

// On Linux this is the thread's own priority: the devices that the main thread plays keep their time.
setPriority(5);

function master({ seed, patternClass }: FingerKey): Master {
  const key = `${seed}/${patternClass}`;
  let found = held.get(key) ?? readMaster(cacheFolder, seed, patternClass);
  if (!found) {
    kernels ??= makeGrowthKernels();
    found = makeMaster(seed, patternClass, kernels);
    writeMaster(cacheFolder, found);
  }
  // The newest last: what has not been asked for longest goes first.
  held.delete(key);
  held.set(key, found);
  if (held.size > HELD_MASTERS) held.delete(held.keys().next().value!);
  return found;
}

port.on('message', (task: StudioTask) => {
  try {
    const finger = master(task.finger);
    const impression = task.options ? makeImpression(finger, task.options) : undefined;
    const answer: StudioAnswer = { id: task.id, impression };
    port.postMessage(answer, impression ? [impression.image.pixels.buffer as ArrayBuffer] : []);
  } catch (error) {
    const answer: StudioAnswer = {
      id: task.id,
      error: error instanceof Error ? error.message : String(error),
    };
    port.postMessage(answer);
  }
});
