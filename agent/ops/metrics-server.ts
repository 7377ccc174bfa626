import fastify, { type FastifyInstance } from 'fastify';
import { answerErrors, HEADERS, listenLocally, portOf } from '../screen/http.ts';
import { VantayError } from './errors.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** `GET /metrics` on 127.0.0.1 and nothing else. */
export class MetricsServer implements AsyncDisposable {
  readonly #server: FastifyInstance;

  private constructor(server: FastifyInstance) {
    this.#server = server;
  }

  /** @throws VantayError PORT_IN_USE */
  static async start(port: number, metrics: Metrics, log: Log): Promise<MetricsServer> {
    const server = fastify({ forceCloseConnections: true });
    server.addHook('onRequest', async (request, reply) => {
      reply.headers(HEADERS);
      // A page elsewhere may have its own name resolve to this machine; a collector calls it by its own.
      const { hostname } = request;
      if (hostname !== '127.0.0.1' && hostname !== 'localhost')
        throw new VantayError('NOT_FROM_KIOSK', 'the request does not come from this machine');
    });
    server.get('/metrics', async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.text()),
    );
    answerErrors(server, log);
    await listenLocally(server, port);
    return new MetricsServer(server);
  }

  get address(): string {
    return `http://127.0.0.1:${portOf(this.#server)}/metrics`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.close();
  }
}
