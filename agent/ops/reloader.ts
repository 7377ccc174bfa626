/** Keeps one agent going, and takes up changed configurations without a restart of the process. */
import { isDeepStrictEqual } from 'node:util';
import type { Config } from '../contract/config.ts';
import { type ConfigResult, findingsText } from './config.ts';
import type { Log } from './log.ts';
import type { Pulses } from './pulse.ts';

/** What is kept; see compose.ts. */
interface Kept extends AsyncDisposable {
  readonly pulses: Pulses;
  /** Resolves while no visit goes on. Rejects with the signal's reason. */
  free(signal: AbortSignal): Promise<void>;
}

export interface ReloaderOptions<Agent extends Kept> {
  readonly config: Config;
  /** Reads the configuration anew. */
  read(): ConfigResult & { readonly file: string };
  start(config: Config): Promise<Agent>;
  /** Told of the first agent and of each that takes its place. */
  onReady(agent: Agent): void;
  readonly log: Log;
}

/**
 * `log.level` is taken up at once. Everything else waits until no visit goes on; then the agent ends and another starts in
 * the same process, which takes a second or two. A file with a fault changes nothing, and an agent that does not start with
 * its new configuration is followed by one with the old.
 */
export class Reloader<Agent extends Kept> implements AsyncDisposable {
  readonly #options: ReloaderOptions<Agent>;
  readonly #stop = new AbortController();
  #config: Config;
  #agent: Agent;
  /** Reloads come one after the other. */
  #tail: Promise<void> = Promise.resolve();

  private constructor(options: ReloaderOptions<Agent>, agent: Agent) {
    this.#options = options;
    this.#config = options.config;
    this.#agent = agent;
  }

  /** @throws whatever keeps the first agent from starting */
  static async start<Agent extends Kept>(options: ReloaderOptions<Agent>): Promise<Reloader<Agent>> {
    const agent = await options.start(options.config);
    options.onReady(agent);
    return new Reloader(options, agent);
  }

  get agent(): Agent {
    return this.#agent;
  }

  /**
   * Takes up what the configuration says now. Resolves once that is done, or known to be impossible.
   * @throws whatever keeps an agent from starting even with the old configuration
   */
  reload(): Promise<void> {
    this.#tail = this.#tail.then(() => this.#reload());
    return this.#tail;
  }

  async #reload(): Promise<void> {
    const { log } = this.#options;
    const read = this.#options.read();
    if (!read.ok) {
      const { code, findings, file } = read;
      log.error(
        { code, detail: findingsText(file, findings) },
        'configuration not taken up: the old one stays',
      );
      return;
    }
    const { config } = read;
    const changed = changedKeys(this.#config, config);
    log.level = config.log.level;
    if (changed.every(key => key === 'log')) {
      this.#config = config;
      log.info({ changed }, 'configuration taken up');
      return;
    }
    log.info({ changed }, 'configuration will be taken up as soon as no visit goes on');
    await this.#exchange(config).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
  }

  async #exchange(config: Config): Promise<void> {
    const { log, start, onReady } = this.#options;
    await this.#agent.free(this.#stop.signal);
    await this.#agent[Symbol.asyncDispose]();
    try {
      this.#agent = await start(config);
      this.#config = config;
      log.info('configuration taken up');
    } catch (err) {
      log.error({ err }, 'no agent starts with the new configuration: the old one stays');
      log.level = this.#config.log.level;
      this.#agent = await start(this.#config);
    }
    onReady(this.#agent);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('the agent stops'));
    await this.#tail.catch(() => undefined);
    await this.#agent[Symbol.asyncDispose]();
  }
}

/** Top-level keys whose values differ. */
const changedKeys = (before: Config, after: Config): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    key => !isDeepStrictEqual(before[key as keyof Config], after[key as keyof Config]),
  );
