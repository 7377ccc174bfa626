/** A complete kiosk to touch: the person at the browser does the touching, simulated visitors do everything else. */

import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FingerStudio, type Person, simulatedPerson } from './people/index.ts';
import { Body } from './visitor/body.ts';
import { ScreenClient } from './visitor/screen-client.ts';
import { startAgentProcess } from './world/agent-process.ts';
import { recordOf } from './world/record.ts';
import { recordsKeyFile, startWorld, type World } from './world/world.ts';

export interface KioskOptions {
  readonly folder: string;
  readonly screenPort: number;
}

/** Who may sign in at the simulated console; PINs are for development alone. */
const DESK = { officer: '1001', role: 'officer', pin: '1001' };
const HEAD = { officer: '2001', role: 'supervisor', pin: '2001' };
const OFFICER = { port: 0, developmentPins: [DESK, HEAD] };

/** As a person who has to read the screen first, in milliseconds. */
const REACTION_MS = 900;
/** Invented people who come in turn. */
const VISITORS = 4;
/** Between two tries to reach the screen, in milliseconds. */
const RETRY_MS = 1_000;

/** Runs until the signal aborts. */
export async function keepKiosk(options: KioskOptions, signal: AbortSignal): Promise<void> {
  const folder = resolve(options.folder);
  await using studio = new FingerStudio();
  await using world = await startWorld({
    folder,
    screenPort: options.screenPort,
    config: { officer: OFFICER, records: { keyFile: recordsKeyFile(folder) } },
  });
  await using agent = await startAgentProcess(world.configFile, world.logFile);
  const today = new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10);
  const people = Array.from({ length: VISITORS }, (_, i) =>
    simulatedPerson(i + 1, studio, { onDate: today }),
  );
  process.stdout.write(
    [
      `Kiosk screen     ${agent.screen}`,
      `Officer's desk   ${agent.officer} (officer ${DESK.officer} with PIN ${DESK.pin}, supervisor ${HEAD.officer} with ${HEAD.pin})`,
      `MQTT broker      ${world.brokerUrl}`,
      `Agent's log      ${world.logFile}`,
      'Open the screen and touch it; passport, fingers and face come by themselves. Ctrl+C ends.',
      '',
    ].join('\n'),
  );
  const registered = register(world, people, signal);
  try {
    await Promise.race([
      attend(world, agent.screen, people, signal),
      gone(agent.exited),
      registered.then(() => gone(agent.exited)),
    ]);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function gone(exited: Promise<number | null>): Promise<never> {
  const code = await exited;
  throw new Error(`the agent ended with code ${code}`);
}

/** All but the last visitor are in the database. Grown one after the other while the kiosk is usable already. */
async function register(world: World, people: readonly Person[], signal: AbortSignal): Promise<void> {
  for (const [index, person] of people.entries()) {
    await person.prepare(signal);
    if (index < people.length - 1) world.registry.addRecord(await recordOf(person, signal));
  }
}

/** Visitors stand there one after the other, a new one for each visit. */
async function attend(
  world: World,
  screen: string,
  people: readonly Person[],
  signal: AbortSignal,
): Promise<void> {
  let turn = -1;
  let visitId: string | null = null;
  let body: Body | null = null;
  const present = (lines: readonly string[]) => void world.reader.present(lines);
  for (;;) {
    try {
      const client = await ScreenClient.open(screen, signal);
      for await (const view of client.views(signal)) {
        if (view.visitId !== null && view.visitId !== visitId) {
          visitId = view.visitId;
          turn += 1;
          body?.[Symbol.dispose]();
          const person = people[turn % people.length]!;
          world.visitor = person;
          body = new Body({ person, manner: {}, stage: world.stage, present, reactionMs: REACTION_MS });
        }
        body?.react(view);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TypeError)) throw error;
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}
