/** Requests as a device service hears them. Node's server refuses verbs that are not in its list, so they are read here. Pure. */

export interface HttpRequest {
  readonly verb: string;
  readonly path: string;
  readonly body: Uint8Array;
}

export type HttpStep =
  | { readonly kind: 'request'; readonly request: HttpRequest }
  | { readonly kind: 'need-more' }
  /** What arrived is no request; nothing after it can be one. */
  | { readonly kind: 'bad' };

const MAX_HEAD_BYTES = 8_192;
const MAX_BODY_BYTES = 65_536;
const END_OF_HEAD = '\r\n\r\n';

/** RFC 9112 3: method, target and version with one space between each. */
const REQUEST_LINE = /^([A-Z]{1,16}) (\/[!-~]{0,255}) HTTP\/1\.[01]$/;
/** RFC 9112 5: a name, a colon at once, a value of visible characters. */
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~]*?)[ \t]*$/;

/** Reads the one request of a connection from all that has arrived on it so far. */
export function readRequest(bytes: Uint8Array): HttpStep {
  const head = Buffer.from(bytes.subarray(0, MAX_HEAD_BYTES + END_OF_HEAD.length)).toString('latin1');
  const end = head.indexOf(END_OF_HEAD);
  if (end < 0) return bytes.length > MAX_HEAD_BYTES ? { kind: 'bad' } : { kind: 'need-more' };
  const [first = '', ...lines] = head.slice(0, end).split('\r\n');
  const [, verb, path] = REQUEST_LINE.exec(first) ?? [];
  const length = bodyLength(lines);
  if (verb === undefined || path === undefined || length === undefined) return { kind: 'bad' };
  const from = end + END_OF_HEAD.length;
  if (bytes.length < from + length) return { kind: 'need-more' };
  return { kind: 'request', request: { verb, path, body: bytes.slice(from, from + length) } };
}

/** Bytes of the body; undefined where the headers are none, or say it in a way that can be read differently. */
function bodyLength(lines: readonly string[]): number | undefined {
  let length: number | undefined;
  for (const line of lines) {
    const [, name = '', value = ''] = HEADER_LINE.exec(line) ?? [];
    if (name === '' || name.toLowerCase() === 'transfer-encoding') return undefined;
    if (name.toLowerCase() !== 'content-length') continue;
    if (length !== undefined || !/^\d{1,9}$/.test(value) || Number(value) > MAX_BODY_BYTES) return undefined;
    length = Number(value);
  }
  return length ?? 0;
}

/** An answer with its headers as MOSIP's own service writes them. */
export const answerBytes = (port: number, json: string): Buffer =>
  Buffer.from(
    [
      'HTTP/1.1 200 OK',
      'CACHE-CONTROL:no-store',
      `LOCATION:http://127.0.0.1:${port}`,
      `Content-Length: ${Buffer.byteLength(json)}`,
      'Content-Type: application/json',
      'Connection: Closed',
      '',
      json,
    ].join('\r\n'),
  );

const BOUNDARY = '--BoundaryString';

export const streamHead = (): Buffer =>
  Buffer.from(
    `HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=${BOUNDARY}\r\nConnection: Closed\r\n\r\n`,
  );

export const streamPart = (jpeg: Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from(`${BOUNDARY}\r\nContent-Type:image/jpeg\r\nContent-Length:${jpeg.length}\r\n\r\n`),
    jpeg,
    Buffer.from('\r\n'),
  ]);
