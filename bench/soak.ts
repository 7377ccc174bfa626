/** Visits one after the other for a long time at one agent: what it needs may not grow, and what it opens it has to close. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FingerStudio, type Person, simulatedPerson } from '../sim/people/index.ts';
import { visit } from '../sim/visitor/visit.ts';
import { type AgentProcess, startAgentProcess } from '../sim/world/agent-process.ts';
import { recordOf } from '../sim/world/record.ts';
import { startWorld, type World } from '../sim/world/world.ts';
import { type Bench, counted, type Figure, measured, type Progress, worst } from './figures.ts';
import type { Sample } from './soak/probe.ts';
import { type Point, slopeOf } from './soak/slope.ts';

const PROBE = fileURLToPath(new URL('soak/probe.ts', import.meta.url));

/** Length of the trial and of its beginning that does not count, in minutes. */
interface Length {
  readonly minutes: number;
  readonly warmUpMinutes: number;
}

const FULL = { minutes: 30, warmUpShare: 1 / 3 };
const SMALL: Length = { minutes: 0.4, warmUpMinutes: 0.1 };
/** However slow the machine is: fewer say nothing of a slope. */
const FEWEST_VISITS = 6;
/** Between two visits: until what a visit needed is let go of, and for the look at what is left, in milliseconds. */
const SETTLE_MS = 400;
const LOOK_MS = 300;
/** As quick as a visitor can be: the kiosk is never idle. */
const REACTION_MS = 20;
/** A visit on a machine that has much else to do, in milliseconds. */
const VISIT_DEADLINE_MS = 600_000;
/** The last one is not in the immigration database. */
const VISITORS = 3;
/** What a kiosk serves in an hour at most: three minutes a visitor. The trial is so many times faster than an office. */
const SERVED_AN_HOUR = 20;
/** One in so many visitors walks away at the camera. */
const LEAVES = 5;

/** Processes of an agent, by their main module, and what the figures call them. */
const PROCESSES = { main: 'agent', host: 'models' } as const;

