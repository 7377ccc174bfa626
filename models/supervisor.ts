import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ModelCard } from './card.ts';
import { ModelError } from './error.ts';
import type { FaceCallOptions, ModelsEvent, ModelsHealth } from './models.ts';
import type { CallMessage, Failure, HostMessage, Side } from './protocol.ts';
import { type Call, CallQueue, newCall } from './queue.ts';

/** Loading all graphs takes about two seconds on a kiosk; a cold disk many times that. */
const START_DEADLINE_MS = 60_000;
/** Back-off of restarts: doubles from the first to the last while the process keeps dying. */
const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 10_000;
/** A process that lived this long was well: the next restart is quick again. */
const WELL_AFTER_MS = 60_000;
/** How long a process may take to leave when asked, before it is killed. */
const LEAVE_MS = 1_000;

export interface SupervisorOptions {
  /** Module that the process runs. */
  readonly entry: URL;
  readonly args?: readonly string[];
  /** Options of its Node. */
  readonly execArgv?: readonly string[];
  /** What its environment has beside ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** Longest time one call may run, in milliseconds, waiting excluded. */
  readonly deadlineMs: number;
  /** Longest time until the process is ready, in milliseconds. Default 60,000. */
  readonly startDeadlineMs?: number | undefined;
  /** Told of starts, crashes and hung calls; never given biometrics. */
  readonly log?: ((event: ModelsEvent) => void) | undefined;
  /** Called each time a process has become ready, before any waiting call goes to it. */
  readonly onReady?: () => void;
}

interface Running {
  readonly call: Call;
  readonly deadline: NodeJS.Timeout;
}

