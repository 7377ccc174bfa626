/** A hand and an eye at a machine's display: QEMU's monitor (QMP: docs/interop/qmp-intro.rst, qapi/ui.json). */
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

/** An absolute axis of QEMU's tablets goes from 0 to this (INPUT_EVENT_ABS_MAX, include/ui/input.h). */
const AXIS_END = 0x7fff;
/** As long as a finger rests, so that a slow machine sees down and up apart. */
const PRESS_MS = 300;

/** Where a machine whose sockets are in the folder has its monitor. */
export const monitorPath = (folder: string): string => join(folder, 'monitor.sock');

/** Place on a display: 0 to 1 from the left and from the top. */
export interface Spot {
  readonly x: number;
  readonly y: number;
}

export class Monitor implements Disposable {
  readonly #socket: Socket;
  readonly #lines: AsyncIterator<string>;
  readonly #folder: string;

  private constructor(socket: Socket, folder: string) {
    this.#socket = socket;
    this.#lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    this.#folder = folder;
  }

  /** @param folder of the machine's sockets; pictures pass through it */
  static async open(folder: string): Promise<Monitor> {
    const socket = connect(monitorPath(folder));
    await once(socket, 'connect');
    const monitor = new Monitor(socket, folder);
    await monitor.#do('qmp_capabilities');
    return monitor;
  }

  /** What the display shows, PNG. */
  async picture(): Promise<Buffer> {
    const file = join(this.#folder, 'display.png');
    await this.#do('screendump', { filename: file, format: 'png' });
    const png = await readFile(file);
    await rm(file);
    return png;
  }

  /** Presses one spot and lets go. */
  async touch({ x, y }: Spot): Promise<void> {
    const axis = (name: string, part: number) => ({
      type: 'abs',
      data: { axis: name, value: Math.round(part * AXIS_END) },
    });
    const button = (down: boolean) => ({ type: 'btn', data: { button: 'left', down } });
    await this.#do('input-send-event', { events: [axis('x', x), axis('y', y)] });
    for (const down of [true, false]) {
      await sleep(PRESS_MS);
      await this.#do('input-send-event', { events: [button(down)] });
    }
  }

  /** Presses keys together and lets go. @param chord names of QEMU (QKeyCode) joined by +, such as ctrl+shift+i */
  async press(chord: string): Promise<void> {
    const keys = chord.split('+').map(data => ({ type: 'qcode', data }));
    await this.#do('send-key', { keys, 'hold-time': PRESS_MS });
    // The answer comes before the keys are let go.
    await sleep(2 * PRESS_MS);
  }

  async #do(command: string, words: object = {}): Promise<void> {
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: words })}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw new Error(`${command}: the monitor went away`);
      // Greeting and events come in between.
      const answer = JSON.parse(value) as { return?: object; error?: { desc: string } };
      if (answer.error) throw new Error(`${command}: ${answer.error.desc}`);
      if (answer.return) return;
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
