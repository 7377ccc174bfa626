/** What both local servers share: 127.0.0.1 only, nothing foreign, nothing cached, errors by their code. */
import type { AddressInfo } from 'node:net';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { entryOf, VantayError } from '../ops/errors.ts';
import type { Log } from '../ops/log.ts';
import type { Page } from './page.ts';

/** Nothing from elsewhere, nothing framed, nothing cached: the page of one visitor must not survive into the next visit. */
export const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy':
    'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=(), clipboard-read=(), display-capture=()',
  'x-frame-options': 'DENY',
} as const;

/** Port a server listens on. */
export const portOf = (server: FastifyInstance): number => (server.server.address() as AddressInfo).port;

/** @throws VantayError PORT_IN_USE; the server is closed then */
export async function listenLocally(server: FastifyInstance, port: number): Promise<void> {
  try {
    await server.listen({ host: '127.0.0.1', port });
  } catch (cause) {
    await server.close();
    if (cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE') {
      throw new VantayError('PORT_IN_USE', `port ${port} on 127.0.0.1 is taken by another process`, {
        cause,
      });
    }
    throw cause;
  }
}

/** A cookie's value among those a browser sent; empty when it is not there. */
export function cookieOf(header: string | undefined, name: string): string {
  const cookies = (header ?? '').split(';').map(pair => pair.trim());
  return cookies.find(pair => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
}

/** Serves what a page consists of, from memory. */
export function serveAssets(server: FastifyInstance, page: Page): void {
  for (const [path, { type, body }] of page.assets) {
    server.get(path, async (_request, reply) =>
      reply.type(type).send(typeof body === 'string' ? body : await body()),
    );
  }
}

/** Every error is answered with its code and remedy; what is no error of ours is only logged. */
export function answerErrors(server: FastifyInstance, log: Log): void {
  server.setErrorHandler((error, _request, reply) => refuse(reply, error, log));
  server.setNotFoundHandler((_request, reply) =>
    refuse(reply, new VantayError('NOT_FOUND', 'nothing is here'), log),
  );
}

/** Which fields are wrong, without what was typed into them. */
export const fieldsOf = (issues: readonly { readonly path: readonly PropertyKey[] }[]): string =>
  `invalid: ${[...new Set(issues.map(issue => issue.path.join('.') || 'type'))].join(', ')}`;

const STATUS: Readonly<Record<string, number>> = {
  INPUT_INVALID: 400,
  SIGN_IN_NEEDED: 401,
  SIGN_IN_REFUSED: 401,
  NOT_FROM_KIOSK: 403,
  ROLE_TOO_LOW: 403,
  NOT_FOUND: 404,
  INPUT_NOT_EXPECTED: 409,
  SECOND_OFFICER_NEEDED: 409,
  TOO_MANY_REQUESTS: 429,
};

function refuse(reply: FastifyReply, error: unknown, log: Log): FastifyReply {
  if (!(error instanceof VantayError) && isClientError(error)) {
    return reply.code(400).send(apiError(new VantayError('INPUT_INVALID', 'not a valid request')));
  }
  const { code } = entryOf(error);
  if (code === 'UNEXPECTED') log.error({ err: error }, 'the screen API failed');
  return reply.code(STATUS[code] ?? 500).send(apiError(error));
}

/** What fastify itself refuses: bodies that are too long, no JSON, or of another type. */
const isClientError = (error: unknown): boolean =>
  error instanceof Error &&
  'statusCode' in error &&
  Number(error.statusCode) >= 400 &&
  Number(error.statusCode) < 500;

function apiError(error: unknown) {
  const { code, cause, remedy } = entryOf(error);
  return { code, message: error instanceof VantayError ? error.message : cause, remedy };
}
