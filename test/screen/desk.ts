/** An officer's desk in a real browser. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { expect } from 'vitest';
import vi from '../../agent/screen/messages/officer/vi.json' with { type: 'json' };
import { run } from '../fixtures/command.ts';
import type { OfficerKiosk } from '../fixtures/officer-kiosk.ts';

const ARTEFACTS = fileURLToPath(new URL('../../artefacts/screen/', import.meta.url));
/** Smallest target at a desk, in CSS pixels (WCAG 2.2, 2.5.5). */
const TARGET_PX = 44;
const SCREEN = { width: 1280, height: 900 };
/** Longest wait for something to appear on a busy machine, in milliseconds. */
export const APPEARS_MS = 120_000;

/** A passkey on a virtual key, as Chromium hands it out and takes it. */
interface Credential {
  readonly credentialId: string;
  readonly isResidentCredential: boolean;
  readonly privateKey: string;
  readonly signCount: number;
}

/** One officer's browser at the desk of a kiosk, watched for everything a page must not do. */
export class Desk implements AsyncDisposable {
  readonly page: Page;
  readonly #kiosk: OfficerKiosk;
  readonly #context: BrowserContext;
  readonly #faults: string[] = [];

  private constructor(kiosk: OfficerKiosk, context: BrowserContext, page: Page) {
    this.#kiosk = kiosk;
    this.#context = context;
    this.page = page;
  }

  static async open(browser: Browser, kiosk: OfficerKiosk): Promise<Desk> {
    await mkdir(ARTEFACTS, { recursive: true });
    const context = await browser.newContext({ viewport: SCREEN, reducedMotion: 'reduce' });
    context.setDefaultTimeout(APPEARS_MS);
    const page = await context.newPage();
    const desk = new Desk(kiosk, context, page);
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') desk.#faults.push(message.text());
    });
    page.on('pageerror', error => desk.#faults.push(`script: ${error.message}`));
    context.on('request', request => {
      if (new URL(request.url()).origin !== new URL(kiosk.desk).origin)
        desk.#faults.push(`foreign request: ${request.url()}`);
    });
    await page.goto(kiosk.desk);
    return desk;
  }

  /**
   * Gives this browser a key with a finger on it, as a laptop or a FIDO2 key has: an empty one, or one with what was
   * registered on another. Returns what is on it when asked.
   */
  async plugKey(credentials: readonly Credential[] = []): Promise<() => Promise<Credential[]>> {
    const cdp = await this.#context.newCDPSession(this.page);
    await cdp.send('WebAuthn.enable');
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    for (const credential of credentials)
      await cdp.send('WebAuthn.addCredential', { authenticatorId, credential });
    return async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  }

  /** Registers a passkey against an invitation from the command line. */
  async register(officer: string): Promise<void> {
    const { configFile } = this.#kiosk.world;
    const invited = await run(['officer', 'invite', officer, '--config', configFile, '--json']);
    const { code } = JSON.parse(invited.stdout) as { code: string };
    await this.press(vi['sign_in.invited']);
    await this.page.getByLabel(vi['sign_in.officer']).fill(officer);
    await this.page.getByLabel(vi['sign_in.code']).fill(code);
    await this.press(vi['sign_in.register']);
    await this.sees(vi['needs.title']);
  }

  async press(words: string): Promise<void> {
    await this.page.getByRole('button', { name: words, exact: true }).click();
  }

  async sees(words: string): Promise<void> {
    await this.page.getByText(words).first().waitFor();
  }

  async signInByPin({ officer, pin }: { officer: string; pin: string }): Promise<void> {
    await this.page.getByLabel(vi['sign_in.officer']).fill(officer);
    await this.page.getByLabel(vi['sign_in.pin']).fill(pin);
    await this.press(vi['sign_in.by_pin']);
    await this.sees(vi['needs.title']);
  }

  /** A picture only, of what does not stand still. */
  async glance(name: string): Promise<void> {
    await this.page.screenshot({ path: join(ARTEFACTS, `officer-${name}.png`) });
  }

  /** A picture, and axe. */
  async look(name: string): Promise<void> {
    await this.page.evaluate(() => document.fonts.ready);
    await this.page.screenshot({ path: join(ARTEFACTS, `officer-${name}.png`), fullPage: true });
    const { violations } = await new AxeBuilder({ page: this.page }).analyze();
    expect
      .soft(
        violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html)}`),
        name,
      )
      .toEqual([]);
    const small = await this.page.evaluate(
      least =>
        [...document.querySelectorAll('button, input[type="text"], input[type="password"], .choice')]
          .filter(part => part.getClientRects().length > 0 && part.getBoundingClientRect().height < least)
          .map(part => `${part.textContent} is ${part.getBoundingClientRect().height} px high`),
      TARGET_PX,
    );
    expect.soft(small, name).toEqual([]);
    const wide = await this.page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    expect.soft(wide, `${name} is wider than the screen`).toBe(false);
  }

  /** Beside pictures that were gone when they came to be fetched: the step had ended meanwhile. */
  faults(): string[] {
    return this.#faults.filter(fault => !fault.includes('404'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}
