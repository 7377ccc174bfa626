/** Chromium as a kiosk runs it: one page over the whole screen, no profile that stays, nothing that leads elsewhere. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

/** Flags of the kiosk's browser, as the README names them. */
const KIOSK_FLAGS = [
  '--kiosk',
  '--incognito',
  '--no-first-run',
  '--disable-pinch',
  '--overscroll-history-navigation=0',
  '--disable-features=Translate,MediaRouter',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-extensions',
  '--block-new-web-contents',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** For a test machine: without a screen, and as root. */
const TEST_FLAGS = ['--no-sandbox', '--disable-gpu'];

export interface KioskBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Everything that the browser keeps on a disk. */
  readonly profile: string;
}

/** Opens the page as the first that this browser ever shows. @param flags the kiosk's own unless told */
export async function openKioskBrowser(url: string, flags = KIOSK_FLAGS): Promise<KioskBrowser> {
  const profile = await mkdtemp(join(tmpdir(), 'vantay-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: '/usr/bin/chromium',
    args: [...TEST_FLAGS, ...flags],
    // What playwright adds would hide what a browser does by itself.
    ignoreDefaultArgs: ['--disable-popup-blocking'],
    viewport: { width: 1080, height: 1920 },
    hasTouch: true,
    acceptDownloads: true,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  await page.goto(url);
  return {
    context,
    page,
    profile,
    [Symbol.asyncDispose]: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
