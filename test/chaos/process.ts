/** A process that is killed without warning and started again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Compiled modules, so that the hundredth start costs less than the first. */
const COMPILED = join(tmpdir(), 'vantay-chaos-compiled');

/** Its output comes line by line, up to the last one that it wrote before it died. */
export class Mortal implements AsyncDisposable {
  readonly #script: string;
  readonly #args: readonly string[];
  readonly #onLine: (line: string) => void;
  #child: ChildProcess | null = null;
  #output: Promise<void> = Promise.resolve();
  #errors = '';

  constructor(script: string, args: readonly string[], onLine: (line: string) => void) {
    this.#script = script;
    this.#args = args;
    this.#onLine = onLine;
  }

  start(): void {
    const env = { ...process.env, NODE_COMPILE_CACHE: COMPILED };
    const child = spawn(process.execPath, [this.#script, ...this.#args], { stdio: 'pipe', env });
    this.#child = child;
    // Of a process that ends by itself, its own words say why.
    child.stderr.on('data', (text: Buffer) => {
      this.#errors = `${this.#errors}${text}`.slice(-4_000);
    });
    child.stdin.on('error', () => undefined);
    const lines = createInterface({ input: child.stdout });
    lines.on('line', this.#onLine);
    this.#output = once(lines, 'close').then(() => undefined);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether it runs; one that ended by itself is a fault. @throws with what it last said, when it failed */
  check(): void {
    const child = this.#child;
    if (child !== null && (child.exitCode ?? 0) !== 0)
      throw new Error(`${this.#script} ended by itself: ${this.#errors}`);
  }

  say(line: string): void {
    this.#child?.stdin?.write(`${line}\n`);
  }

  /** Ends it at once. Resolves when all it said has been heard. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await this.#output;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
