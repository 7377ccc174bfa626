/** What a visit costs: the models' answers, sealing and delivery, and how long the main process ever stood still. */

import { startModels } from '../models/index.ts';
import { FingerStudio, simulatedPerson } from '../sim/people/index.ts';
import { play } from '../sim/play.ts';
import { SCENARIOS } from '../sim/scenarios/index.ts';
import { liveFrame, recordPortraits } from '../sim/world/portrait.ts';
import { type Bench, durations, type Figure, type Progress, timed, worst } from './figures.ts';
import { deliveryFigures } from './visit-delivery.ts';

/** How often each thing is done. */
interface Sizes {
  readonly faces: number;
  readonly fingers: number;
  readonly packets: number;
  readonly visits: number;
}

const FULL: Sizes = { faces: 40, fingers: 30, packets: 10, visits: 3 };
const SMALL: Sizes = { faces: 2, fingers: 2, packets: 1, visits: 1 };
/** Right index finger: ISO/IEC 19794-2 code 2. */
const RIGHT_INDEX = 2;
const MODEL_DEADLINE_MS = 60_000;

export const visitBench: Bench = {
  name: 'visit',
  summary: 'frame to face decision, print to match, seal and publish, pauses of the main process',
  async run(progress, { small }) {
    const { faces, fingers, packets, visits } = small ? SMALL : FULL;
    return [
      ...(await modelFigures(progress, faces, fingers)),
      ...(await deliveryFigures(progress, packets)),
      ...(await pauseFigures(progress, visits)),
    ];
  },
};

/** Through the model process, as the agent asks it. */
async function modelFigures(progress: Progress, faces: number, fingers: number): Promise<Figure[]> {
  await using models = await startModels({ deadlineMs: MODEL_DEADLINE_MS });
  await using studio = new FingerStudio();
  const person = simulatedPerson(1, studio);
  progress(`face: ${faces} frames`);
  const [portrait] = await recordPortraits(person);
  const reference = portrait && (await models.face.analyse(portrait)).face;
  if (!reference) throw new Error('no face in the reference portrait');
  const frames = await Promise.all(Array.from({ length: 8 }, (_, i) => liveFrame(person, 'neutral', i)));
  const face = await timed(faces, async run => {
    const { face: found } = await models.face.analyse(frames[run % frames.length]!);
    if (!found) throw new Error('no face in a frame');
    await models.face.compare(found.embedding, reference.embedding);
  });
  progress(`finger: ${fingers} images`);
  const prints = await Promise.all([0, 1, 2, 3].map(attempt => person.liveImpression(RIGHT_INDEX, attempt)));
  const [record] = await person.recordImpressions(RIGHT_INDEX);
  if (!record) throw new Error('no print in the record');
  const { template } = await models.finger.extract(record);
  const finger = await timed(fingers, async run => {
    const extraction = await models.finger.extract(prints[run % prints.length]!);
    await models.finger.match(extraction.template, [template]);
  });
  return [...durations('face_frame_to_decision', face), ...durations('finger_image_to_match', finger)];
}

/** Whole visits; the agent measures itself from the first touch to the last page, its start excluded. */
async function pauseFigures(progress: Progress, count: number): Promise<Figure[]> {
  const scenario = SCENARIOS.find(({ name }) => name === 'happy');
  if (!scenario) throw new Error('there is no scenario "happy"');
  const p99: number[] = [];
  const longest: number[] = [];
  const visits: number[] = [];
  for (let i = 0; i < count; i += 1) {
    progress(`visit ${i + 1} of ${count}`);
    const { complaint, eventLoopDelay, result } = await play({
      scenario,
      signal: new AbortController().signal,
    });
    if (complaint || !eventLoopDelay)
      throw new Error(`a visit went wrong: ${complaint ?? 'no pauses reported'}`);
    p99.push(eventLoopDelay.p99Ms);
    longest.push(eventLoopDelay.maxMs);
    visits.push(result.stages.reduce((sum, { ms }) => sum + ms, 0));
  }
  return [
    worst('event_loop_pause.p99', p99),
    worst('event_loop_pause.max', longest),
    ...durations('visit', visits),
  ];
}
