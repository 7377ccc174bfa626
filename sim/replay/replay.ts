/** A recorded device: answers what it answered then, in the same time, on a tty, as a stream over HTTP, or as a device service. */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openPty } from '../pty.ts';
import { replayServices } from './services.ts';
import type { Tape } from './tape.ts';

export interface ReplayOptions {
  /** Stable path of the tty. */
  readonly link?: string;
  /** Port of a stream on 127.0.0.1, of a service the first to try; 0 or absent: any free one, of a service from 4501 on. */
  readonly port?: number;
  /** So many times faster than it was recorded; 1 when absent. */
  readonly speed?: number;
}

/** How a replay ended. `diverged`: the host said something else than then, and the device fell silent. */
export type ReplayEnd = 'played' | 'unplugged' | 'diverged';

export interface Replay extends AsyncDisposable {
  /** Path of the tty, or URL of the stream or the service. */
  readonly location: string;
  /** Once the tape is at its end; stays pending when the replay is closed before. */
  readonly ended: Promise<ReplayEnd>;
}

/** The device's end of what is replayed. */
interface Line {
  send(bytes: Buffer): Promise<unknown>;
  unplug(): Promise<void>;
}

/** Replays a tape: as services when these were asked, as an HTTP stream when something said what its bytes are, else on a pty. */
export function startReplay(tape: Tape, options: ReplayOptions = {}): Promise<Replay> {
  if (tape.events.some(({ kind }) => kind === 'asked')) return replayServices(tape, options);
  return tape.mediaType === null ? replayOnPty(tape, options) : replayOverHttp(tape, tape.mediaType, options);
}

/** No device is that slow: whoever opens the line changes its speed. */
const UNUSED_BAUD = 50;

/** From its beginning once a program has set the line up: what a device says before is lost, as on a real one. */
async function replayOnPty(tape: Tape, { link, speed = 1 }: ReplayOptions): Promise<Replay> {
  const pty = openPty(link, UNUSED_BAUD);
  const heard = new Heard();
  pty.onBytes(bytes => heard.push(bytes));
  const closing = new AbortController();
  const line = { send: (bytes: Buffer) => pty.write(bytes), unplug: () => pty.close() };
  return {
    location: pty.path,
    ended: pty.setUp(closing.signal).then(
      () => play(tape, heard, line, speed, closing.signal),
      () => new Promise(() => {}),
    ),
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      await pty.close();
    },
  };
}

/** From its beginning to the first who asks; whoever comes later sees a device that is in use. */
async function replayOverHttp(
  tape: Tape,
  mediaType: string,
  { port = 0, speed = 1 }: ReplayOptions,
): Promise<Replay> {
  const { promise: viewed, resolve: view } = Promise.withResolvers<ServerResponse>();
  let taken = false;
  const server = createServer((_, response) => {
    response.on('error', () => {});
    if (taken) return void response.writeHead(503).end();
    taken = true;
    response.writeHead(200, { 'Content-Type': mediaType, Connection: 'close' });
    view(response);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const closing = new AbortController();
  const ended = viewed.then(response => {
    const line = {
      send: async (bytes: Buffer) => response.write(bytes),
      unplug: async () => void response.destroy(),
    };
    return play(tape, new Heard(), line, speed, closing.signal);
  });
  return {
    location: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    ended,
    [Symbol.asyncDispose]: async () => {
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Pauses are those between the events of then; what the host has to say first is waited for as long as it takes. */
async function play(
  tape: Tape,
  heard: Heard,
  line: Line,
  speed: number,
  signal: AbortSignal,
): Promise<ReplayEnd> {
  let beforeMs = 0;
  for (const event of tape.events) {
    if (event.kind === 'told') {
      if (!(await heard.is(event.bytes))) return 'diverged';
    } else if (event.kind !== 'asked') {
      await sleep((event.atMs - beforeMs) / speed, undefined, { signal }).catch(() => {});
      if (signal.aborted) return new Promise(() => {});
      if (event.kind === 'lost') {
        await line.unplug();
        return 'unplugged';
      }
      await line.send(event.bytes);
    }
    beforeMs = event.atMs;
  }
  return 'played';
}

/** What the host says, however it is cut. */
class Heard {
  #bytes: Buffer = Buffer.alloc(0);
  #more = Promise.withResolvers<void>();

  push(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const { resolve } = this.#more;
    this.#more = Promise.withResolvers();
    resolve();
  }

  /** Waits until the host has said as much; whether it is the same. */
  async is(expected: Buffer): Promise<boolean> {
    for (;;) {
      const common = Math.min(this.#bytes.length, expected.length);
      if (!this.#bytes.subarray(0, common).equals(expected.subarray(0, common))) return false;
      if (common === expected.length) break;
      await this.#more.promise;
    }
    this.#bytes = this.#bytes.subarray(expected.length);
    return true;
  }
}
