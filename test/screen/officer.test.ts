/** The officer's console in a real browser: passkeys by Chromium's virtual authenticator, whole cases to the packet. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import en from '../../agent/screen/messages/officer/en.json' with { type: 'json' };
import vi from '../../agent/screen/messages/officer/vi.json' with { type: 'json' };
import words from '../../agent/screen/messages/vi.json' with { type: 'json' };
import { ScreenClient } from '../../sim/visitor/screen-client.ts';
import { run } from '../fixtures/command.ts';
import { OFFICER, OfficerKiosk, SUPERVISOR, SWAPPED } from '../fixtures/officer-kiosk.ts';
import { launch } from './browser.ts';
import { APPEARS_MS, Desk } from './desk.ts';

/** Longest test on a busy machine, in milliseconds. */
const TEST_MS = 420_000;

let browser: Browser;
let kiosk: OfficerKiosk;

beforeAll(async () => {
  [browser, kiosk] = await Promise.all([launch(), OfficerKiosk.start()]);
});

afterAll(async () => {
  await browser?.close();
  await kiosk?.[Symbol.asyncDispose]();
});

const packetOf = async (packetId: string | null) =>
  (await kiosk.world.backend.packets()).find(packet => packet.packetId === packetId);

test(
  'an officer registers a passkey, signs in with it, and decides a case; the word is in packet and audit chain',
  async () => {
    const { configFile } = kiosk.world;
    await using desk = await Desk.open(browser, kiosk);
    await desk.plugKey();
    await desk.sees(vi.pins);
    await desk.look('sign-in');
    await desk.register('A-17');
    await desk.sees(vi['needs.none']);
    await desk.press(vi.sign_out);
    await desk.press(vi['sign_in.passkey']);
    await desk.sees(vi['needs.none']);
    await desk.look('quiet');

    const left = kiosk.comes(SWAPPED);
    await desk.sees(vi['step.fingers']);
    await desk.look('fingers');
    await desk.sees(vi['case.title']);
    await desk.sees(vi['case.reason.fingers_rearranged']);
    for (const which of [vi['case.taken'], vi['case.record']]) {
      const image = desk.page.getByRole('img', { name: which });
      await expect
        .poll(() => image.evaluate((img: HTMLImageElement) => img.naturalWidth), { timeout: APPEARS_MS })
        .toBeGreaterThan(100);
    }
    await desk.look('case-vi');
    await desk.press(vi.language);
    await desk.sees(en['case.title']);
    await desk.look('case-en');
    await desk.press(en['case.confirm']);
    await desk.look('confirm');
    await desk.page.getByLabel(en['reason.identity_confirmed_in_person']).check();
    await desk.press(en['dialog.yes']);
    const trace = await left;
    expect(trace.delivery).toBe('accepted');
    const manifest = (await packetOf(trace.packetId))?.manifest;
    expect(manifest).toMatchObject({
      decision: { outcome: 'inconclusive', reason: 'fingers_rearranged' },
      overrides: [
        {
          step: 'decision',
          position: null,
          reason: 'identity_confirmed_in_person',
          officer: 'A-17',
          secondOfficer: null,
        },
      ],
    });
    await desk.press(en['tab.audit']);
    await desk.page.getByLabel(en['audit.search']).fill('A-17');
    await desk.sees('confirm_identity');
    await desk.look('audit');
    expect((await run(['audit', 'verify', '--config', configFile])).code).toBe(0);
    expect(desk.faults()).toEqual([]);
  },
  TEST_MS,
);

