/** What a camera frame costs the model process: one thread, frames of the synthetic people as the kiosk gets them. */
import { loadFaceModels } from '../models/face/index.ts';
import { type FacePose, faceFrame, facePeople } from '../sim/people/face/frames.ts';

/** One measured figure; `id` stays the same over releases, so that runs can be compared. */
export interface FaceFigure {
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly unit: 'ms' | 'us';
}

/** Frames before the measurement: the just-in-time compiler and the caches settle. */
const WARM_UP = 10;
const RUNS = 60;
const COMPARISONS = 20_000;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;

/** Processor time in milliseconds, all threads of this process: what another process does on the core hardly counts. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** Measures in this process, alone. The least of many runs is what the code costs; the median adds what the machine does besides. */
export async function benchFace(): Promise<readonly FaceFigure[]> {
  const models = await loadFaceModels();
  const frames = (pose: FacePose) =>
    Promise.all(Array.from({ length: facePeople }, (_, person) => faceFrame(person, pose, person)));
  const [good, empty] = [await frames('neutral'), await frames('nobody')];
  const times = async (jpegs: readonly Uint8Array[]): Promise<number[]> => {
    const found: number[] = [];
    for (let run = -WARM_UP; run < RUNS; run++) {
      const jpeg = jpegs[(run + WARM_UP) % jpegs.length];
      const ms = jpeg ? await cpuMs(() => models.analyse(jpeg)) : 0;
      if (run >= 0) found.push(ms);
    }
    return found;
  };
  const [withFace, withNobody] = [await times(good), await times(empty)];
  const vector = Float32Array.from({ length: 512 }, (_, i) => Math.sin(i));
  const compareMs = await cpuMs(async () => {
    for (let i = 0; i < COMPARISONS; i++) models.compare(vector, vector);
  });
  const ms = (id: string, what: string, value: number): FaceFigure => ({ id, what, value, unit: 'ms' });
  return [
    ms('face.frame.cpu.least', 'frame to full result, processor time, least of 60', Math.min(...withFace)),
    ms('face.frame.cpu.median', 'frame to full result, processor time, median of 60', median(withFace)),
    ms('face.empty.cpu.least', 'frame without a face, processor time, least of 60', Math.min(...withNobody)),
    {
      id: 'face.compare.cpu',
      what: 'one comparison, processor time, mean of 20,000',
      value: (1000 * compareMs) / COMPARISONS,
      unit: 'us',
    },
  ];
}
