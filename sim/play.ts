/** Plays one visit on a whole simulated kiosk: the world, the agent as its own process, and the scripted hand. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  FINGER_CODES,
  FingerStudio,
  type Person,
  personFromFolder,
  positionName,
  simulatedPerson,
} from './people/index.ts';
import { resultOf, type VisitResult } from './scenarios/result.ts';
import type { Cast, Scenario } from './scenarios/scenario.ts';
import type { Manner } from './visitor/body.ts';
import type { TracedStage } from './visitor/trace.ts';
import { visit } from './visitor/visit.ts';
import { type AgentProcess, startAgentProcess } from './world/agent-process.ts';
import { recordServerSettings, startOffice } from './world/office.ts';
import { recordOf } from './world/record.ts';
import { recordsKeyFile, startWorld, type World } from './world/world.ts';

export interface PlayOptions {
  readonly scenario: Scenario;
  readonly signal: AbortSignal;
  /** Called as the kiosk is ready, and as each stage ends. */
  readonly onReady?: (screen: string) => void;
  readonly onStageEnd?: (stage: TracedStage) => void;
  /** Keeps keys, logs and state in this folder; else a temporary one is used and removed. */
  readonly folder?: string;
  readonly screenPort?: number;
  readonly config?: Record<string, unknown>;
  /** See {@link startWorld}. */
  readonly tlsBrokerUrl?: string;
}

export interface Played {
  readonly result: VisitResult;
  readonly complaint: string | null;
  /** Pauses of the agent's main process, milliseconds; null when it did not stop in peace. */
  readonly eventLoopDelay: AgentProcess['eventLoopDelay'];
}

/** Between what the screen says and what the visitor does, in milliseconds: a quick visitor, to keep runs short. */
const REACTION_MS = 60;
/** The visit's packet as the backend got it, in a folder that is kept. */
const SEALED_PACKET = 'packet.vsm';
/** Longest visit, in milliseconds. */
const VISIT_DEADLINE_MS = 300_000;

/** Longest time until a handful of records are on the kiosk, in milliseconds. */
const SYNC_DEADLINE_MS = 60_000;

const today = (): string => new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10);

export async function play(options: PlayOptions): Promise<Played> {
  const { scenario, signal } = options;
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'vantay-visit-')));
  try {
    await using studio = new FingerStudio();
    const cast = scenario.cast((seed, how) => simulatedPerson(seed, studio, { onDate: today(), ...how }));
    const world = await startWorld({
      folder,
      screenPort: options.screenPort ?? 0,
      slapScanner: scenario.slapScanner === true,
      ...(options.tlsBrokerUrl ? { tlsBrokerUrl: options.tlsBrokerUrl } : {}),
      config: {
        ...fingersOf(cast.visitor),
        ...(scenario.keepsRecords ? { records: { keyFile: recordsKeyFile(folder) } } : {}),
        ...(scenario.recordServer ? { recordServer: recordServerSettings(folder) } : {}),
        ...scenario.config,
        ...options.config,
      },
    });
    let agent: AgentProcess | null = null;
    let office: AsyncDisposable | null = null;
    let result: VisitResult;
    try {
      const furnishing = furnish(world, cast, signal);
      if (scenario.keepsRecords) await furnishing;
      if (scenario.recordServer) office = await startOffice(world, folder, cast.atOffice ?? [], signal);
      [agent] = await Promise.all([startAgentProcess(world.configFile, world.logFile), furnishing]);
      // A kiosk that keeps records has had the time to fetch them.
      if (scenario.keepsRecords) await within(agent.synchronised, SYNC_DEADLINE_MS, signal);
      options.onReady?.(agent.screen);
      result = await act(world, agent.screen, cast, options);
    } finally {
      await agent?.[Symbol.asyncDispose]();
      await office?.[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    }
    return { result, complaint: scenario.judge(result), eventLoopDelay: agent.eventLoopDelay };
  } finally {
    if (!options.folder) await rm(folder, { recursive: true, force: true });
  }
}

/** @throws the signal's reason, or TimeoutError */
async function within(what: Promise<void>, deadlineMs: number, signal: AbortSignal): Promise<void> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  const ended = Promise.withResolvers<never>();
  late.addEventListener('abort', () => ended.reject(late.reason), { once: true });
  await Promise.race([what, ended.promise]);
}

/** Puts the records into the database and grows what takes time, so that the visit does not wait for the simulation. */
async function furnish(world: World, cast: Cast, signal: AbortSignal): Promise<void> {
  await cast.visitor.prepare(signal);
  for (const person of cast.registered) world.registry.addRecord(await recordOf(person, signal));
}

async function act(world: World, screen: string, cast: Cast, options: PlayOptions): Promise<VisitResult> {
  const { scenario, signal, onStageEnd } = options;
  const { visitor } = cast;
  const papers = (cast.papersOf ?? visitor).identity;
  const { companion } = cast;
  const own = scenario.manner?.(cast) ?? {};
  world.visitor = visitor;
  const incident = scenario.incident?.(world);
  const trace = await visit(
    screen,
    {
      person: visitor,
      manner: {
        papers: papersOf(cast),
        ...own,
      },
      stage: world.stage,
      present: lines => void world.reader.present(lines),
      reactionMs: REACTION_MS,
      contact: { mobile: companion?.mobile ?? papers.mobile, email: papers.email },
      ...(scenario.purpose ? { purpose: scenario.purpose } : {}),
      ...(companion ? { relation: 'parent' } : {}),
      laysHands: scenario.slapScanner === true,
      missing: scenario.missing ?? new Map(),
      deadlineMs: VISIT_DEADLINE_MS,
      waitForDelivery: true,
      ...(incident ? { onView: incident } : {}),
      ...(onStageEnd ? { onStageEnd } : {}),
    },
    signal,
  );
  const packets = await world.backend.packets();
  const sealed = trace.packetId ? world.backend.container(trace.packetId) : null;
  if (options.folder && sealed) await writeFile(join(options.folder, SEALED_PACKET), sealed);
  return resultOf(scenario.name, trace, packets.find(({ packetId }) => packetId === trace.packetId) ?? null);
}

/** What is laid on the reader: the applicant's own papers, or another's, and the card of who came along. */
export function papersOf({
  visitor,
  papersOf: owner = visitor,
  companion,
}: Cast): NonNullable<Manner['papers']> {
  const { passport, residenceCard } = owner.identity;
  return wanted => {
    if (wanted === 'travel_document') return passport.mrz;
    return wanted === 'representative_document' && companion ? companion.mrz : residenceCard.mrz;
  };
}

/** A person of whom only some fingers are known is asked for those alone. */
const fingersOf = ({ fingers }: Person): Record<string, unknown> =>
  fingers.length > 0 && fingers.length < FINGER_CODES.length
    ? { visit: { fingers: fingers.map(positionName) } }
    : {};

/** The story of a person whose images are files, claiming to be themselves or somebody else. */
export async function personScenario(folder: string, claims: string | undefined): Promise<Scenario> {
  const visitor = await personFromFolder(folder, { onDate: today() });
  const claimed = claims ? await personFromFolder(claims, { onDate: today() }) : visitor;
  const wanted = claimed.id === visitor.id ? 'match' : 'no_match';
  return {
    name: 'person',
    summary: 'a person from image files',
    cast: () => ({ visitor, papersOf: claimed, registered: [claimed] }),
    judge: ({ outcome }) => (outcome === wanted ? null : `outcome is ${outcome}, not ${wanted}`),
  };
}