test(
  'where the policy asks for it, a second officer agrees with a passkey; nobody agrees with himself',
  async () => {
    await using other = await Desk.open(browser, kiosk);
    const keys = await other.plugKey();
    await other.register('B-20');
    await using desk = await Desk.open(browser, kiosk);
    await desk.signInByPin(OFFICER);
    const left = kiosk.impostorComes();
    await desk.sees(vi['case.title.no_match']);
    await desk.press(vi['case.confirm']);
    await desk.sees(vi['case.second']);
    await desk.page.getByLabel(vi['reason.quality_accepted']).check();
    const agree = async ({ officer, pin }: { officer: string; pin: string }) => {
      await desk.page.getByLabel(vi['sign_in.officer']).fill(officer);
      await desk.page.getByLabel(vi['sign_in.pin']).fill(pin);
      await desk.press(vi['case.second_pin']);
    };
    await agree(OFFICER);
    await desk.sees(vi['error.SECOND_OFFICER_NEEDED']);
    await desk.look('second');
    // The other officer comes to this desk, with the key that was registered at another.
    await desk.plugKey(await keys());
    await desk.press(vi['case.second_passkey']);
    const trace = await left;
    expect((await packetOf(trace.packetId))?.manifest).toMatchObject({
      decision: { outcome: 'no_match' },
      overrides: [{ reason: 'quality_accepted', officer: '1001', secondOfficer: 'B-20' }],
    });
    await desk.press(vi['tab.figures']);
    await desk.sees(vi['outcome.no_match']);
    await desk.look('figures');
    // Dismissed while signed in: the other desk is closed at once.
    await run(['officer', 'dismiss', 'B-20', '--config', kiosk.world.configFile]);
    await other.sees(vi['sign_in.again']);
  },
  TEST_MS,
);

test(
  'somebody known under other documents is shown beside that record, and decided by the officer',
  async () => {
    await using desk = await Desk.open(browser, kiosk);
    await desk.signInByPin(OFFICER);
    const left = kiosk.comesWithOtherPapers();
    await desk.sees(vi['case.candidates']);
    await desk.sees(vi['case.reason.may_be_known_otherwise']);
    await desk.sees(kiosk.person.identity.passport.number);
    const image = desk.page.getByRole('img', { name: vi['case.candidate_picture'] });
    await expect
      .poll(() => image.evaluate((img: HTMLImageElement) => img.naturalWidth), { timeout: APPEARS_MS })
      .toBeGreaterThan(100);
    await desk.look('candidates');
    await desk.press(vi['case.forward']);
    const trace = await left;
    expect((await packetOf(trace.packetId))?.manifest).toMatchObject({
      decision: { outcome: 'inconclusive', reason: 'may_be_known_otherwise' },
      identification: { searched: 1, candidates: [{ face: 'match', finger: 'match' }] },
    });
  },
  TEST_MS,
);

test(
  'a finger is excepted and another taken again; a case is refused only after a question',
  async () => {
    await using desk = await Desk.open(browser, kiosk);
    await desk.signInByPin(SUPERVISOR);
    await kiosk.world.sensor.unplug();
    const left = kiosk.comes(SWAPPED);
    await desk.sees(vi['step.fingers']);
    await desk.sees(vi['need.device']);
    await desk.press(vi['visit.except']);
    await desk.page.getByLabel(vi['exception.device']).check();
    await desk.look('except');
    await desk.press(vi['dialog.yes']);
    await desk.sees(`${SUPERVISOR.officer}: ${vi['reason.device_defective']}`);
    kiosk.world.sensor.plug();
    await desk.sees(vi['case.title']);
    await desk.press(vi['visit.recapture']);
    await desk.look('recapture');
    await desk.page.getByLabel(vi['visit.portrait']).check();
    await desk.press(vi['dialog.yes']);
    await desk.sees(vi['step.face']);
    await desk.page.locator('.preview').waitFor();
    await desk.glance('face');
    await desk.sees(vi['case.title']);
    await desk.press(vi['visit.recapture']);
    await desk.page.getByLabel(words['finger.right_index'], { exact: true }).check();
    await desk.press(vi['dialog.yes']);
    await desk.sees(vi['step.fingers']);
    await desk.sees(`${words['finger.right_index']} …`);
    await desk.sees(vi['case.title']);
    await desk.press(vi['case.refuse']);
    await desk.press(vi['dialog.no']);
    await desk.sees(vi['case.title']);
    await desk.press(vi['case.refuse']);
    await desk.press(vi['dialog.yes']);
    expect((await left).refusal).toMatchObject({ reason: 'identity_not_confirmed' });
    await desk.sees(vi['needs.none']);
  },
  TEST_MS,
);

