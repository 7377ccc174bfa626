import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiError, type ScreenInput, ScreenView } from '../../agent/contract/screen.ts';
import { createLog } from '../../agent/ops/log.ts';
import { RateLimit } from '../../agent/screen/rate.ts';
import { ScreenServer, type ScreenSource } from '../../agent/screen/server.ts';
import { CANARY, CONSENT_SHA256 } from '../fixtures/visit.ts';

const viewAt = (step: 'idle' | 'purpose'): ScreenView => ({
  type: 'vantay.view',
  visitId: null,
  language: 'vi',
  purpose: 'register_level_2',
  comfort: { textPercent: 100, highContrast: false, readAloud: false },
  canGoBack: false,
  view: { step },
  officerCalled: false,
  secondsLeft: null,
  deviceProblems: [],
});

/** A session that takes one start, and shows whatever a test tells it to. */
class Source implements ScreenSource {
  current = viewAt('idle');
  png: Uint8Array | null = null;
  readonly taken: ScreenInput[] = [];
  readonly listeners = new Set<(view: ScreenView) => void>();
  failure: Error | null = null;

  view() {
    if (this.failure) throw this.failure;
    return this.current;
  }
  input(input: ScreenInput) {
    if (input.type !== 'start') return false;
    this.taken.push(input);
    this.show(viewAt('purpose'));
    return true;
  }
  show(view: ScreenView) {
    this.current = view;
    for (const listener of this.listeners) listener(view);
  }
  onView(listener: (view: ScreenView) => void) {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  async *preview(signal: AbortSignal) {
    yield { jpeg: Buffer.from('picture') };
    await new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    );
  }
  async speech() {
    return null;
  }
  async fingerPng() {
    return this.png;
  }
}

let source: Source;
let server: ScreenServer;
let cookie = '';
let logged = '';

const log = createLog('info', {
  write: line => {
    logged += line;
  },
});
const page = {
  html: '<!doctype html><title>kiosk</title>',
  assets: new Map([['/main.js', { type: 'text/javascript', body: '1' }]]),
};

beforeEach(async () => {
  logged = '';
  source = new Source();
  server = await ScreenServer.start({ port: 0, page, source, log });
  const answer = await fetch(server.address);
  cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
});
afterEach(() => server[Symbol.asyncDispose]());

const get = (path: string, headers: Record<string, string> = { cookie }) =>
  fetch(`${server.address}${path}`, { headers });

const post = (body: string, headers: Record<string, string> = {}) =>
  fetch(`${server.address}/api/input`, {
    method: 'POST',
    headers: { cookie, 'content-type': 'application/json', ...headers },
    body,
  });

/** `fetch` keeps Host to itself, so this speaks plain HTTP. */
const statusWith = (headers: Record<string, string>, path = '/'): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const asked = request(`${server.address}${path}`, { headers }, response => {
      response.resume();
      resolve(response.statusCode);
    });
    asked.on('error', reject);
    asked.end();
  });

const refusal = async (answer: Response) => {
  const error = ApiError.parse(await answer.json());
  return { status: answer.status, code: error.code, remedy: error.remedy };
};

describe('who is let in', () => {
  it('the page sets a strict cookie that scripts cannot read, and forbids everything foreign', async () => {
    const answer = await fetch(server.address);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('set-cookie')).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await answer.text()).toContain('kiosk');
    expect((await get('/main.js', {})).headers.get('content-type')).toContain('javascript');
  });

  it.each(['/api/view', '/api/events', '/api/finger.png', '/api/preview.mjpeg'])(
    '%s needs the cookie',
    async path => {
      expect(await refusal(await get(path, {}))).toMatchObject({ status: 403, code: 'NOT_FROM_KIOSK' });
      expect((await get(path, { cookie: 'vantay=wrong' })).status).toBe(403);
    },
  );

  it('an input without the cookie is refused and changes nothing', async () => {
    expect((await post('{"type":"start"}', { cookie: '' })).status).toBe(403);
    expect(source.taken).toEqual([]);
  });

  it('a foreign Host (DNS rebinding) or Origin is refused, also with the cookie', async () => {
    expect(await statusWith({ host: 'evil.example', cookie })).toBe(403);
    expect(await statusWith({ host: '127.0.0.1:1', cookie })).toBe(403);
    expect(await statusWith({ origin: 'http://evil.example', cookie }, '/api/view')).toBe(403);
    expect(await statusWith({ origin: 'null', cookie }, '/api/view')).toBe(403);
    expect(await statusWith({ origin: server.address, cookie }, '/api/view')).toBe(200);
  });

  it('another start has another token', async () => {
    await using second = await ScreenServer.start({ port: 0, page, source, log });
    const answer = await fetch(`${second.address}/api/view`, { headers: { cookie } });
    expect(answer.status).toBe(403);
  });
});

