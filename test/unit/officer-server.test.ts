import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Figures, OfficerView, type OutboxPage } from '../../agent/contract/officer.ts';
import { OfficerConsole } from '../../agent/officer/console.ts';
import { OfficerServer } from '../../agent/officer/server.ts';
import { Sessions } from '../../agent/officer/sessions.ts';
import { SignIn } from '../../agent/officer/sign-in.ts';
import { Biometric } from '../../agent/ops/biometric.ts';
import { type Clock, systemClock } from '../../agent/ops/clock.ts';
import { createLog } from '../../agent/ops/log.ts';
import { SqliteOutbox } from '../../agent/outbox/outbox.ts';
import { Session } from '../../agent/session/run.ts';
import { viewOf } from '../../agent/session/view.ts';
import type { Identification } from '../../agent/session/visit.ts';
import {
  CANARY,
  decision,
  identification,
  PACKET_ID,
  policy,
  STORY,
  VIEW_CONTEXT,
  VISIT_ID,
} from '../fixtures/visit.ts';

const PINS = [
  { officer: 'A-1', role: 'officer', pin: 'first' },
  { officer: 'B-2', role: 'officer', pin: 'second' },
  { officer: 'C-3', role: 'supervisor', pin: 'third' },
] as const;
const LIMITS = { maxPackets: 10, maxBytes: 1e7, maxAgeMs: 1e9, minimumFreeBytes: 0 };

let stack: AsyncDisposableStack;
let session: Session;
let outbox: SqliteOutbox;
let server: OfficerServer;
let origin: string;
let laterMs = 0;
let logged = '';
/** Agencies' requests on their way to the outbox. */
let handedIn: object[] = [];

/** Time goes on when a test says so. */
const clock: Clock = { ...systemClock, monotonicMs: () => performance.now() + laterMs };

beforeEach(async () => {
  laterMs = 0;
  logged = '';
  handedIn = [];
  stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'vantay-desk-'));
  stack.defer(() => rm(folder, { recursive: true }));
  outbox = stack.use(await SqliteOutbox.open({ path: join(folder, 'o.sqlite'), limits: LIMITS, clock }));
  const officers = { ...policy, officerDecides: true };
  session = stack.use(
    new Session({
      policy: officers,
      clock,
      patience: { stepSeconds: 900, warnSeconds: 20 },
      // Nothing happens by itself: each test says what was found.
      perform: (_activity, _report, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        }),
      newVisitId: () => VISIT_ID,
      mayWait: () => true,
      refusalToStart: () => null,
      onFailure: () => {},
    }),
  );
  const log = createLog('info', {
    write: line => {
      logged += line;
    },
  });
  const desk = stack.use(
    new OfficerConsole({
      session,
      outbox,
      clock,
      self: { kiosk: 'kiosk-01', office: 'hanoi-01' },
      devices: {
        states: [
          { role: 'camera', state: 'failed', driver: '', model: '', serial: '', error: 'DEVICE_GONE' },
        ],
      },
      screen: {
        view: () => viewOf(session.state, { ...VIEW_CONTEXT, officerDecides: true }),
        onView: listener =>
          session.onChange(() => listener(viewOf(session.state, { ...VIEW_CONTEXT, officerDecides: true }))),
        preview: async function* () {},
        fingerPng: async () => null,
      },
      accounts: {
        newId: () => PACKET_ID,
        expected: { accountDecision: '2026-11-25', provisional: false },
        send: async (id, form, officer) => {
          handedIn.push({ id, form, officer });
        },
      },
      refusal: () => null,
      policy: { secondOfficerFor: ['no_match'], pins: true },
    }),
  );
  server = stack.use(
    await OfficerServer.start({
      ...{ port: 0, publicOrigin: null, log, console: desk },
      page: { html: '<!doctype html><title>desk</title>', assets: new Map() },
      sessions: stack.use(new Sessions(clock, { idleMs: 60_000, shiftMs: 600_000 }, () => {})),
      signInAt: at => new SignIn({ file: join(folder, 'officers.json'), origin: at, pins: PINS, clock }),
      record: event => outbox.record(event),
    }),
  );
  origin = new URL(server.address).origin;
});
afterEach(() => stack.disposeAsync());