test(
  'a call is seen at once and answered; a visit is ended only after a question',
  async () => {
    await using desk = await Desk.open(browser, kiosk);
    await desk.signInByPin(OFFICER);
    const { signal } = new AbortController();
    const applicant = await ScreenClient.open(kiosk.agent.screen, signal);
    for (const input of [{ type: 'start' }, { type: 'language', language: 'ko' }, { type: 'call_officer' }])
      expect(await applicant.send(input, signal)).toBe(200);
    await desk.sees(vi['need.call']);
    await desk.look('call');
    await desk.press(vi['visit.answer']);
    await desk.sees(vi['needs.none']);
    await desk.press(vi['visit.end']);
    await desk.look('end');
    await desk.page.keyboard.press('Escape');
    await desk.sees(vi['step.purpose']);
    await desk.press(vi['visit.end']);
    await desk.press(vi['dialog.yes']);
    await desk.sees(vi['step.ended']);
    expect(desk.faults()).toEqual([]);
  },
  TEST_MS,
);

test(
  'devices with what to do, the outbox, and nothing left after signing out',
  async () => {
    await using desk = await Desk.open(browser, kiosk);
    await desk.signInByPin(SUPERVISOR);
    await kiosk.world.sensor.unplug();
    await desk.press(vi['tab.devices']);
    await desk.sees(vi['need.device']);
    await desk.sees(vi['remedy.title']);
    await desk.look('devices');
    kiosk.world.sensor.plug();
    await desk.sees(vi['needs.none']);
    await desk.press(vi['tab.outbox']);
    await desk.sees(vi['outbox.empty']);
    await desk.look('outbox');
    await desk.press(vi.sign_out);
    await desk.sees(vi['sign_in.again']);
    const answers = await desk.page.evaluate(async () => {
      const paths = [
        'events',
        'outbox',
        'figures',
        'audit',
        'finger.png',
        'face/taken.jpg',
        'face/record.jpg',
      ];
      return Promise.all(paths.map(async path => (await fetch(`/officer/api/${path}`)).status));
    });
    expect(new Set(answers)).toEqual(new Set([401]));
    expect(await desk.page.context().cookies(kiosk.desk)).toEqual([]);
    expect(await desk.page.evaluate(() => localStorage.length + sessionStorage.length)).toBe(0);
    expect(await desk.page.evaluate(() => document.body.textContent)).not.toContain('kiosk-01');
  },
  TEST_MS,
);

test(
  "a supervisor hands in an agency's request after a question, and the backend gets it; an officer cannot",
  async () => {
    await using officer = await Desk.open(browser, kiosk);
    await officer.signInByPin(OFFICER);
    await officer.press(vi['tab.account']);
    await officer.sees(vi['error.ROLE_TOO_LOW']);
    await using desk = await Desk.open(browser, kiosk);
    await desk.signInByPin(SUPERVISOR);
    await desk.press(vi['tab.account']);
    await desk.look('account');
    await desk.page.getByLabel(vi['account.request.lock'], { exact: true }).check();
    await desk.page.getByLabel(vi['account.ground.holder_deceased'], { exact: true }).check();
    const written = { requester: 'Cơ quan thuế', paperNumber: '12/CV-CT', paperDate: '2026-11-02' };
    for (const [name, text] of Object.entries({ ...written, number: '12ab34567', issuer: 'fra' }))
      await desk.page.getByLabel(vi[`account.${name as 'number'}`], { exact: true }).fill(text);
    await desk.press(vi['account.hand_in']);
    await desk.look('account-question');
    await desk.press(vi['dialog.no']);
    await desk.press(vi['account.hand_in']);
    await desk.press(vi['dialog.yes']);
    await desk.sees(vi['account.done'].split('.')[0] ?? '');
    const requests = async () =>
      (await kiosk.world.backend.packets()).filter(
        ({ manifest }) => (manifest as { type?: string } | null)?.type === 'vantay.account-request',
      );
    await expect.poll(async () => (await requests()).length, { timeout: APPEARS_MS }).toBe(1);
    const [request] = await requests();
    expect(request?.manifest).toMatchObject({
      officer: SUPERVISOR.officer,
      form: {
        ...{ request: 'lock', ground: 'holder_deceased', ...written },
        holder: { travelDocumentNumber: '12AB34567', issuer: 'FRA' },
      },
      expected: { accountDecision: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) },
    });
    await expect
      .poll(async () => (await requests())[0]?.receiptStates.at(-1), { timeout: APPEARS_MS })
      .toBe('accepted');
    expect(desk.faults()).toEqual([]);
  },
  TEST_MS,
);