describe('an input', () => {
  it('that fits is taken and answered with the view after it', async () => {
    const answer = await post('{"type":"start"}');
    expect(answer.status).toBe(200);
    expect(ScreenView.parse(await answer.json()).view.step).toBe('purpose');
    expect(source.taken).toEqual([{ type: 'start' }]);
  });

  it('that does not fit the step is 409 and changes nothing', async () => {
    const before = source.current;
    expect(await refusal(await post('{"type":"submit"}'))).toMatchObject({
      status: 409,
      code: 'INPUT_NOT_EXPECTED',
    });
    expect(source.current).toBe(before);
  });

  it.each([
    ['no JSON', '{"type":'],
    ['nothing', ''],
    ['no object', '[1,2]'],
    ['an unknown type', '{"type":"dance"}'],
    ['a key too many', '{"type":"start","extra":1}'],
    ['a prototype', '{"type":"start","__proto__":{"a":1}}'],
    ['a number that is no Vietnamese mobile', '{"type":"contact","mobile":"+4912345","email":null}'],
    ['a consent without its text', '{"type":"consent","accepted":true}'],
    ['a body that is too long', JSON.stringify({ type: 'start', padding: 'x'.repeat(9_000) })],
  ])('%s is 400 with a code', async (_what, body) => {
    expect(await refusal(await post(body))).toMatchObject({ status: 400, code: 'INPUT_INVALID' });
    expect(source.taken).toEqual([]);
  });

  it('of another type than JSON is 400', async () => {
    expect((await post('type=start', { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(
      400,
    );
    expect((await post('{"type":"start"}', { 'content-type': 'text/plain' })).status).toBe(400);
  });

  it('that is refused is not repeated in the answer nor in the log', async () => {
    const answers = await Promise.all([
      post(JSON.stringify({ type: 'contact', mobile: CANARY, email: CANARY })),
      post(JSON.stringify({ type: CANARY })),
      post(JSON.stringify({ type: 'consent', accepted: true, textSha256: CONSENT_SHA256, [CANARY]: 1 })),
    ]);
    for (const answer of answers) expect(await answer.text()).not.toContain(CANARY);
    expect(logged).not.toContain(CANARY);
  });
});

/** Reads server-sent events until as many views came. */
async function readViews(answer: Response, count: number): Promise<ScreenView[]> {
  const views: ScreenView[] = [];
  let text = '';
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) views.push(JSON.parse(event.replace(/^event: view\ndata: /, '')));
    if (views.length >= count) break;
  }
  return views;
}

describe('streams', () => {
  it('push the view at once and on every change', async () => {
    const answer = await get('/api/events');
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const reading = readViews(answer, 2);
    await expect.poll(() => source.listeners.size).toBe(1);
    source.show(viewAt('purpose'));
    expect((await reading).map(({ view }) => view.step)).toEqual(['idle', 'purpose']);
    // The page that left is forgotten.
    await expect.poll(() => source.listeners.size).toBe(0);
  });

  it('the preview is multipart JPEG', async () => {
    const answer = await get('/api/preview.mjpeg');
    expect(answer.headers.get('content-type')).toBe('multipart/x-mixed-replace; boundary=frame');
    const reader = answer.body!.getReader();
    let text = '';
    while (!text.includes('picture')) text += Buffer.from((await reader.read()).value ?? []).toString();
    expect(text).toContain('--frame\r\ncontent-type: image/jpeg\r\ncontent-length: 7\r\n\r\n');
    await reader.cancel();
  });

  it('the server closes with streams open, and they end', async () => {
    const events = await get('/api/events');
    const preview = await get('/api/preview.mjpeg');
    await server[Symbol.asyncDispose]();
    await Promise.allSettled([events.text(), preview.text()]);
    expect(source.listeners.size).toBe(0);
    await expect(fetch(server.address)).rejects.toThrow(TypeError);
  });
});

describe('the rate of requests', () => {
  it('of a page that goes wild is limited, with a code, on the wire', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 300 }, () => statusWith({ cookie }, '/api/view')),
    );
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    // What stands for hands comes again with time, and nothing was harmed meanwhile.
    await expect.poll(() => statusWith({ cookie }, '/api/view')).toBe(200);
  });

  it('of endless answers is limited too, and room is made when one ends', async () => {
    const open = await Promise.all(Array.from({ length: 8 }, () => get('/api/events')));
    expect(new Set(open.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await refusal(await get('/api/events'))).toMatchObject({ status: 429, code: 'TOO_MANY_REQUESTS' });
    await open[0]?.body?.cancel();
    const again = async () => {
      const answer = await get('/api/events');
      await answer.body?.cancel();
      return answer.status;
    };
    await expect.poll(again).toBe(200);
    for (const one of open.slice(1)) await one.body?.cancel();
  });

  it('has room for a burst, and fills again with time', () => {
    let nowMs = 0;
    const rate = new RateLimit(3, 10, () => nowMs);
    expect([1, 2, 3, 4].map(() => rate.take())).toEqual([true, true, true, false]);
    nowMs += 100;
    expect([rate.take(), rate.take()]).toEqual([true, false]);
    nowMs += 60_000;
    expect([1, 2, 3, 4].map(() => rate.take())).toEqual([true, true, true, false]);
  });
});

describe('other answers', () => {
  it('the finger image is there only while there is one', async () => {
    expect(await refusal(await get('/api/finger.png'))).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    source.png = Buffer.from('PNG');
    const answer = await get('/api/finger.png');
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
      200,
      'image/png',
      'PNG',
    ]);
  });

  it('what is not there is 404 with a code', async () => {
    expect(await refusal(await get('/nowhere'))).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    expect(await refusal(await get('/../package.json'))).toMatchObject({ status: 404 });
  });

  it('a fault of the agent is 500 without its message or stack; the log has them', async () => {
    source.failure = new Error(CANARY);
    const answer = await get('/api/view');
    const text = await answer.text();
    expect(answer.status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ code: 'UNEXPECTED' });
    expect(text).not.toContain(CANARY);
    expect(text).not.toContain('.ts');
    expect(logged).toContain('the screen API failed');
  });

  it('a taken port is PORT_IN_USE', async () => {
    const other = createServer();
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    await expect(ScreenServer.start({ port, page, source, log })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
    });
    await new Promise(resolve => other.close(resolve));
  });
});