type Headers = Record<string, string>;
const post = (path: string, body: object, headers: Headers = {}) =>
  fetch(`${origin}/officer/api/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin, ...headers },
    body: JSON.stringify(body),
  });
const get = (path: string, headers: Headers = {}) => fetch(`${origin}/officer/api/${path}`, { headers });
const codeOf = async (answer: Response) => ((await answer.json()) as { code: string }).code;

/** What a browser sends after signing in. */
async function signedIn({ officer, pin } = PINS[0] as (typeof PINS)[number]): Promise<Headers> {
  const answer = await post('sign-in', { kind: 'pin', officer, pin });
  expect(answer.status).toBe(200);
  const cookie = answer.headers.getSetCookie()[0] ?? '';
  expect(cookie).toMatch(/; Path=\/officer; HttpOnly; SameSite=Strict$/);
  const { token } = (await answer.json()) as { token: string };
  return { cookie: cookie.split(';')[0] ?? '', 'x-vantay-token': token };
}

/** Plays the story to a review of this outcome. */
function review(outcome: Parameters<typeof decision>[0], found?: Identification): void {
  for (const event of STORY) {
    if (session.state.kind === 'comparing') break;
    session.dispatch(event);
  }
  session.dispatch({
    ...{ type: 'compared', decision: decision(outcome) },
    ...(found ? { identification: found } : {}),
  });
}

/** What the desk is told first. */
async function deskView(me: Headers): Promise<OfficerView> {
  const events = await get('events', me);
  const reader = events.body!.getReader();
  const text = Buffer.from((await reader.read()).value ?? []).toString();
  await reader.cancel();
  return OfficerView.parse(JSON.parse(/data: (.*)/.exec(text)?.[1] ?? ''));
}

const chain = async () => (await outbox.auditPage(null, '', 100)).map(({ text }) => JSON.parse(text).event);
const confirm = (second: object | null) => ({
  ...{ type: 'confirm_identity', visitId: VISIT_ID, reason: 'quality_accepted', second },
});

describe('who is let in', () => {
  it('without signing in there is the page and nothing else', async () => {
    expect((await fetch(server.address)).status).toBe(200);
    for (const path of [
      'events',
      'preview.mjpeg',
      'finger.png',
      'outbox',
      'figures',
      'audit',
      'face/taken.jpg',
    ])
      expect((await get(path)).status, path).toBe(401);
    expect((await post('act', { type: 'forward', visitId: VISIT_ID })).status).toBe(401);
    expect(await (await get('sign-in')).json()).toEqual({ signedIn: null, pins: true });
  });

  it('the cookie alone changes nothing: the page’s token has to come with it, from the page’s origin', async () => {
    const { cookie = '', ...token } = await signedIn();
    const action = { type: 'end_visit', visitId: VISIT_ID };
    expect(await codeOf(await post('act', action, { cookie }))).toBe('NOT_FROM_KIOSK');
    const foreign = { cookie, ...token, origin: 'http://localhost:1' };
    expect(await codeOf(await post('act', action, foreign))).toBe('NOT_FROM_KIOSK');
    expect(await codeOf(await post('act', action, { cookie, ...token }))).toBe('INPUT_NOT_EXPECTED');
    expect((await post('sign-out', {}, { cookie })).status).toBe(403);
  });

  it('another name for this machine is refused (DNS rebinding), and so is a post that names no origin', async () => {
    const status = (headers: Headers, method = 'GET') =>
      new Promise(resolve => {
        const path = method === 'GET' ? '/officer' : '/officer/api/sign-in/passkey-options';
        request(`${origin}${path}`, { method, headers }, answer => resolve(answer.resume().statusCode)).end();
      });
    expect(await status({})).toBe(200);
    expect(await status({ host: 'evil.example' })).toBe(403);
    expect(await status({ host: `127.0.0.1:${new URL(origin).port}` })).toBe(403);
    expect(await status({}, 'POST')).toBe(403);
    const page = await fetch(server.address);
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'.*frame-ancestors 'none'$/,
    );
    expect(page.headers.get('cache-control')).toBe('no-store');
  });

  it('wrong sign-ins stand in the audit chain, but no more of them than are looked at', async () => {
    for (let i = 0; i < 8; i++) await post('sign-in', { kind: 'pin', officer: 'A-1', pin: CANARY });
    const refused = (await chain()).filter(({ event }) => event === 'officer_refused');
    expect(refused).toEqual(Array(5).fill({ event: 'officer_refused', method: 'pin' }));
    expect(logged).not.toContain(CANARY);
  });

  it('idleness ends the sign-in and the streams with it', async () => {
    const me = await signedIn();
    const events = await get('events', me);
    laterMs = 61_000;
    expect(await codeOf(await get('outbox', me))).toBe('SIGN_IN_NEEDED');
    // The stream ends: what has come is all there is.
    expect(await events.text()).toContain('event: view');
  });
});

describe('a case', () => {
  it('is shown with what the scores are, as the contract says, and without a picture that is not asked for', async () => {
    const me = await signedIn();
    review('inconclusive');
    const view = await deskView(me);
    expect(view.needs.map(({ kind, word }) => [kind, word])).toEqual([
      ['case', 'inconclusive'],
      ['device', 'camera'],
    ]);
    expect(view).toMatchObject({ openCase: { secondOfficer: false, faces: { taken: true, record: false } } });
    expect(JSON.stringify(view)).not.toContain(CANARY);
    expect((await get('face/record.jpg', me)).status).toBe(404);
  });

  it('of somebody who may be known otherwise shows that record beside, to the officer alone', async () => {
    const me = await signedIn();
    const portrait = await sharp({ create: { width: 40, height: 50, channels: 3, background: '#a86' } })
      .png()
      .toBuffer();
    const [candidate] = identification.candidates.reveal();
    const candidates = new Biometric(candidate ? [{ ...candidate, portrait }] : []);
    review('inconclusive', { ...identification, candidates });
    const view = await deskView(me);
    expect(view.openCase?.search).toBe('searched');
    expect(view.openCase?.candidates).toMatchObject([
      { recordId: 'record-2', person: { surname: CANARY }, picture: true, face: 'match' },
    ]);
    expect(JSON.stringify(view.screen)).not.toContain(CANARY);
    const picture = (index: number, headers: Headers) => get(`face/candidate.jpg?index=${index}`, headers);
    expect((await picture(0, {})).status).not.toBe(200);
    expect((await picture(1, me)).status).toBe(404);
    const shown = await picture(0, me);
    expect(shown.headers.get('content-type')).toBe('image/jpeg');
    expect((await sharp(Buffer.from(await shown.arrayBuffer())).metadata()).height).toBe(50);
  });

  it.each([
    ['not_searched', { state: 'not_searched' }],
    ['face_only', { ...identification, modalities: ['face'] }],
    ['finger_only', { ...identification, modalities: ['finger'] }],
    ['searched', identification],
  ] as const)('says what became of a search for others: %s', async (search, made) => {
    const me = await signedIn();
    review('inconclusive', made);
    expect((await deskView(me)).openCase).toMatchObject({ search });
  });

  it('decided stands in the chain, with who and why, before it is done', async () => {
    const me = await signedIn();
    review('inconclusive');
    const answer = await post('act', confirm(null), me);
    expect(answer.status).toBe(200);
    expect(OfficerView.parse(await answer.json())).toMatchObject({
      openCase: null,
      overrides: [{ officer: 'A-1', secondOfficer: null, reason: 'quality_accepted' }],
    });
    expect((await chain())[0]).toEqual({
      ...{ event: 'officer_acted', officer: 'A-1', action: 'confirm_identity', subject: VISIT_ID },
      ...{ position: null, reason: 'quality_accepted', secondOfficer: null },
    });
    expect(await codeOf(await post('act', confirm(null), me))).toBe('INPUT_NOT_EXPECTED');
    expect(await chain()).toHaveLength(2);
  });

  it('against a plain no needs somebody else, who shows it', async () => {
    const me = await signedIn();
    review('no_match');
    const pin = (officer: string, word: string) => ({ kind: 'pin', officer, pin: word });
    expect(await codeOf(await post('act', confirm(null), me))).toBe('SECOND_OFFICER_NEEDED');
    expect(await codeOf(await post('act', confirm(pin('A-1', 'first')), me))).toBe('SECOND_OFFICER_NEEDED');
    expect(await codeOf(await post('act', confirm(pin('B-2', 'wrong')), me))).toBe('SIGN_IN_REFUSED');
    expect(session.state).toMatchObject({ kind: 'review', visit: { overrides: [] } });
    expect((await post('act', confirm(pin('B-2', 'second')), me)).status).toBe(200);
    expect(session.state).toMatchObject({ visit: { overrides: [{ secondOfficer: 'B-2' }] } });
  });

  it('is not decided where it cannot be written down', async () => {
    const me = await signedIn();
    review('inconclusive');
    await outbox[Symbol.asyncDispose]();
    expect((await post('act', confirm(null), me)).status).toBe(500);
    expect(session.state).toMatchObject({ visit: { overrides: [] } });
  });

  it('no action without a reason of the list, and none that is not known', async () => {
    const me = await signedIn();
    review('inconclusive');
    for (const action of [
      { ...confirm(null), reason: 'because' },
      { type: 'confirm_identity', visitId: VISIT_ID, second: null },
      { type: 'delete_everything', visitId: VISIT_ID },
    ])
      expect(await codeOf(await post('act', action, me))).toBe('INPUT_INVALID');
    expect(await codeOf(await post('act', { type: 'retry_packet', packetId: VISIT_ID }, me))).toBe(
      'ROLE_TOO_LOW',
    );
  });
});

describe('what the kiosk has done', () => {
  it('a packet that was set aside goes back into the queue by a supervisor’s word', async () => {
    const me = await signedIn(PINS[2]);
    const packet = {
      id: PACKET_ID,
      sequence: 1,
      container: new Uint8Array(9),
      manifestSha256: 'ab'.repeat(32),
    };
    await outbox.accept(packet);
    const retry = () => post('act', { type: 'retry_packet', packetId: PACKET_ID }, me);
    expect(await codeOf(await retry())).toBe('INPUT_NOT_EXPECTED');
    await outbox.apply({ id: PACKET_ID, state: 'rejected', code: 'schema_invalid' });
    const before = (await (await get('outbox', me)).json()) as OutboxPage;
    expect(before.rows).toMatchObject([{ state: 'rejected', code: 'schema_invalid' }]);
    const view = OfficerView.parse(await (await retry()).json());
    expect(view.needs.map(({ kind }) => kind)).not.toContain('packets');
    expect((await outbox.find(PACKET_ID))?.state).toBe('queued');
    expect((await chain()).slice(0, 2)).toMatchObject([
      { event: 'packet_retried' },
      { event: 'officer_acted', officer: 'C-3', action: 'retry_packet', subject: PACKET_ID },
    ]);
  });

  it('figures and audit are read from the chain, newest first, page by page', async () => {
    const me = await signedIn();
    for (let visit = 0; visit < 60; visit++) await outbox.record({ event: 'visit_began', visitId: VISIT_ID });
    const compared = { event: 'visit_compared', visitId: VISIT_ID, outcome: 'no_match' } as const;
    await outbox.record({ ...compared, reason: 'nothing_matches', retries: 2 });
    review('inconclusive');
    await post('act', confirm(null), me);
    expect(Figures.parse(await (await get('figures', me)).json())).toMatchObject({
      ...{ visits: 60, compared: 1, retries: 2, outcomes: { no_match: 1 } },
      officers: [{ officer: 'A-1', cases: 1, overrides: 1 }],
    });
    const page = async (query: string) =>
      (await (await get(`audit?${query}`, me)).json()) as { entries: { index: number }[]; before: number };
    const first = await page('');
    expect([first.entries.length, first.entries[0]?.index]).toEqual([50, 63]);
    const second = await page(`before=${first.before}`);
    expect(second.entries.map(({ index }) => index)).toEqual(Array.from({ length: 13 }, (_, i) => 13 - i));
    expect((await page('text=quality_accepted')).entries).toHaveLength(1);
    expect(await (await get('outbox', me)).json()).toEqual({ packets: 0, bytes: 0, full: null, rows: [] });
  });
});

describe("an agency's request", () => {
  const form = {
    ...{ request: 'lock', ground: 'agency_request', requester: 'Cục Thuế' },
    ...{ paperNumber: '12/CV', paperDate: '2026-11-02' },
    holder: { travelDocumentNumber: CANARY.replaceAll(/[^A-Z0-9]/g, '').slice(0, 12), issuer: 'FRA' },
  };
  const action = { type: 'request_account', form };

  it('is handed in by a supervisor; the audit chain has why and by whom, never whose account', async () => {
    const headers = await signedIn(PINS[2]);
    expect((await post('act', action, headers)).status).toBe(200);
    expect(handedIn).toEqual([{ id: PACKET_ID, form, officer: 'C-3' }]);
    const audit = await (await get('audit?text=request_account', headers)).text();
    expect(JSON.parse(audit)).toMatchObject({
      entries: [{ event: { officer: 'C-3', subject: PACKET_ID, reason: 'agency_request' } }],
    });
    expect(audit).not.toContain(form.holder.travelDocumentNumber);
    expect(audit + logged).not.toContain('Cục Thuế');
  });

  it('is not an officer’s to hand in', async () => {
    const answer = await post('act', action, await signedIn());
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'ROLE_TOO_LOW']);
    expect(handedIn).toEqual([]);
  });

  it.each([
    ['of a day to come', { paperDate: '2099-01-01' }],
    ['of no day', { paperDate: '2026-02-30' }],
    ['without a number', { paperNumber: ' ' }],
    ['of nobody', { requester: '' }],
    ['with another ground', { ground: 'spite' }],
    ['about no document', { holder: { travelDocumentNumber: 'a b', issuer: 'FRA' } }],
  ])('%s is refused', async (_what, wrong) => {
    const headers = await signedIn(PINS[2]);
    const answer = await post('act', { ...action, form: { ...form, ...wrong } }, headers);
    expect([answer.status, await codeOf(answer)]).toEqual([400, 'INPUT_INVALID']);
    expect(handedIn).toEqual([]);
  });
});