/** Keeps one process of models running, and hands it one call at a time. */
export class Supervisor implements AsyncDisposable {
  readonly #options: SupervisorOptions;
  readonly #queue = new CallQueue();
  readonly #log: (event: ModelsEvent) => void;
  #child: ChildProcess | undefined;
  #running: Running | undefined;
  #restartTimer: NodeJS.Timeout | undefined;
  #cards: readonly ModelCard[] = [];
  #failures: readonly Failure[] = [];
  #state: ModelsHealth['state'] = 'restarting';
  #startFailed = false;
  #restarts = 0;
  #deaths = 0;
  #lastId = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#log = options.log ?? (() => {});
  }

  get cards(): readonly ModelCard[] {
    return this.#cards;
  }

  get health(): ModelsHealth {
    const pid = this.#state === 'ready' ? this.#child?.pid : undefined;
    return {
      state: this.#state,
      restarts: this.#restarts,
      failures: this.#failures.map(({ side, code }) => `${side}: ${code}`),
      ...(pid === undefined ? {} : { pid }),
    };
  }

  /** Forks once and waits for it to be ready. */
  async start(): Promise<void> {
    const startedAtMs = performance.now();
    const child = fork(fileURLToPath(this.#options.entry), [...(this.#options.args ?? [])], {
      execPath: process.execPath,
      // Its memory holds faces and fingers: no debugger may be woken in it.
      execArgv: ['--disable-sigusr1', ...(this.#options.execArgv ?? [])],
      env: { ...process.env, ...this.#options.env },
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    const deadline = setTimeout(() => {
      reject(new ModelError('MODEL_TIMEOUT', 'the model process does not get ready'));
      child.kill('SIGKILL');
    }, this.#options.startDeadlineMs ?? START_DEADLINE_MS);
    child.on('message', (message: HostMessage) => {
      if (message.kind === 'ready') {
        this.#onReady(message.cards, message.failures, performance.now() - startedAtMs);
        resolve();
      } else this.#onAnswer(message);
    });
    // A channel that breaks shows as 'error' and is followed by the exit.
    child.on('error', () => child.kill('SIGKILL'));
    child.once('exit', (code, signal) => {
      reject(new ModelError('MODEL_CRASHED', 'the model process died while starting'));
      this.#onExit(child, signal ?? `code ${code}`, performance.now() - startedAtMs);
    });
    try {
      await ready;
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Queues a call; see {@link Models} for what it rejects with. */
  call<T>(side: Side, method: string, args: readonly unknown[], options: FaceCallOptions = {}): Promise<T> {
    if (this.#state === 'closed')
      return Promise.reject(new ModelError('MODEL_CRASHED', 'the models are closed'));
    if (this.#startFailed)
      return Promise.reject(new ModelError('MODEL_CRASHED', 'the model process cannot be restarted'));
    const id = ++this.#lastId;
    const { call, result } = newCall({ id, side, method, args }, options, aborted =>
      this.#queue.remove(aborted),
    );
    if (!options.signal?.aborted) {
      try {
        this.#queue.add(call);
      } catch (error) {
        call.reject(error);
      }
      this.#pump();
    }
    return result as Promise<T>;
  }

  #pump(): void {
    if (this.#state !== 'ready' || this.#running) return;
    const call = this.#queue.next();
    if (!call) return;
    const { id, side, method, args } = call;
    this.#running = { call, deadline: setTimeout(() => this.#onHung(call), this.#options.deadlineMs) };
    // A failed send is followed by the process's exit, which settles the call.
    this.#child?.send({ id, side, method, args } satisfies CallMessage, () => {});
  }

  #onReady(cards: readonly ModelCard[], failures: readonly Failure[], tookMs: number): void {
    if (this.#state === 'closed') return;
    this.#cards = cards;
    this.#failures = failures;
    this.#state = 'ready';
    this.#startFailed = false;
    this.#log({ event: 'models_ready', pid: this.#child?.pid ?? 0, tookMs });
    this.#options.onReady?.();
    this.#pump();
  }

  #onAnswer(message: Exclude<HostMessage, { kind: 'ready' }>): void {
    if (this.#running?.call.id !== message.id) return;
    const { call } = this.#running;
    this.#takeRunning();
    if (message.kind === 'answer') call.resolve(message.value);
    else call.reject(new ModelError(message.code, message.message));
    this.#pump();
  }

  #onHung(call: Call): void {
    this.#log({ event: 'models_hung', pid: this.#child?.pid, call: `${call.side}.${call.method}` });
    this.#takeRunning();
    call.reject(
      new ModelError('MODEL_TIMEOUT', `${call.side}.${call.method} took over ${this.#options.deadlineMs} ms`),
    );
    this.#state = 'restarting';
    this.#child?.kill('SIGKILL');
  }

  #onExit(child: ChildProcess, reason: string, livedMs: number): void {
    if (child !== this.#child || this.#state === 'closed') return;
    this.#takeRunning()?.reject(new ModelError('MODEL_CRASHED', 'the model process died under the call'));
    this.#state = 'restarting';
    this.#deaths = livedMs > WELL_AFTER_MS ? 1 : this.#deaths + 1;
    const restartInMs = Math.min(LAST_RESTART_MS, FIRST_RESTART_MS * 2 ** (this.#deaths - 1));
    this.#log({ event: 'models_exited', pid: child.pid, reason, restartInMs });
    this.#restartTimer = setTimeout(() => {
      this.#restarts++;
      this.start().catch(() => {
        // Its exit has scheduled the next attempt; nobody need wait for that one.
        this.#startFailed = true;
        this.#queue.rejectAll(new ModelError('MODEL_CRASHED', 'the model process cannot be restarted'));
      });
    }, restartInMs);
  }

  #takeRunning(): Call | undefined {
    const running = this.#running;
    this.#running = undefined;
    clearTimeout(running?.deadline);
    return running?.call;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#restartTimer);
    const closed = new ModelError('MODEL_CRASHED', 'the models are closed');
    this.#takeRunning()?.reject(closed);
    this.#queue.rejectAll(closed);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const { promise: exited, resolve } = Promise.withResolvers<void>();
    child.once('exit', () => resolve());
    const kill = setTimeout(() => child.kill('SIGKILL'), LEAVE_MS);
    if (child.connected) child.disconnect();
    await exited;
    clearTimeout(kill);
  }
}
