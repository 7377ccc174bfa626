/** The local web server of the kiosk page: 127.0.0.1 only, one view pushed on every change, one touch taken at a time. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ScreenInput, type ScreenView } from '../contract/screen.ts';
import { VantayError } from '../ops/errors.ts';
import type { Log } from '../ops/log.ts';
import { answerErrors, cookieOf, fieldsOf, HEADERS, listenLocally, portOf, serveAssets } from './http.ts';
import type { Page } from './page.ts';
import { RateLimit } from './rate.ts';
import { streamFrames, streamViews } from './streams.ts';

export interface ScreenSource {
  view(): ScreenView;
  /** False when the input did not fit the step. */
  input(input: ScreenInput): boolean;
  onView(listener: (view: ScreenView) => void): () => void;
  /** Newest camera frames for the preview, only while a portrait is being taken. */
  preview(signal: AbortSignal): AsyncIterable<{ readonly jpeg: Uint8Array }>;
  /** The step of the moment read aloud, as WAV; null where this system has no voice. */
  speech(): Promise<Uint8Array | null>;
  /** The finger image last taken in this visit as PNG; null when there is none. */
  fingerPng(): Promise<Uint8Array | null>;
}

export interface ScreenOptions {
  readonly port: number;
  readonly page: Page;
  readonly source: ScreenSource;
  readonly log: Log;
}

/** Largest request body, in bytes: no input is longer than a mail address and a few words. */
const BODY_LIMIT_BYTES = 8 * 1024;

/** Requests at once and a second, by far more than a page and a hand make. */
const RATE = { burst: 200, perSecond: 60 };
/** Endless answers at once: one page, the one it replaces, and somebody who looks on. */
const MAX_STREAMS = 8;

export class ScreenServer implements AsyncDisposable {
  readonly #server: FastifyInstance;
  readonly #closing = new AbortController();
  readonly address: string;

  private constructor(server: FastifyInstance, closing: AbortController) {
    this.#server = server;
    this.#closing = closing;
    this.address = `http://127.0.0.1:${portOf(server)}`;
  }

  /** @throws VantayError PORT_IN_USE */
  static async start({ port, page, source, log }: ScreenOptions): Promise<ScreenServer> {
    const closing = new AbortController();
    // Made anew at each start: a page from an earlier run of the agent has to be loaded again.
    const token = randomBytes(24).toString('base64url');
    const server = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
    guard(server, token);
    servePage(server, page, token);
    serveApi(server, source, closing.signal);
    answerErrors(server, log);
    await listenLocally(server, port);
    return new ScreenServer(server, closing);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the screen server stops'));
    await this.#server.close();
  }
}

const COOKIE = 'vantay';

/** No window, dialog, print, download or form of the page's own, whatever runs in it (HTML, sandboxing flags). */
const SANDBOX = 'sandbox allow-scripts allow-same-origin';

/** Keeps other local pages out: DNS rebinding fails on Host, cross-site requests on Origin and on the strict cookie. */
function guard(server: FastifyInstance, token: string): void {
  const rate = new RateLimit(RATE.burst, RATE.perSecond);
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    if (!rate.take()) throw new VantayError('TOO_MANY_REQUESTS', 'too many requests at once');
    const port = portOf(server);
    const own = [`127.0.0.1:${port}`, `localhost:${port}`];
    const { host, origin } = request.headers;
    const foreign =
      !host || !own.includes(host) || (origin && !own.some(name => origin === `http://${name}`));
    const needsCookie = request.url.startsWith('/api/');
    if (foreign || (needsCookie && !hasToken(request, token))) {
      throw new VantayError('NOT_FROM_KIOSK', 'the request does not come from the kiosk page');
    }
  });
}

function hasToken(request: FastifyRequest, token: string): boolean {
  const given = cookieOf(request.headers.cookie, COOKIE);
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function servePage(server: FastifyInstance, page: Page, token: string): void {
  server.get('/', async (_request, reply) =>
    reply
      .header('content-security-policy', `${HEADERS['content-security-policy']}; ${SANDBOX}`)
      .header('set-cookie', `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict`)
      .type('text/html; charset=utf-8')
      .send(page.html),
  );
  serveAssets(server, page);
}

function serveApi(server: FastifyInstance, source: ScreenSource, closing: AbortSignal): void {
  let streams = 0;
  const streaming = (reply: FastifyReply) => {
    if (streams >= MAX_STREAMS) throw new VantayError('TOO_MANY_REQUESTS', 'too many pages listen');
    streams += 1;
    reply.raw.once('close', () => {
      streams -= 1;
    });
    return reply;
  };
  server.get('/api/view', async () => source.view());
  server.get('/api/events', async (_request, reply) => streamViews(streaming(reply), source, closing));
  server.get('/api/preview.mjpeg', async (_request, reply) =>
    streamFrames(streaming(reply), source, closing),
  );
  server.get('/api/speech.wav', async (_request, reply) => {
    const wav = await source.speech();
    if (!wav) throw new VantayError('NOT_FOUND', 'no voice here');
    return reply.type('audio/wav').send(wav);
  });
  server.get('/api/finger.png', async (_request, reply) => {
    const png = await source.fingerPng();
    if (!png) throw new VantayError('NOT_FOUND', 'no finger image now');
    return reply.type('image/png').send(png);
  });
  server.post('/api/input', async request => {
    const parsed = ScreenInput.safeParse(request.body);
    if (!parsed.success) throw new VantayError('INPUT_INVALID', fieldsOf(parsed.error.issues));
    if (!source.input(parsed.data)) {
      throw new VantayError(
        'INPUT_NOT_EXPECTED',
        `"${parsed.data.type}" does not fit the step "${source.view().view.step}"`,
      );
    }
    return source.view();
  });
}