export const soakBench: Bench = {
  name: 'soak',
  summary: 'visits at full rate: memory, descriptors, pauses of the main process (--minutes N)',
  async run(progress, { small, minutes }) {
    const whole = minutes ?? FULL.minutes;
    const length = small ? SMALL : { minutes: whole, warmUpMinutes: whole * FULL.warmUpShare };
    const folder = await mkdtemp(join(tmpdir(), 'vantay-soak-'));
    try {
      return await soak(folder, length, progress);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function soak(folder: string, length: Length, progress: Progress): Promise<Figure[]> {
  const samplesFile = join(folder, 'samples');
  await using studio = new FingerStudio();
  await using world = await startWorld({ folder: join(folder, 'world'), screenPort: 0 });
  const people = Array.from({ length: VISITORS }, (_, seed) => simulatedPerson(seed + 1, studio));
  const signal = AbortSignal.timeout(length.minutes * 60_000 + FEWEST_VISITS * VISIT_DEADLINE_MS);
  for (const person of people) {
    await person.prepare(signal);
    if (person !== people.at(-1)) world.registry.addRecord(await recordOf(person, signal));
  }
  const agent = await startAgentProcess(world.configFile, world.logFile, {
    env: {
      ...process.env,
      NODE_OPTIONS: `--import ${PROBE}`,
      SOAK_FILE: samplesFile,
    },
  });
  let served: readonly number[];
  try {
    served = await serve(world, agent, people, length, progress, signal);
  } finally {
    await agent[Symbol.asyncDispose]();
  }
  if (!agent.eventLoopDelay) throw new Error('the agent did not stop in peace');
  const samples = (await readFile(samplesFile, 'utf8'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Sample);
  return [
    counted('visits', served.length, 1),
    measured('office_hours', served.length / SERVED_AN_HOUR, 'hours', 1),
    measured('visits_an_hour', (served.length / length.minutes) * 60, 'count', 1),
    ...Object.entries(PROCESSES).flatMap(([who, name]) =>
      processFigures(
        name,
        samples.filter(sample => sample.who === who),
        length,
      ),
    ),
    worst('event_loop_pause.p99', [agent.eventLoopDelay.p99Ms]),
    worst('event_loop_pause.max', [agent.eventLoopDelay.maxMs]),
  ];
}

/** Visitors in turn until the time is over. How long each visit took, milliseconds. */
async function serve(
  world: World,
  agent: AgentProcess,
  people: readonly Person[],
  { minutes }: Length,
  progress: Progress,
  signal: AbortSignal,
): Promise<number[]> {
  const untilMs = performance.now() + minutes * 60_000;
  const tookMs: number[] = [];
  while (performance.now() < untilMs || tookMs.length < FEWEST_VISITS) {
    const person = people[tookMs.length % people.length]!;
    const leaves = tookMs.length % LEAVES === LEAVES - 1;
    const startedMs = performance.now();
    await oneVisit(world, agent.screen, person, leaves, signal);
    tookMs.push(performance.now() - startedMs);
    await look(agent.pid, signal);
    if (tookMs.length % 10 === 0)
      progress(
        `${tookMs.length} visits, ${((untilMs - performance.now()) / 60_000).toFixed(1)} minutes to go`,
      );
  }
  return tookMs;
}

/** Has the agent and its model process say what they need now. */
async function look(pid: number, signal: AbortSignal): Promise<void> {
  await sleep(SETTLE_MS, undefined, { signal });
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  for (const one of [pid, ...children.trim().split(' ').map(Number)]) process.kill(one, 'SIGUSR2');
  await sleep(LOOK_MS, undefined, { signal });
}

async function oneVisit(
  world: World,
  screen: string,
  person: Person,
  leaves: boolean,
  signal: AbortSignal,
): Promise<void> {
  world.visitor = person;
  const { identity } = person;
  const trace = await visit(
    screen,
    {
      person,
      manner: {},
      stage: world.stage,
      present: lines => void world.reader.present(lines),
      reactionMs: REACTION_MS,
      contact: { mobile: identity.mobile, email: identity.email },
      missing: new Map(),
      ...(leaves ? { leavesAt: 'face' } : {}),
      deadlineMs: VISIT_DEADLINE_MS,
      waitForDelivery: true,
    },
    signal,
  );
  const wanted = leaves ? 'cancelled' : 'finished';
  if (trace.endReason !== wanted) throw new Error(`a visit ended as ${trace.endReason}, not ${wanted}`);
}

/** What one process needed, and how that changed after the warm-up. */
function processFigures(name: string, samples: readonly Sample[], length: Length): Figure[] {
  if (new Set(samples.map(({ pid }) => pid)).size !== 1)
    throw new Error(`the process "${name}" did not live through the trial`);
  const first = samples[0]?.atSeconds ?? 0;
  const warm = samples.filter(({ atSeconds }) => atSeconds - first > length.warmUpMinutes * 60);
  const runs = warm.length;
  const slope = (figure: string, points: readonly Point[]): Figure[] => {
    const { perHour, low, high } = slopeOf(points);
    return [
      measured(`${name}.${figure}`, perHour, 'MiB', runs),
      measured(`${name}.${figure}.low`, low, 'MiB', runs),
      measured(`${name}.${figure}.high`, high, 'MiB', runs),
    ];
  };
  const mebibytesAnHour = (of: (sample: Sample) => number, figure: string): Figure[] => {
    const values = warm.map(sample => of(sample) / 2 ** 20);
    const ofTrial = values.map((value, at) => ({ atSeconds: warm[at]!.atSeconds, value }));
    // There is one look after each visit.
    const ofOffice = values.map((value, at) => ({ atSeconds: (at * 3600) / SERVED_AN_HOUR, value }));
    return [...slope(`${figure}_an_hour`, ofTrial), ...slope(`${figure}_an_office_hour`, ofOffice)];
  };
  const descriptors = warm.map(sample => sample.descriptors).sort((a, b) => a - b);
  return [
    ...mebibytesAnHour(({ heapBytes, codeBytes }) => heapBytes - codeBytes, 'heap_without_code'),
    ...mebibytesAnHour(({ heapBytes }) => heapBytes, 'heap'),
    ...mebibytesAnHour(({ heapBytes, externalBytes }) => heapBytes + externalBytes, 'heap_and_external'),
    ...mebibytesAnHour(({ residentBytes }) => residentBytes, 'resident'),
    measured(`${name}.resident.last`, (samples.at(-1)?.residentBytes ?? 0) / 2 ** 20, 'MiB', 1),
    counted(`${name}.descriptors.min`, descriptors[0] ?? 0, runs),
    counted(`${name}.descriptors.max`, descriptors.at(-1) ?? 0, runs),
    counted(`${name}.descriptors.last`, samples.at(-1)?.descriptors ?? 0, 1),
  ];
}
