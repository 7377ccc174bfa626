/** Whole visits in a real browser, by touch alone. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Language } from '../../agent/contract/common.ts';
import en from '../../agent/screen/messages/en.json' with { type: 'json' };
import { type Messages, messagesOf } from '../../agent/screen/messages/index.ts';
import vi from '../../agent/screen/messages/vi.json' with { type: 'json' };
import type { Pose } from '../../sim/world/stage.ts';
import { launch, Visitor } from './browser.ts';
import { Kiosk } from './kiosk.ts';

/** Right thumb: ISO/IEC 19794-2 code 1. */
const RIGHT_THUMB = 1;
/** Longest visit with every page looked at twice, on a busy machine, in milliseconds. */
const VISIT_MS = 420_000;
/** An image of an R30x sensor, in pixels. */
const PRINT = { width: 256, height: 288 };

let browser: Browser;
let kiosk: Kiosk;

beforeAll(async () => {
  [browser, kiosk] = await Promise.all([launch(), Kiosk.start(4)]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await kiosk?.[Symbol.asyncDispose]();
});

beforeEach(() => kiosk.clear());

type Words = Messages;

/** Touches the way to the first step at a device. */
async function begin(
  visitor: Visitor,
  language: Language,
  look: (step: string) => Promise<void>,
): Promise<void> {
  const words = messagesOf(language);
  await visitor.page.locator('[data-step="idle"]').waitFor({ timeout: 20_000 });
  await visitor.at('idle');
  await visitor.sees(en['idle.title']);
  await visitor.sees(vi['idle.title']);
  await look('idle');
  await visitor.page.locator('.actions button').tap();
  await visitor.at('language');
  await look('language');
  await visitor.page.locator(`main button:has([lang="${language}"])`).tap();
  await visitor.at('purpose');
  await visitor.sees(words['purpose.title']);
  await look('purpose');
  await visitor.touch(words['purpose.register_level_2']);
  await visitor.at('bring');
  await look('bring');
  await visitor.touch(words['bring.ready']);
}

/** The rest of form TK01, after the number. */
async function fillForm(
  visitor: Visitor,
  words: Words,
  look: (step: string) => Promise<void>,
): Promise<void> {
  await visitor.at('sim');
  await visitor.sees(`TTTB ${kiosk.person.identity.passport.number}`);
  await look('sim');
  await visitor.touch(words['sim.confirmed']);
  await visitor.at('integrate');
  await visitor.touch(words['integrate.tax_code']);
  await look('integrate');
  await visitor.touch(words['contact.next']);
}

async function typeMobile(visitor: Visitor, mobile: string): Promise<void> {
  // As people know their number: with a zero in the place of the country's code.
  for (const digit of mobile.replace('+84', '0')) await visitor.touch(digit);
}

const nothing = async (): Promise<void> => undefined;

async function wholeVisit(language: Language): Promise<void> {
  const words = messagesOf(language);
  let pose: Pose = 'too-far';
  kiosk.allow(() => false);
  kiosk.expect(kiosk.person, {
    pose: () => pose,
  });
  await using visitor = await Visitor.open(browser, kiosk.screen, language);
  const { page } = visitor;
  // Every page of every language is looked at closely in the gallery; here the visit itself is the matter.
  const look = (step: string) => visitor.glance(step);
  const streamEnded = new Promise<void>(resolve => {
    const end = (request: { url(): string }) => request.url().endsWith('/api/preview.mjpeg') && resolve();
    page.on('requestfailed', end);
    page.on('requestfinished', end);
  });

  await begin(visitor, language, look);
  await visitor.at('documents');
  await visitor.sees(words['documents.title.travel_document']);
  await look('passport');
  kiosk.allow(view => view.wanted === 'travel_document');
  await visitor.sees(words['documents.title.residence_card']);
  await visitor.at('documents');
  await look('card');
  kiosk.allow(() => true);
  await visitor.at('consent');
  await visitor.sees(words['consent.text'].slice(0, 40));
  await look('consent');
  kiosk.allow(() => false);
  await visitor.touch(words['consent.accept']);

  await visitor.at('contact');
  await visitor.sees(kiosk.person.identity.surname);
  await look('contact');
  await visitor.touch(words['contact.next']);
  await visitor.sees(words['contact.invalid_mobile']);
  await typeMobile(visitor, kiosk.person.identity.mobile);
  await look('contact-mobile');
  await page.getByLabel(words['contact.email']).tap();
  for (const key of ['a', 'n', '.', 'l', 'e', 'x', '@gmail.com']) await visitor.touch(key);
  await visitor.touch(words['pad.delete']);
  await visitor.touch('m');
  await look('contact-email');
  await visitor.touch(words['contact.next']);
  await fillForm(visitor, words, look);

  await visitor.at('fingers');
  await visitor.sees(words['advice.place_finger']);
  await look('finger-first');
  kiosk.allow(view => view.position === 'right_thumb');
  await visitor.sees(words['finger.right_index']);
  // The picture is fetched after the words stand there.
  await expect.poll(() => visitor.pixels('.print img'), { timeout: 10_000 }).toMatchObject(PRINT);
  expect((await visitor.pixels('.print img')).range).toBeGreaterThan(100);
  await look('finger-second');
  kiosk.allow(() => false);
  await kiosk.place(RIGHT_THUMB);
  await visitor.sees(words['advice.other_finger']);
  await look('finger-advice');
  kiosk.allow(view => view.step === 'fingers' && view.position !== 'left_little');
  await page.locator('h1', { hasText: words['finger.left_little'] }).waitFor({ timeout: 90_000 });
  await look('finger-last');
  kiosk.allow(() => true);

  await visitor.at('face');
  await visitor.sees(words['advice.come_closer']);
  await expect.poll(async () => (await visitor.pixels('.camera img')).range).toBeGreaterThan(100);
  await look('face-too-far');
  pose = 'neutral';
  const good = page.locator('.camera ellipse.good');
  await good.waitFor();
  await visitor.glance('face-good');

  await visitor.at('review');
  await streamEnded;
  await visitor.sees(kiosk.person.identity.mobile);
  await visitor.sees('an.lex@gmail.com');
  await look('review');
  await visitor.touch(words['review.submit']);
  await visitor.at('receipt');
  await visitor.sees(words['receipt.accepted']);
  expect(await page.locator('.qr path').getAttribute('d')).toMatch(/^M\d+ \d+h1v1h-1z/);
  await look('receipt');
  const packetId = await page.locator('code').textContent();
  expect((await kiosk.world.backend.packets()).map(packet => packet.packetId)).toContain(packetId);
  await visitor.touch(words['receipt.print']);
  await visitor.sees(words['receipt.printed']);
  expect(kiosk.world.printer.jobs.at(-1)?.text).toContain(packetId);
  await visitor.touch(words['receipt.finish']);
  await visitor.at('ended');
  await look('ended');
  expect(visitor.faults()).toEqual([]);
}

// In one language: the stories of the simulator are played in all of them.
test('a whole visit, from attract to receipt', () => wholeVisit('vi'), VISIT_MS);

test('an unplugged scanner is named while it is away, an officer can be called, and the visit can be ended', async () => {
  kiosk.expect(kiosk.invent(1));
  kiosk.allow(view => view.step !== 'fingers');
  await using visitor = await Visitor.open(browser, kiosk.screen, 'unplugged');
  await begin(visitor, 'en', nothing);
  await consentAndContact(visitor, en);
  await visitor.at('fingers');
  await kiosk.world.sensor.unplug();
  await visitor.sees(en['device.problem.finger_scanner']);
  await visitor.touch(en['officer.call']);
  await visitor.sees(en['officer.called']);
  await visitor.look('problem');
  kiosk.world.sensor.plug();
  await visitor.page.getByText(en['device.problem.finger_scanner']).waitFor({ state: 'detached' });
  await visitor.touch(en['officer.done']);
  await visitor.page.getByText(en['officer.called']).waitFor({ state: 'detached' });
  await visitor.touch(en['fingers.exception']);
  await visitor.look('exception');
  await visitor.touch(en['fingers.exception.missing']);
  await visitor.sees(en['finger.right_index']);
  await visitor.touch(en['common.cancel']);
  await visitor.look('end-question');
  await visitor.touch(en['common.end_no']);
  await visitor.at('fingers');
  await visitor.touch(en['common.cancel']);
  await visitor.touch(en['common.end_yes']);
  await visitor.at('ended');
  await visitor.sees(en['ended.cancelled']);
  await visitor.look('cancelled');
});

test('nothing of a visitor is left for the next one, and a double touch is one touch', async () => {
  kiosk.expect(kiosk.invent(1));
  kiosk.allow(view => view.step === 'documents');
  await using visitor = await Visitor.open(browser, kiosk.screen, 'twice');
  const { page } = visitor;
  await visitor.at('idle');
  const box = await page.locator('.actions button').boundingBox();
  const [x, y] = [box!.x + box!.width / 2, box!.y + box!.height / 2];
  await page.touchscreen.tap(x, y);
  await page.touchscreen.tap(x, y);
  await visitor.at('language');
  const english = page.getByRole('button', { name: /English/ });
  await english.evaluate((button: HTMLElement) => {
    button.click();
    button.click();
  });
  await visitor.at('purpose');
  await visitor.touch(en['purpose.register_level_2']);
  await visitor.touch(en['bring.ready']);
  await visitor.at('consent');
  await visitor.touch(en['consent.accept']);
  await visitor.at('contact');
  const mobile = page.getByLabel(en['contact.mobile']);
  await mobile.pressSequentially('0912 345 678');
  await expect.poll(() => mobile.inputValue()).toBe('912 345 678');
  for (const input of await page.locator('input').all()) {
    expect(await input.getAttribute('autocomplete')).toBe('off');
  }
  await visitor.touch(en['common.cancel']);
  await visitor.touch(en['common.end_yes']);
  await visitor.at('ended');
  await visitor.touch(en['idle.start']);
  await visitor.at('language');
  await visitor.touch(`English ${en['idle.title']}`);
  await visitor.at('purpose');
  await visitor.touch(en['purpose.register_level_2']);
  await visitor.touch(en['bring.ready']);
  await visitor.at('consent');
  await visitor.touch(en['consent.accept']);
  await visitor.at('contact');
  expect(await mobile.inputValue()).toBe('');
  const kept = await page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    cookies: document.cookie,
    history: history.length,
  }));
  // One entry is the blank page that every tab begins with.
  expect(kept).toMatchObject({ local: 0, session: 0, databases: 0, caches: 0, workers: 0, cookies: '' });
  expect(kept.history).toBeLessThanOrEqual(2);
  await visitor.touch(en['common.cancel']);
  await visitor.touch(en['common.end_yes']);
  await visitor.at('ended');
  expect(visitor.faults()).toEqual([]);
});

