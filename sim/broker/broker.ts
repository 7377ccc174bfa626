import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';

/** PEM files of one end of a mutual TLS connection. */
export interface TlsFiles {
  /** Authority that the other end's certificate has to come from. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface BrokerOptions {
  /** TCP port on 127.0.0.1; 0 or nothing takes a free one. */
  readonly port?: number;
  /** With it the broker speaks TLS only and demands a client certificate. */
  readonly tls?: TlsFiles;
}

/** Client ids the broker accepts, characters. Its default of 23 (MQTT 3.1) is too short for `<office>-<kiosk>-...`. */
const MAX_CLIENT_ID_LENGTH = 256;
/** Messages the broker holds for one connecting client; its default of 42 is less than the chunks of one packet. */
const QUEUE_LIMIT = 10_000;

/**
 * An MQTT 3.1.1 broker on a real socket. Retained messages and sessions live as long as one run: after a `stop` all is
 * forgotten, as with a broker whose memory is lost.
 */
export class SimulatedBroker implements AsyncDisposable {
  readonly #options: BrokerOptions;
  readonly #sockets = new Set<Socket>();
  #port: number;
  #running: { readonly server: Server; readonly aedes: Aedes } | null = null;

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#port = options.port ?? 0;
  }

  /** The port; it stays the same over restarts. */
  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `${this.#options.tls === undefined ? 'mqtt' : 'mqtts'}://127.0.0.1:${this.#port}`;
  }

  get running(): boolean {
    return this.#running !== null;
  }

  async start(): Promise<void> {
    if (this.#running !== null) return;
    const aedes = await Aedes.createBroker({
      maxClientsIdLength: MAX_CLIENT_ID_LENGTH,
      queueLimit: QUEUE_LIMIT,
    });
    // A client that breaks off is everyday life for a broker under test.
    aedes.on('clientError', () => undefined);
    aedes.on('connectionError', () => undefined);
    const server = this.#listener(aedes);
    // Raw connections, below TLS: the only ones that surely end what is still in a handshake.
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    try {
      server.listen(this.#port, '127.0.0.1');
      await once(server, 'listening');
    } catch (error) {
      await closed(aedes);
      throw error;
    }
    this.#port = (server.address() as AddressInfo).port;
    this.#running = { server, aedes };
  }

  /** Breaks every connection and frees the port, at once, without a DISCONNECT: as a killed broker would. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    const down = new Promise<void>(resolve => running.server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await down;
    await closed(running.aedes);
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #listener(aedes: Aedes): Server {
    const { tls } = this.#options;
    if (tls === undefined) return createTcpServer(socket => aedes.handle(socket));
    const server = createTlsServer(
      {
        ca: readFileSync(tls.ca),
        cert: readFileSync(tls.certificate),
        key: readFileSync(tls.key),
        requestCert: true,
        rejectUnauthorized: true,
      },
      socket => {
        socket.on('error', () => undefined);
        aedes.handle(socket);
      },
    );
    server.on('tlsClientError', () => undefined);
    return server;
  }
}

const closed = (aedes: Aedes): Promise<void> => new Promise(resolve => aedes.close(resolve));

/** Starts a broker. @throws the socket's error when the port is taken. */
export async function startBroker(options: BrokerOptions = {}): Promise<SimulatedBroker> {
  const broker = new SimulatedBroker(options);
  await broker.start();
  return broker;
}
