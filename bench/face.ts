/** What a camera frame costs the model process: one thread, frames of the synthetic people as the kiosk gets them. */
import { loadFaceModels } from '../models/face/index.ts';
import { type FacePose, faceFrame, facePeople } from '../sim/people/face/frames.ts';
import type { Bench, Figure } from './figures.ts';

/** Frames before the measurement: the just-in-time compiler and the caches settle. */
const WARM_UP = 10;
const RUNS = 60;
const COMPARISONS = 20_000;
/** Of an embedding. */
const VALUES = 512;

/** Processor time in milliseconds, all threads of this process: time another process has the core is not in it. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const figure = (id: string, value: number, runs: number): Figure => ({
  id,
  value: Math.round(value * 1e5) / 1e5,
  unit: 'ms',
  runs,
});

/** The least is what the code costs; a core shared with others makes the same work dearer, which the median shows. */
const leastAndMedian = (id: string, measured: readonly number[]): Figure[] => {
  const sorted = measured.toSorted((a, b) => a - b);
  return [
    figure(`${id}.least`, sorted[0] ?? Number.NaN, sorted.length),
    figure(`${id}.median`, sorted[sorted.length >> 1] ?? Number.NaN, sorted.length),
  ];
};

export const faceBench: Bench = {
  name: 'face',
  summary: 'processor time of a frame from JPEG to full result, with a face and without, and of a comparison',
  async run(progress) {
    const models = await loadFaceModels();
    const analyse = async (pose: FacePose): Promise<number[]> => {
      progress(`${pose}: ${RUNS} frames`);
      const jpegs = await Promise.all(
        Array.from({ length: facePeople }, (_, person) => faceFrame(person, pose, person)),
      );
      const measured: number[] = [];
      for (let run = 0; run < WARM_UP + RUNS; run += 1) {
        const jpeg = jpegs[run % jpegs.length];
        if (jpeg) measured.push(await cpuMs(() => models.analyse(jpeg)));
      }
      return measured.slice(WARM_UP);
    };
    const [face, empty] = [await analyse('neutral'), await analyse('nobody')];
    const vector = Float32Array.from({ length: VALUES }, (_, i) => Math.sin(i));
    const compareMs = await cpuMs(async () => {
      for (let i = 0; i < COMPARISONS; i += 1) models.compare(vector, vector);
    });
    return [
      ...leastAndMedian('face_frame_cpu', face),
      ...leastAndMedian('face_empty_frame_cpu', empty),
      figure('face_compare_cpu.mean', compareMs / COMPARISONS, COMPARISONS),
    ];
  },
};
