import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { addAbortSignal } from 'node:stream';
import { deadline } from '../deadline.ts';
import { DeviceError, type DeviceErrorCode } from '../device.ts';
import { Inbox } from './inbox.ts';
import type { Link } from './link.ts';

/** A device on the kiosk's own network answers in milliseconds. */
const ANSWER_DEADLINE_MS = 5_000;

/** What is asked of a device service. Its verb may be one of its own: Node's client sends any token. */
export interface HttpAsk {
  readonly method: string;
  /** JSON. */
  readonly body: string;
}

const GET: HttpAsk = { method: 'GET', body: '' };

/** Asks and reads the whole answer, as {@link askHttp} does. */
export type Ask = typeof askHttp;

/** The body of an endless HTTP answer as a link; it takes no bytes. */
export interface HttpLink extends Link {
  /** The answer's Content-Type; '' where it has none. */
  readonly mediaType: string;
  /** The answer's Server header; '' where it has none. */
  readonly server: string;
}

/**
 * Asks for `url` and reads what comes. User and password in the URL are sent as basic auth.
 * @throws DeviceError DEVICE_NOT_FOUND, DEVICE_NO_PERMISSION, DEVICE_PROTOCOL, DEVICE_TIMEOUT or DEVICE_FAULT
 */
export async function openHttp(url: URL, signal: AbortSignal, ask = GET): Promise<HttpLink> {
  const location = locationOf(url);
  using limit = deadline(signal, ANSWER_DEADLINE_MS, () => late(location, ANSWER_DEADLINE_MS));
  const response = await request(url, location, ask, limit.signal);
  const inbox = new Inbox();
  response.on('data', (chunk: Buffer) => inbox.push(chunk));
  response.on('error', error => inbox.fail(requestError(location, error)));
  response.on('close', () => inbox.fail(new DeviceError('DEVICE_GONE', `${location}: the stream ended`)));
  const close = async () => {
    inbox.fail(new DeviceError('DEVICE_GONE', `${location} was closed`));
    response.destroy();
  };
  return {
    location,
    mediaType: headerText(response, 'content-type'),
    server: headerText(response, 'server'),
    lost: inbox.lost,
    write: () => Promise.reject(new DeviceError('DEVICE_FAULT', `${location} takes no bytes`)),
    read: readSignal => inbox.take(readSignal),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * One question and its whole answer.
 * @param limits.withinMs until the last byte is there; `maxBytes` of the answer's body
 * @throws DeviceError as {@link openHttp} does, DEVICE_PROTOCOL also when the answer is longer than allowed
 */
export async function askHttp(
  url: URL,
  ask: HttpAsk,
  limits: { readonly withinMs: number; readonly maxBytes: number },
  signal: AbortSignal,
): Promise<Uint8Array> {
  const location = locationOf(url);
  using limit = deadline(signal, limits.withinMs, () => late(location, limits.withinMs));
  const response = await request(url, location, ask, limit.signal);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of addAbortSignal(limit.signal, response) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limits.maxBytes)
        throw new DeviceError('DEVICE_PROTOCOL', `${location} answers more than ${limits.maxBytes} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw limit.signal.aborted ? limit.signal.reason : requestError(location, error as Error);
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks);
}

const locationOf = (url: URL): string => `${url.protocol}//${url.host}${url.pathname}`;

const late = (location: string, withinMs: number): DeviceError =>
  new DeviceError('DEVICE_TIMEOUT', `${location} did not answer within ${withinMs} ms`);

function headerText(response: IncomingMessage, name: string): string {
  return [response.headers[name] ?? ''].flat().join(', ');
}

function request(
  url: URL,
  location: string,
  { method, body }: HttpAsk,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const headers =
    body === '' ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  // One connection for one answer: it is never given back to a pool.
  const sent = send(url, { agent: false, method, headers });
  const abort = () => sent.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  sent.on('response', response => {
    const refused = statusError(location, response.statusCode ?? 0);
    if (refused === undefined) resolve(response);
    else {
      response.destroy();
      reject(refused);
    }
  });
  sent.on('error', error => reject(signal.aborted ? signal.reason : requestError(location, error)));
  sent.end(body);
  return promise.finally(() => signal.removeEventListener('abort', abort));
}

function statusError(location: string, status: number): DeviceError | undefined {
  if (status === 200) return undefined;
  const code =
    status === 401 || status === 403
      ? 'DEVICE_NO_PERMISSION'
      : status === 404
        ? 'DEVICE_NOT_FOUND'
        : 'DEVICE_FAULT';
  return new DeviceError(code, `${location} answered HTTP ${status}`);
}

/** Node's system error codes, errno(3) and getaddrinfo(3). */
const REQUEST_ERRORS: Readonly<Record<string, DeviceErrorCode>> = {
  ECONNREFUSED: 'DEVICE_NOT_FOUND',
  ENOTFOUND: 'DEVICE_NOT_FOUND',
  EHOSTUNREACH: 'DEVICE_NOT_FOUND',
  ENETUNREACH: 'DEVICE_NOT_FOUND',
  EAI_AGAIN: 'DEVICE_NOT_FOUND',
  ECONNRESET: 'DEVICE_GONE',
  EPIPE: 'DEVICE_GONE',
  ETIMEDOUT: 'DEVICE_TIMEOUT',
};

function requestError(location: string, cause: Error): DeviceError {
  if (cause instanceof DeviceError) return cause;
  const system = 'code' in cause ? String(cause.code) : '';
  const code = REQUEST_ERRORS[system] ?? (system.startsWith('HPE_') ? 'DEVICE_PROTOCOL' : 'DEVICE_FAULT');
  return new DeviceError(code, `${location}: ${system || 'the request failed'}`, { cause });
}
