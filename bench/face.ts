/** What a camera frame costs the models, on one thread, and how closely the screen follows a face before the camera. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FaceStage, takeFace } from '../agent/pipeline/face.ts';
import type { FrameSource } from '../agent/pipeline/ports.ts';
import { type FaceModels, loadFaceModels } from '../models/face/index.ts';
import { startModels } from '../models/index.ts';
import { type FacePose, faceFrame, facePeople } from '../sim/people/face/frames.ts';
import { type Bench, durations, type Figure, type Progress } from './figures.ts';

/** Frames before the measurement: the just-in-time compiler and the caches settle. */
const WARM_UP = 10;
const RUNS = 60;
const COMPARISONS = 20_000;
/** Of an embedding. */
const VALUES = 512;
/** Of the camera, twice what the preview has to keep up with. */
const CAMERA_FRAMES_PER_SECOND = 30;
const FOLLOWED_SECONDS = 8;
const MODEL_DEADLINE_MS = 60_000;
/** Of the processor time that Linux counts: USER_HZ, 100 on every architecture this runs on. */
const TICK_MS = 10;

/** Processor time in milliseconds, all threads of this process: time another process has the core is not in it. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const rounded = (value: number): number => Math.round(value * 1e5) / 1e5;

/** The least is what the code costs; a core shared with others makes the same work dearer, which the median shows. */
const leastAndMedian = (id: string, measured: readonly number[]): Figure[] => {
  const sorted = measured.toSorted((a, b) => a - b);
  return [
    { id: `${id}.least`, value: rounded(sorted[0] ?? Number.NaN), unit: 'ms', runs: sorted.length },
    {
      id: `${id}.median`,
      value: rounded(sorted[sorted.length >> 1] ?? Number.NaN),
      unit: 'ms',
      runs: sorted.length,
    },
  ];
};

export const faceBench: Bench = {
  name: 'face',
  summary:
    'processor time of a frame from JPEG to full result and of a comparison, and how a face is followed',
  async run(progress) {
    return [...(await costFigures(progress)), ...(await followFigures(progress))];
  },
};

async function costFigures(progress: Progress): Promise<Figure[]> {
  const models = await loadFaceModels();
  const face = await frameCosts(models, 'neutral', true, progress);
  const still = await frameCosts(models, 'neutral', false, progress);
  const empty = await frameCosts(models, 'nobody', true, progress);
  const vector = Float32Array.from({ length: VALUES }, (_, i) => Math.sin(i));
  const compareMs = await cpuMs(async () => {
    for (let i = 0; i < COMPARISONS; i += 1) models.compare(vector, vector);
  });
  return [
    ...leastAndMedian('face_frame_cpu', face),
    ...leastAndMedian('face_still_cpu', still),
    ...leastAndMedian('face_empty_frame_cpu', empty),
    {
      id: 'face_compare_cpu.mean',
      value: rounded(compareMs / COMPARISONS),
      unit: 'ms',
      runs: COMPARISONS,
    },
  ];
}

async function frameCosts(
  models: FaceModels,
  pose: FacePose,
  live: boolean,
  progress: Progress,
): Promise<number[]> {
  progress(`${pose}, ${live ? 'live' : 'still'}: ${RUNS} frames`);
  const jpegs = await everybody(pose);
  const measured: number[] = [];
  for (let run = 0; run < WARM_UP + RUNS; run += 1) {
    const jpeg = jpegs[run % jpegs.length];
    if (jpeg) measured.push(await cpuMs(() => models.analyse(jpeg, { live })));
  }
  return measured.slice(WARM_UP);
}

const everybody = (pose: FacePose): Promise<Uint8Array[]> =>
  Promise.all(Array.from({ length: facePeople }, (_, person) => faceFrame(person, pose, person)));

/** The portrait step on the real model process, before somebody who never pleases it, so that it looks on. */
async function followFigures(progress: Progress): Promise<Figure[]> {
  progress(`following a face for ${FOLLOWED_SECONDS} s`);
  await using models = await startModels({ deadlineMs: MODEL_DEADLINE_MS });
  const camera = new SteadyCamera(
    await Promise.all(Array.from({ length: CAMERA_FRAMES_PER_SECOND }, (_, i) => faceFrame(0, 'smile', i))),
  );
  const stage: FaceStage = {
    camera,
    engine: models.face,
    minimumQuality: Number.POSITIVE_INFINITY,
    lenientAfterMs: Number.POSITIVE_INFINITY,
    liveness: { mode: 'off', sameFaceScore: 1, challengeMs: 1, passiveThreshold: null },
  };
  const until = AbortSignal.timeout(FOLLOWED_SECONDS * 1000);
  const cpuBeforeMs = await cpuOfProcess(models.health.pid);
  const delays: number[] = [];
  try {
    for await (const { kind } of takeFace(stage, until)) {
      if (kind === 'live') delays.push(performance.now() - camera.sentAtMs);
    }
  } catch (error) {
    if (!until.aborted) throw error;
  }
  const cpuMsEach = ((await cpuOfProcess(models.health.pid)) - cpuBeforeMs) / delays.length;
  const runs = delays.length;
  return [
    { id: 'face_followed.rate', value: rounded(runs / FOLLOWED_SECONDS), unit: '1/s', runs },
    ...durations('face_frame_to_outline', delays),
    { id: 'face_followed_cpu.mean', value: rounded(cpuMsEach), unit: 'ms', runs },
  ];
}

/** Sends the newest of its frames at each tick, as a camera feed does: who is slow misses some. */
class SteadyCamera implements FrameSource {
  readonly identity = { driver: 'bench', model: 'camera', serial: '1', location: 'bench' };
  readonly #jpegs: readonly Uint8Array[];
  sentAtMs = 0;

  constructor(jpegs: readonly Uint8Array[]) {
    this.#jpegs = jpegs;
  }

  async *frames(signal: AbortSignal) {
    const tickMs = 1000 / CAMERA_FRAMES_PER_SECOND;
    for (let sequence = 0; ; sequence += 1) {
      await sleep(tickMs - (performance.now() % tickMs), undefined, { signal });
      const jpeg = this.#jpegs[sequence % this.#jpegs.length];
      if (!jpeg) return;
      this.sentAtMs = performance.now();
      yield { jpeg, sequence, arrivedAtMs: this.sentAtMs };
    }
  }
}

/** Processor time of a process so far, in milliseconds: fields utime and stime of /proc/PID/stat (proc(5)). */
async function cpuOfProcess(pid: number | undefined): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field, the name in brackets, may hold spaces; utime and stime are the 12th and 13th after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
