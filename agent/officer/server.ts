/** The web server of the officer's console: an origin of its own, nothing without signing in, nothing foreign. */
import { timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { AuditEvent } from '../contract/audit.ts';
import {
  AuditQuery,
  CandidateQuery,
  Invited,
  OfficerAction,
  Proof,
  type SignedIn,
} from '../contract/officer.ts';
import { VantayError } from '../ops/errors.ts';
import type { Log } from '../ops/log.ts';
import {
  answerErrors,
  cookieOf,
  fieldsOf,
  HEADERS,
  listenLocally,
  portOf,
  serveAssets,
} from '../screen/http.ts';
import type { Page } from '../screen/page.ts';
import { RateLimit } from '../screen/rate.ts';
import { streamFrames, streamViews } from '../screen/streams.ts';
import type { OfficerConsole } from './console.ts';
import type { OfficerSession, Sessions } from './sessions.ts';
import type { Officer, SignIn } from './sign-in.ts';

export interface OfficerServerOptions {
  readonly port: number;
  /** Public origin of a proxy with TLS before it; null when it is reached as localhost. */
  readonly publicOrigin: string | null;
  readonly page: Page;
  readonly log: Log;
  readonly sessions: Sessions;
  /** What signs in at an origin, which is known once the server listens. */
  signInAt(origin: string): SignIn;
  readonly console: OfficerConsole;
  record(event: AuditEvent): Promise<void>;
}

/** Largest request body, in bytes: an attestation of a passkey is the longest thing sent here. */
const BODY_LIMIT_BYTES = 32 * 1024;
/** Requests at once and a second, by far more than two pages and two hands make. */
const RATE = { burst: 200, perSecond: 60 };
/** The page, its files, and how somebody signs in: all that is there for whoever is not signed in. */
const API = '/officer/api/';
const SIGN_IN = `${API}sign-in`;
const COOKIE = 'vantay-officer';
/** Shows that the page itself sends a request: no form and no other origin can set it. */
const TOKEN_HEADER = 'x-vantay-token';

export class OfficerServer implements AsyncDisposable {
  readonly #server: FastifyInstance;
  readonly #closing: AbortController;
  /** Where officers find it. */
  readonly address: string;

  private constructor(server: FastifyInstance, closing: AbortController, address: string) {
    this.#server = server;
    this.#closing = closing;
    this.address = address;
  }

  /** @throws VantayError PORT_IN_USE */
  static async start(options: OfficerServerOptions): Promise<OfficerServer> {
    const closing = new AbortController();
    const server = fastify({ bodyLimit: BODY_LIMIT_BYTES, forceCloseConnections: true });
    let signIn: SignIn | null = null;
    const origin = () => options.publicOrigin ?? `http://localhost:${portOf(server)}`;
    const who = () => {
      signIn ??= options.signInAt(origin());
      return signIn;
    };
    guard(server, origin);
    server.get('/', async (_request, reply) => reply.redirect('/officer'));
    server.get('/officer', async (_request, reply) =>
      reply.type('text/html; charset=utf-8').send(options.page.html),
    );
    serveAssets(server, options.page);
    const desk = new Desk(options, who, origin, closing.signal);
    desk.serveSignIn(server);
    desk.serveConsole(server);
    answerErrors(server, options.log);
    await listenLocally(server, options.port);
    return new OfficerServer(server, closing, `${origin()}/officer`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error("the officer's console stops"));
    await this.#server.close();
  }
}

/** DNS rebinding fails on Host; whatever changes something has to come from the page's own origin, and says so. */
function guard(server: FastifyInstance, origin: () => string): void {
  const rate = new RateLimit(RATE.burst, RATE.perSecond);
  server.addHook('onRequest', async (request, reply) => {
    reply.headers(HEADERS);
    if (!rate.take()) throw new VantayError('TOO_MANY_REQUESTS', 'too many requests at once');
    const own = origin();
    const { host, origin: from } = request.headers;
    const mustSay = request.method !== 'GET' && request.method !== 'HEAD';
    if (host !== new URL(own).host || (from ? from !== own : mustSay))
      throw new VantayError('NOT_FROM_KIOSK', "the request does not come from the officer's console");
  });
}

/** The routes, and what they share. */
class Desk {
  readonly #options: OfficerServerOptions;
  readonly #signIn: () => SignIn;
  readonly #secure: () => boolean;
  readonly #closing: AbortSignal;

  constructor(
    options: OfficerServerOptions,
    signIn: () => SignIn,
    origin: () => string,
    closing: AbortSignal,
  ) {
    this.#options = options;
    this.#signIn = signIn;
    this.#secure = () => origin().startsWith('https:');
    this.#closing = closing;
  }

  serveSignIn(server: FastifyInstance): void {
    const { sessions, console, record } = this.#options;
    server.get(SIGN_IN, async request => {
      const session = sessions.find(cookieOf(request.headers.cookie, COOKIE), false);
      return { signedIn: session && told(session), pins: console.pins };
    });
    server.post(`${SIGN_IN}/passkey-options`, async () => this.#signIn().passkeyOptions());
    server.post(`${SIGN_IN}/invitation-options`, async request => {
      const { officer, code } = parsed(Invited, request.body);
      return this.#signIn().invitationOptions(officer, code);
    });
    server.post(SIGN_IN, async (request, reply) => {
      const proof = parsed(Proof, request.body);
      const officer = await this.#whoIs(proof);
      await record({ event: 'officer_signed_in', ...officer, method: proof.kind });
      // Whoever signs in anew is signed out first: one browser is one officer.
      sessions.end(cookieOf(request.headers.cookie, COOKIE));
      const { cookie, session } = sessions.begin(officer, proof.kind);
      return reply.header('set-cookie', this.#cookie(cookie)).send(told(session));
    });
    server.post(`${API}sign-out`, async (request, reply) => {
      this.#session(request);
      sessions.end(cookieOf(request.headers.cookie, COOKIE));
      return reply.header('set-cookie', `${this.#cookie('')}; Max-Age=0`).send({});
    });
  }

  serveConsole(server: FastifyInstance): void {
    const { console } = this.#options;
    const until = (session: OfficerSession) => AbortSignal.any([session.ended, this.#closing]);
    server.get(`${API}events`, async (request, reply) =>
      streamViews(reply, console, until(this.#session(request))),
    );
    server.get(`${API}preview.mjpeg`, async (request, reply) =>
      streamFrames(reply, console, until(this.#session(request))),
    );
    server.get(`${API}finger.png`, async (request, reply) => {
      this.#session(request);
      return picture(reply, 'image/png', await console.fingerPng());
    });
    for (const which of ['taken', 'record'] as const) {
      server.get(`${API}face/${which}.jpg`, async (request, reply) => {
        this.#session(request);
        return picture(reply, 'image/jpeg', await console.face(which));
      });
    }
    server.get(`${API}face/candidate.jpg`, async (request, reply) => {
      this.#session(request);
      const { index } = parsed(CandidateQuery, request.query);
      return picture(reply, 'image/jpeg', await console.face(index));
    });
    server.get(`${API}outbox`, async request => this.#session(request) && console.outbox());
    server.get(`${API}figures`, async request => this.#session(request) && console.figures());
    server.get(`${API}audit`, async request => {
      this.#session(request);
      const { text, before } = parsed(AuditQuery, request.query);
      return console.audit(text, before ?? null);
    });
    server.post(`${API}act`, async request => {
      const officer = this.#session(request);
      const action = parsed(OfficerAction, request.body);
      await console.act(action, officer, await this.#second(action, officer));
      return console.view();
    });
  }

  /** @throws VantayError SECOND_OFFICER_NEEDED unless somebody else agrees where somebody has to */
  async #second(action: OfficerAction, first: Officer): Promise<Officer | null> {
    if (!this.#options.console.needsSecond(action)) return null;
    const proof = action.type === 'confirm_identity' ? action.second : null;
    const second = proof && proof.kind !== 'invitation' ? await this.#whoIs(proof) : null;
    if (!second || second.officer === first.officer)
      throw new VantayError('SECOND_OFFICER_NEEDED', 'another officer has to agree');
    return second;
  }

  async #whoIs(proof: Proof): Promise<Officer> {
    try {
      return await this.#signIn().whoIs(proof);
    } catch (error) {
      // Not those beyond the limit of guesses: they were not looked at, and could fill the disk.
      if (error instanceof VantayError && error.code === 'SIGN_IN_REFUSED')
        await this.#options.record({ event: 'officer_refused', method: proof.kind });
      throw error;
    }
  }

  /**
   * Who asks. What changes something also has to carry the token of the page.
   * @throws VantayError SIGN_IN_NEEDED, NOT_FROM_KIOSK
   */
  #session(request: FastifyRequest): OfficerSession {
    const changes = request.method !== 'GET';
    const session = this.#options.sessions.find(cookieOf(request.headers.cookie, COOKIE), changes);
    if (!session) throw new VantayError('SIGN_IN_NEEDED', 'nobody is signed in');
    if (changes && !same(String(request.headers[TOKEN_HEADER] ?? ''), session.token))
      throw new VantayError('NOT_FROM_KIOSK', "the request does not come from the officer's page");
    return session;
  }

  #cookie(value: string): string {
    const secure = this.#secure() ? '; Secure' : '';
    return `${COOKIE}=${value}; Path=/officer; HttpOnly; SameSite=Strict${secure}`;
  }
}

const told = ({ officer, role, token }: OfficerSession): SignedIn => ({ officer, role, token });

function picture(reply: FastifyReply, type: string, bytes: Uint8Array | null): FastifyReply {
  if (!bytes) throw new VantayError('NOT_FOUND', 'no picture now');
  return reply.type(type).send(bytes);
}

interface Schema<T> {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: { readonly issues: readonly { readonly path: readonly PropertyKey[] }[] };
      };
}

function parsed<T>(schema: Schema<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new VantayError('INPUT_INVALID', fieldsOf(result.error.issues));
}

function same(a: string, b: string): boolean {
  const [first, second] = [Buffer.from(a), Buffer.from(b)];
  return first.length === second.length && timingSafeEqual(first, second);
}
