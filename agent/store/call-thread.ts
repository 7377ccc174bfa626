import { Worker } from 'node:worker_threads';

/** What a thread can be asked: of each call, what it takes and what it gives. */
export type CallTypes<C> = {
  readonly [Name in keyof C]: { readonly takes: unknown; readonly gives: unknown };
};

/** One call on its way; its name and argument were paired by the type of whoever made it. */
export interface CallRequest<Name extends string> {
  readonly id: number;
  readonly name: Name | 'close';
  readonly takes: unknown;
}

/** How a call ended. */
export type Outcome<Code extends string> =
  | { readonly ok: true; readonly gives: unknown }
  | { readonly ok: false; readonly code: Code; readonly message: string };
export type CallAnswer<Code extends string> = { readonly id: number } & Outcome<Code>;

/** Id of the answer that says whether the thread could begin. */
export const OPENED = 0;

/** How the owner of a thread names what goes wrong. */
export interface CallErrors<Code extends string> {
  /** The code of a thread that crashed or does not answer. */
  readonly failed: Code;
  /** The code of calls after the end. */
  readonly closed: Code;
  make(code: Code, message: string): Error;
}

interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * A thread that works on one thing and is asked by messages. Every call ends: with its answer, with the thread, or at the
 * deadline. The other side answers `OPENED` first, then each call by its id, and ends after `close`.
 */
export class CallThread<C extends CallTypes<C>, Code extends string> implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #deadlineMs: number;
  readonly #errors: CallErrors<Code>;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #lastId = OPENED;
  #closed: Error | null = null;

  private constructor(file: URL, start: unknown, deadlineMs: number, errors: CallErrors<Code>) {
    this.#deadlineMs = deadlineMs;
    this.#errors = errors;
    this.#worker = new Worker(file, { workerData: start });
    this.#worker.on('message', (answer: CallAnswer<Code>) => {
      const pending = this.#pending.get(answer.id);
      if (answer.ok) pending?.resolve(answer.gives);
      else pending?.reject(errors.make(answer.code, answer.message));
    });
    this.#worker.on('error', () => this.#end(errors.failed, 'the thread crashed'));
    this.#exited = new Promise(resolve => {
      this.#worker.on('exit', () => {
        this.#end(errors.closed, 'the thread has ended');
        resolve();
      });
    });
  }

  /**
   * @param start what the thread begins with, its `workerData`
   * @param deadlineMs longest one call may take, milliseconds
   * @throws what the thread could not begin for, made by `errors`
   */
  static async open<C extends CallTypes<C>, Code extends string>(
    file: URL,
    start: unknown,
    deadlineMs: number,
    errors: CallErrors<Code>,
  ): Promise<CallThread<C, Code>> {
    const thread = new CallThread<C, Code>(file, start, deadlineMs, errors);
    try {
      await thread.#answer(OPENED);
      return thread;
    } catch (error) {
      await thread.#worker.terminate();
      throw error;
    }
  }

  async ask<Name extends keyof C & string>(name: Name, takes: C[Name]['takes']): Promise<C[Name]['gives']> {
    return this.#ask(name, takes);
  }

  /** Finishes what was asked before, lets the thread close what it has, and ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed === null) await this.#ask('close', null).catch(() => {});
    await this.#worker.terminate();
    await this.#exited;
  }

  async #ask(name: string, takes: unknown): Promise<unknown> {
    if (this.#closed !== null) throw this.#closed;
    const id = ++this.#lastId;
    const answer = this.#answer(id);
    this.#worker.postMessage({ id, name, takes } satisfies CallRequest<string>);
    return answer;
  }

  async #answer(id: number): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#pending.set(id, { resolve, reject });
    const late = setTimeout(
      () => reject(this.#errors.make(this.#errors.failed, 'the thread does not answer')),
      this.#deadlineMs,
    );
    try {
      return await promise;
    } finally {
      clearTimeout(late);
      this.#pending.delete(id);
    }
  }

  #end(code: Code, message: string): void {
    this.#closed ??= this.#errors.make(code, message);
    for (const pending of this.#pending.values()) pending.reject(this.#closed);
  }
}
