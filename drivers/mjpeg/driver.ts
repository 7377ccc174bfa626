import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { type Camera, DeviceError, type DeviceErrorCode } from '../device.ts';
import { StreamCamera, type StreamLimits } from '../stream-camera.ts';
import { JpegSplitter } from './jpeg-splitter.ts';
import { boundaryOf, MultipartReader } from './multipart.ts';

export interface MjpegHttpSettings {
  /** `http:` or `https:` URL of a multipart/x-mixed-replace stream; user and password in it are sent as basic auth. */
  readonly url: string;
  readonly limits?: Partial<StreamLimits>;
}

/** A camera on the kiosk's own network answers in milliseconds. */
const ANSWER_DEADLINE_MS = 5_000;

/**
 * Connects and waits for the first frame.
 * @throws DeviceError DEVICE_NOT_FOUND, DEVICE_NO_PERMISSION, DEVICE_PROTOCOL, DEVICE_TIMEOUT or DEVICE_FAULT
 */
export async function openMjpegHttp(
  settings: MjpegHttpSettings,
  signal: AbortSignal,
): Promise<Camera & { lost: Promise<DeviceError> }> {
  const url = new URL(settings.url);
  const location = `${url.protocol}//${url.host}${url.pathname}`;
  const response = await request(url, location, signal);
  const camera = new StreamCamera(
    { driver: 'mjpeg-http', model: headerText(response, 'server') || 'MJPEG camera', serial: '', location },
    settings.limits ?? {},
    async () => {
      response.destroy();
    },
  );
  const contentType = headerText(response, 'content-type');
  const reader = readerFor(contentType);
  if (reader === undefined) {
    response.destroy();
    throw new DeviceError(
      'DEVICE_PROTOCOL',
      `${location} is no MJPEG stream but ${contentType || 'untyped'}`,
    );
  }
  response.on('data', (chunk: Buffer) => {
    for (const jpeg of reader.push(chunk)) camera.push(jpeg);
  });
  response.on('error', error => camera.fail(requestError(location, error)));
  response.on('close', () => camera.fail(new DeviceError('DEVICE_GONE', `${location}: the stream ended`)));
  return camera.started(signal);
}

function headerText(response: IncomingMessage, name: string): string {
  return [response.headers[name] ?? ''].flat().join(', ');
}

/** Splitter of the body; undefined for what is no stream of JPEG frames. */
function readerFor(contentType: string): { push(bytes: Uint8Array): Uint8Array[] } | undefined {
  if (!/^\s*(multipart\/|video\/x-motion-jpeg|image\/jpeg)/i.test(contentType)) return undefined;
  const boundary = boundaryOf(contentType);
  return boundary === undefined ? new JpegSplitter() : new MultipartReader(boundary);
}

function request(url: URL, location: string, signal: AbortSignal): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const get = url.protocol === 'https:' ? httpsGet : httpGet;
  // One connection for one stream: it is never given back to a pool.
  const sent = get(url, { agent: false });
  const abort = () => sent.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  const late = () =>
    sent.destroy(
      new DeviceError('DEVICE_TIMEOUT', `${location} did not answer within ${ANSWER_DEADLINE_MS} ms`),
    );
  const timer = setTimeout(late, ANSWER_DEADLINE_MS);
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
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  });
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
