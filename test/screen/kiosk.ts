/** A whole simulated kiosk for a browser: papers, fingers and face come by themselves, every touch is the browser's. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, stringify } from 'yaml';
import { type FingerCode, FingerStudio, type Person, simulatedPerson } from '../../sim/people/index.ts';
import { papersOf } from '../../sim/play.ts';
import { resultOf, type VisitResult } from '../../sim/scenarios/result.ts';
import type { Cast, Casting, Scenario } from '../../sim/scenarios/scenario.ts';
import { Body, type Manner } from '../../sim/visitor/body.ts';
import { ScreenClient, type View } from '../../sim/visitor/screen-client.ts';
import { Trace } from '../../sim/visitor/trace.ts';
import type { VisitTrace } from '../../sim/visitor/visit.ts';
import { type AgentProcess, startAgentProcess } from '../../sim/world/agent-process.ts';
import { recordOf } from '../../sim/world/record.ts';
import { startWorld, type World } from '../../sim/world/world.ts';

/** Time a visitor takes to do what the screen says, in milliseconds. */
const REACTION_MS = 150;
/** Between two tries to reach an agent that is being started, in milliseconds. */
const RETRY_MS = 100;

export class Kiosk implements AsyncDisposable {
  readonly world: World;
  readonly #studio: FingerStudio;
  readonly #folder: string;
  readonly #stop = new AbortController();
  #attending: Promise<void> = Promise.resolve();
  #agent: AgentProcess;
  #body: Body | null = null;
  #bodyOf: string | null = null;
  #last: View | null = null;
  #person: Person;
  #manner: Manner = {};
  #mayAct: (view: View['view']) => boolean = () => false;
  #incident: ((view: View) => void) | null = null;
  #seen = new Seen();

  private constructor(
    world: World,
    agent: AgentProcess,
    studio: FingerStudio,
    folder: string,
    person: Person,
  ) {
    this.world = world;
    this.#agent = agent;
    this.#studio = studio;
    this.#folder = folder;
    this.#person = person;
  }

  /**
   * Whoever has this seed is known to the immigration database.
   * @param config changes to the configuration of the agent
   * @param env added to the agent's environment
   */
  static async start(
    seed: number,
    config: Record<string, unknown> = {},
    env: NodeJS.ProcessEnv = {},
  ): Promise<Kiosk> {
    const folder = await mkdtemp(join(tmpdir(), 'vantay-screen-'));
    const studio = new FingerStudio();
    const world = await startWorld({ folder, screenPort: await freePort(), config });
    const person = simulatedPerson(seed, studio, { onDate: today() });
    const [agent] = await Promise.all([
      startAgentProcess(world.configFile, world.logFile, { env: { ...process.env, ...env } }),
      person.prepare().then(async () => world.registry.addRecord(await recordOf(person, never))),
    ]);
    const kiosk = new Kiosk(world, agent, studio, folder, person);
    kiosk.#attending = kiosk.#attend();
    return kiosk;
  }

  get screen(): string {
    return this.#agent.screen;
  }

  /** Where everything of the kiosk and its simulated world is written. */
  get folder(): string {
    return this.#folder;
  }

  get pid(): number {
    return this.#agent.pid;
  }

  get person(): Person {
    return this.#person;
  }

  /** Who comes to the next visit, and how they behave. */
  expect(person: Person, manner: Manner = {}): void {
    this.#person = person;
    this.#manner = manner;
    this.world.visitor = person;
    this.#bodyOf = null;
    this.#incident = null;
    this.#seen = new Seen();
    this.world.camera.fault(undefined);
  }