test('the page finds an agent that was started anew, and warns before the time is over', async () => {
  kiosk.allow(() => false);
  await using visitor = await Visitor.open(browser, kiosk.screen, 'time');
  const { page } = visitor;
  await visitor.at('idle');
  const restarted = kiosk.restart({ stepTimeoutSeconds: 10, warnSeconds: 20 });
  await page.locator('[data-step="offline"]').waitFor({ timeout: 30_000 });
  await visitor.glance('offline');
  await restarted;
  await visitor.at('idle');
  const away = (fault: string) => /ERR_|403|Failed to load/.test(fault);
  expect(visitor.faults(away)).toEqual([]);
  await begin(visitor, 'en', nothing);
  await visitor.sees(en['common.still_there']);
  await visitor.glance('warning-portrait');
  await page.setViewportSize({ width: 1920, height: 1080 });
  await visitor.glance('warning-landscape');
  await visitor.touch(en['common.still_here']);
  await page.getByText(en['common.still_there']).waitFor({ state: 'detached' });
  await visitor.sees(en['common.still_there']);
  await page.locator('[data-step="ended"]').waitFor({ timeout: 60_000 });
  await visitor.sees(en['ended.time_out']);
  expect(visitor.faults(away)).toEqual([]);
});

async function consentAndContact(visitor: Visitor, words: Words): Promise<void> {
  await visitor.at('consent');
  await visitor.touch(words['consent.accept']);
  await visitor.at('contact');
  await typeMobile(visitor, kiosk.person.identity.mobile);
  await visitor.touch(words['contact.next']);
  await fillForm(visitor, words, nothing);
}
