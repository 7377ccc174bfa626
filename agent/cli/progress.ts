const BAR_CELLS = 30;
/** Between two plain lines where there is no terminal, in milliseconds. */
const PLAIN_EVERY_MS = 5_000;

/** Progress of long work on standard error: a bar on a terminal, plain lines elsewhere. */
export class ProgressLine {
  #shownAtMs = Number.NEGATIVE_INFINITY;
  #open = false;

  show(what: string, done: number, total: number): void {
    const nowMs = performance.now();
    const share = total > 0 ? done / total : 1;
    if (process.stderr.isTTY) {
      const cells = Math.round(share * BAR_CELLS);
      process.stderr.write(
        `\r${what} [${'#'.repeat(cells)}${' '.repeat(BAR_CELLS - cells)}] ${done}/${total} `,
      );
      this.#open = true;
    } else if (nowMs - this.#shownAtMs > PLAIN_EVERY_MS || done === total) {
      process.stderr.write(`${what} ${done}/${total}\n`);
      this.#shownAtMs = nowMs;
    }
  }

  end(): void {
    if (this.#open) process.stderr.write('\n');
  }
}
