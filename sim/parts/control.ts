import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One thing that can be asked of, or told to, a part that runs as its own process. */
export type Route = (body: unknown) => unknown;

/** Largest body of a request, bytes. */
const MAX_BODY_BYTES = 64 << 10;

/** A loopback HTTP door of one part: `GET /packets`, `POST /fault`, ... as the routes say; JSON both ways. */
export class Control implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param port on 127.0.0.1; 0 takes a free one */
  static async open(port: number, routes: Readonly<Record<string, Route>>): Promise<Control> {
    const server = createServer((request, response) => {
      const route = routes[`${request.method} ${request.url}`];
      const answered =
        route === undefined
          ? Promise.reject(new Error('no such route'))
          : readBody(request).then(async body => JSON.stringify((await route(body)) ?? null));
      answered.then(
        text => response.writeHead(200, { 'content-type': 'application/json' }).end(text),
        (error: Error) =>
          response.writeHead(route === undefined ? 404 : 400).end(JSON.stringify({ error: error.message })),
      );
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new Control(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise(resolve => this.#server.close(resolve));
  }
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += (part as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw new Error('body too large');
    parts.push(part as Buffer);
  }
  return bytes === 0 ? null : (JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown);
}
