/** Recorded device services: each answers on a port of its own what it answered then, question by question. */
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { hearRequest } from '../sbi/hear.ts';
import { answerBytes, type HttpRequest } from '../sbi/http.ts';
import type { Replay, ReplayEnd, ReplayOptions } from './replay.ts';
import type { AskedEvent, Tape } from './tape.ts';

/** Where device services of MOSIP SBI are looked for. */
const FIRST_PORT = 4501;
const LAST_PORT = 4600;

/** A question is answered as the first of its verb and path that has not been; when all have, as the last. */
export async function replayServices(
  { events }: Tape,
  { port = 0, speed = 1 }: ReplayOptions,
): Promise<Replay> {
  const asked = events.filter(event => event.kind === 'asked');
  const left = new Set(asked);
  const ended = Promise.withResolvers<ReplayEnd>();
  const closing = new AbortController();
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const close = async () => {
    closing.abort();
    for (const socket of sockets) socket.destroy();
    await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  };
  const answer = async (of: readonly AskedEvent[], { verb, path }: HttpRequest, socket: Socket) => {
    const alike = of.filter(event => event.verb === verb && event.url.pathname === path);
    const event = alike.find(one => left.has(one)) ?? alike.at(-1);
    if (!event) {
      socket.destroy();
      return ended.resolve('diverged');
    }
    left.delete(event);
    await sleep(event.tookMs / speed, undefined, { signal: closing.signal }).catch(() => {});
    if (event.answer === null || closing.signal.aborted) socket.destroy();
    else socket.end(answerBytes(socket.localPort ?? 0, event.answer.toString('utf8')));
    if (left.size === 0) ended.resolve('played');
  };
  const origins = [...new Set(asked.map(({ url }) => url.origin))];
  let next = port || FIRST_PORT;
  const ports: number[] = [];
  try {
    for (const origin of origins) {
      const of = asked.filter(({ url }) => url.origin === origin);
      const server = createServer(socket => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        hearRequest(socket, request => answer(of, request, socket));
      });
      servers.push(server);
      next = await listen(server, next);
      ports.push(next);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { location: `http://127.0.0.1:${ports[0]}`, ended: ended.promise, [Symbol.asyncDispose]: close };
}

/** @returns the first free port from `first` on @throws when none is */
async function listen(server: Server, first: number): Promise<number> {
  for (let port = first; port <= Math.max(first, LAST_PORT); port += 1) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const refused = () => resolve(false);
    server.once('error', refused);
    server.listen(port, '127.0.0.1', () => resolve(true));
    const free = await promise;
    server.off('error', refused);
    if (free) return port;
  }
  throw new Error('no port is free for a device service');
}
