/** A TCP line that misbehaves on demand. What runs over it (TLS, MQTT) it neither knows nor sees. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export type LineFault =
  /** Every piece arrives so much later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** All connections end with a reset. */
  | { readonly kind: 'reset' }
  /** Connections of now stay open, but carry nothing in either direction ever again; new ones work. */
  | { readonly kind: 'half-open' }
  /** Pieces arrive in slices of so many bytes. */
  | { readonly kind: 'slicing'; readonly bytes: number }
  /** Nothing moves for so long, on new connections either; then all of it does. */
  | { readonly kind: 'stall'; readonly ms: number };

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  dead: boolean;
}

export class ChaosProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #fault: LineFault | null = null;
  /** Until when nothing moves, performance.now() milliseconds. */
  #stalledUntilMs = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** A line to a port on 127.0.0.1. */
  static async to(port: number): Promise<ChaosProxy> {
    const server = createServer();
    const proxy = new ChaosProxy(server);
    server.on('connection', near => proxy.#join(near, connect(port, '127.0.0.1')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Begins a fault, which ends the one before; null heals the line. What is half-open stays so. */
  set(fault: LineFault | null): void {
    this.#fault = fault;
    if (fault?.kind === 'stall') this.#stalledUntilMs = performance.now() + fault.ms;
    if (fault?.kind === 'half-open') for (const pair of this.#pairs) pair.dead = true;
    if (fault?.kind === 'reset') for (const { near, far } of this.#pairs) reset(near, far);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { near, far } of this.#pairs) reset(near, far);
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    const pair = { near, far, dead: false };
    this.#pairs.add(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true);
      // A line that broke on one side breaks on the other; one that is dead hears of nothing.
      from.on('error', () => undefined);
      from.on('close', () => {
        if (pair.dead) return;
        to.destroy();
        this.#pairs.delete(pair);
      });
      void this.#carry(from, to, pair);
    }
  }

  /** One direction of one connection: pieces keep their order, and each has its own delay. */
  async #carry(from: Socket, to: Socket, pair: Pair): Promise<void> {
    let before: Promise<void> = Promise.resolve();
    try {
      for await (const piece of from as AsyncIterable<Buffer>) {
        const dueMs = performance.now() + (this.#fault?.kind === 'delay' ? this.#fault.ms : 0);
        // A connection that breaks in the middle of a piece: its close tells the other side.
        before = before.then(() => this.#forward(piece, dueMs, to, pair)).catch(() => undefined);
      }
      await before;
      if (!pair.dead) to.end();
    } catch {
      // As above.
    }
  }

  async #forward(piece: Buffer, dueMs: number, to: Socket, pair: Pair): Promise<void> {
    for (
      let nowMs = performance.now();
      nowMs < Math.max(dueMs, this.#stalledUntilMs);
      nowMs = performance.now()
    )
      await sleep(Math.max(dueMs, this.#stalledUntilMs) - nowMs);
    const slice = this.#fault?.kind === 'slicing' ? this.#fault.bytes : piece.length;
    for (let at = 0; at < piece.length && !pair.dead; at += slice) {
      if (!to.write(piece.subarray(at, at + slice))) await once(to, 'drain');
      if (slice < piece.length) await new Promise(setImmediate);
    }
  }
}

function reset(...sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.resetAndDestroy();
}
