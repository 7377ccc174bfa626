/** Ways out of the kiosk's page, tried on the real page in Chromium as a kiosk runs it, and on a page that guards nothing. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ELSEWHERE, ESCAPES } from './escapes.ts';
import { type KioskBrowser, openKioskBrowser } from './kiosk-browser.ts';
import { Showcase, stepsIn } from './showcase.ts';

/** The page with the most to get hold of: words, fields, buttons. */
const STEP = stepsIn('vi').find(({ step }) => step === 'contact')!;
/** Ways that are tried, at least. */
const FEWEST = 60;

let showcase: Showcase;
let plain: Server;
let kiosk: KioskBrowser;
let control: KioskBrowser;
/** The page that guards nothing. */
let home: string;

beforeAll(async () => {
  showcase = await Showcase.start();
  showcase.show(STEP, 'vi');
  plain = createServer((request, response) => {
    const worker = request.url === '/worker.js';
    response.setHeader('content-type', worker ? 'text/javascript' : 'text/html');
    response.end(
      worker ? '' : '<main><h1>A page that guards nothing</h1><input></main><p style="height:2000px">',
    );
  });
  await new Promise<void>(resolve => plain.listen(0, '127.0.0.1', resolve));
  kiosk = await openKioskBrowser(showcase.address);
  home = `http://127.0.0.1:${(plain.address() as AddressInfo).port}/`;
  control = await openKioskBrowser(home, []);
  // Who gets there finds nothing, and stays where they are: no page of an error to come back from.
  await control.context.route(`${ELSEWHERE}**`, route => route.fulfill({ status: 204 }));
}, 120_000);

afterAll(async () => {
  await kiosk?.[Symbol.asyncDispose]();
  await control?.[Symbol.asyncDispose]();
  await showcase?.[Symbol.asyncDispose]();
  plain?.close();
});

/** The page is the one that it was, as large as it was, alone. */
async function intact({ context, page }: KioskBrowser, address: string): Promise<void> {
  expect(context.pages()).toHaveLength(1);
  expect(page.url()).toBe(`${address}/`);
  const seen = await page.evaluate(() => ({
    step: document.querySelector<HTMLElement>('[data-step]')?.dataset.step,
    width: innerWidth,
    scale: visualViewport?.scale,
    history: history.length,
    selected: getSelection()?.toString(),
    full: document.fullscreenElement,
  }));
  // One entry is the blank page that a browser under test begins with.
  expect(seen).toMatchObject({ step: 'contact', width: 1080, scale: 1, selected: '', full: null });
  expect(seen.history).toBeLessThanOrEqual(2);
}

test('are many', () => {
  expect(ESCAPES.length).toBeGreaterThanOrEqual(FEWEST);
  expect(new Set(ESCAPES.map(({ name }) => name)).size).toBe(ESCAPES.length);
});

describe('do not lead out of the kiosk', () => {
  test.each(ESCAPES)('$name', async ({ attempt }) => {
    const { page, context } = kiosk;
    const dialogs: string[] = [];
    const noted = (dialog: { type(): string; dismiss(): Promise<void> }) => {
      dialogs.push(dialog.type());
      void dialog.dismiss();
    };
    page.on('dialog', noted);
    try {
      expect(await attempt(page, await context.newCDPSession(page))).toBe(false);
    } finally {
      page.off('dialog', noted);
    }
    expect(dialogs).toEqual([]);
    await intact(kiosk, showcase.address);
    expect(showcase.touched).toEqual([]);
  });
});

describe('would lead out of a page that guards nothing', () => {
  test.each(ESCAPES)('$name', async ({ attempt }) => {
    const { page, context } = control;
    const accept = (dialog: { accept(): Promise<void> }) => void dialog.accept();
    page.on('dialog', accept);
    try {
      expect(await attempt(page, await context.newCDPSession(page))).toBe(true);
    } finally {
      page.off('dialog', accept);
      for (const other of context.pages().filter(one => one !== page)) await other.close();
      await page.goto(home);
    }
  });
});