  invent(seed: number, how: Parameters<Casting>[1] = {}): Person {
    return simulatedPerson(seed, this.#studio, { onDate: today(), ...how });
  }

  /** Puts a story's people on the stage; of each only these fingers count. */
  async stage(scenario: Scenario, fingers: readonly FingerCode[]): Promise<Cast> {
    const cast = scenario.cast((seed, how) => ({ ...this.invent(seed, how), fingers }));
    for (const person of cast.registered) this.world.registry.addRecord(await recordOf(person, never));
    this.expect(cast.visitor, { papers: papersOf(cast), ...scenario.manner?.(cast) });
    this.#incident = scenario.incident?.(this.world) ?? null;
    return cast;
  }

  /** How the visit looked since somebody was expected, and what the backend got of it. */
  async result(name: string): Promise<VisitResult> {
    const trace = this.#seen.trace();
    const packets = await this.world.backend.packets();
    return resultOf(name, trace, packets.find(({ packetId }) => packetId === trace.packetId) ?? null);
  }

  /** Until told otherwise the visitor acts only on what is allowed: a page stands still to be looked at. */
  allow(mayAct: (view: View['view']) => boolean): void {
    this.#mayAct = mayAct;
    if (this.#last) this.#react(this.#last);
  }

  /** Lays a finger of the visitor on the glass, whatever the screen asks for. */
  async place(finger: FingerCode): Promise<void> {
    this.world.stage.finger = await this.#person.liveImpression(finger, 0);
  }

  /** Whatever visit a failed test has left is over. */
  async clear(): Promise<void> {
    this.#mayAct = () => false;
    const client = await ScreenClient.open(this.screen, this.#stop.signal);
    await client.send({ type: 'cancel' }, this.#stop.signal);
    await client.send({ type: 'finish' }, this.#stop.signal);
  }

  /** Ends the agent and starts another with changed settings on the same port. */
  async restart(screen: Record<string, unknown>): Promise<void> {
    await this.#agent[Symbol.asyncDispose]();
    const settings = parse(await readFile(this.world.configFile, 'utf8')) as Record<string, object>;
    await writeFile(
      this.world.configFile,
      stringify({ ...settings, screen: { ...settings.screen, ...screen } }),
    );
    this.#agent = await startAgentProcess(this.world.configFile, this.world.logFile);
  }

  async #attend(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        const client = await ScreenClient.open(this.screen, signal);
        for await (const view of client.views(signal)) this.#react(view);
      } catch {
        // The agent is away: it comes back, or the kiosk is being taken down.
      }
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #react(view: View): void {
    this.#last = view;
    this.#seen.add(view);
    this.#incident?.(view);
    const { stage, reader } = this.world;
    if (view.visitId !== null && view.visitId !== this.#bodyOf) {
      this.#bodyOf = view.visitId;
      this.#body?.[Symbol.dispose]();
      this.#body = new Body({
        person: this.#person,
        manner: this.#manner,
        stage,
        present: lines => void reader.present(lines),
        reactionMs: REACTION_MS,
      });
    }
    if (this.#mayAct(view.view)) this.#body?.react(view);
    else stage.finger = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#attending;
    this.#body?.[Symbol.dispose]();
    await this.#agent[Symbol.asyncDispose]();
    await this.world[Symbol.asyncDispose]();
    await this.#studio[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** What the views of a visit told. */
class Seen {
  readonly #trace = new Trace();
  #packetId: string | null = null;
  #delivery: string | null = null;
  #refusal: VisitTrace['refusal'] = null;
  #endReason: string | null = null;

  add(shown: View): void {
    const { step, packetId, delivery, reason, problem } = shown.view;
    if (shown.visitId === null && step !== 'ended') return;
    this.#trace.add(shown);
    if (step === 'receipt') [this.#packetId, this.#delivery] = [packetId ?? null, delivery ?? null];
    if (step === 'refused') this.#refusal = { reason: reason ?? '', problem: problem ?? null };
    if (step === 'ended') this.#endReason = reason ?? null;
  }

  trace(): VisitTrace {
    this.#trace.end();
    const { stages, deviceProblems } = this.#trace;
    const [packetId, delivery, refusal] = [this.#packetId, this.#delivery, this.#refusal];
    return { stages, deviceProblems, packetId, delivery, refusal, endReason: this.#endReason, touches: 0 };
  }
}

const never = new AbortController().signal;

const today = (): string => new Date(Date.now() + 7 * 3_600_000).toISOString().slice(0, 10);

/** A port that nobody listens on now: an agent that is started anew has to come back on the same one. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
