/** The agent as a process of its own, as it runs on a kiosk: nothing of it is imported here. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const AGENT = fileURLToPath(new URL('../../agent/main.ts', import.meta.url));

/** Longest time until the agent is ready, in milliseconds: its models have to load on a busy machine too. */
const READY_DEADLINE_MS = 180_000;
/** After SIGTERM the agent ends within five seconds; then it is killed. */
const STOP_DEADLINE_MS = 8_000;

export interface AgentProcess extends AsyncDisposable {
  /** Address of the kiosk page. */
  readonly screen: string;
  /** Address of the officer's console; null where the configuration has none. */
  readonly officer: string | null;
  readonly pid: number;
  readonly exited: Promise<number | null>;
  /** Resolves once the agent says that it keeps all that the registry lets it keep. */
  readonly synchronised: Promise<void>;
  /** Worst pauses of the agent's main process during visits, as it reported them when it stopped, milliseconds. */
  readonly eventLoopDelay: { p99Ms: number; maxMs: number } | null;
  kill(signal: NodeJS.Signals): void;
}

/** An agent that did not start; the message is what it said itself. */
export class AgentStartError extends Error {
  override readonly name = 'AgentStartError';
}

/** Where an agent runs; by default where its starter does. */
export interface Surroundings {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Starts an agent and waits until it is ready.
 * @param logFile gets the agent's log lines, which name nobody
 * @throws AgentStartError
 */
export async function startAgentProcess(
  configFile: string,
  logFile: string,
  surroundings: Surroundings = {},
): Promise<AgentProcess> {
  const child = spawn(process.execPath, [AGENT, 'run', '--config', configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...surroundings,
  });
  const log = createWriteStream(logFile, { flags: 'a' });
  const exited = new Promise<number | null>(resolve => child.once('exit', code => resolve(code)));
  let complaint = '';
  let delay: AgentProcess['eventLoopDelay'] = null;
  const ready = Promise.withResolvers<Pick<AgentProcess, 'screen' | 'officer'>>();
  const synchronised = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', line => {
    log.write(`${line}\n`);
    const entry = parsed(line);
    if (typeof entry.screen === 'string') {
      const officer = typeof entry.officer === 'string' ? entry.officer : null;
      ready.resolve({ screen: entry.screen, officer });
    }
    if (typeof entry.records === 'number') synchronised.resolve();
    if (typeof entry.eventLoopDelayP99Ms === 'number') {
      delay = { p99Ms: entry.eventLoopDelayP99Ms, maxMs: Number(entry.eventLoopDelayMaxMs) };
    }
  });
  child.stderr.on('data', (bytes: Buffer) => {
    complaint += bytes.toString();
    log.write(bytes);
  });
  const timer = setTimeout(
    () => ready.reject(new AgentStartError('the agent was not ready in time')),
    READY_DEADLINE_MS,
  );
  void exited.then(() => ready.reject(new AgentStartError(complaint.trim() || 'the agent ended at once')));
  try {
    return {
      ...(await ready.promise),
      pid: child.pid ?? 0,
      exited,
      synchronised: synchronised.promise,
      get eventLoopDelay() {
        return delay;
      },
      kill: signal => void child.kill(signal),
      [Symbol.asyncDispose]: () => stop(child, exited, log),
    };
  } catch (error) {
    await stop(child, exited, log);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function stop(
  child: ChildProcess,
  exited: Promise<unknown>,
  log: NodeJS.WritableStream,
): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exited;
  clearTimeout(timer);
  await new Promise<void>(resolve => log.end(() => resolve()));
}

function parsed(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return {};
  }
}
