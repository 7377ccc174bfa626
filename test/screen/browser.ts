/** Debian's Chromium before the kiosk: touched like a screen, watched for everything a page must not do. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

const CHROMIUM = '/usr/bin/chromium';
const ARTEFACTS = fileURLToPath(new URL('../../artefacts/screen/', import.meta.url));

const ORIENTATIONS = {
  portrait: { width: 1080, height: 1920 },
  landscape: { width: 1920, height: 1080 },
} as const;

/** Smallest target for a finger on a kiosk, in CSS pixels. */
const TARGET_PX = 60;

/** @throws when Chromium is missing: without a browser nothing here is shown, and that is a failure */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  });

/** Chromium warns of a page in a frame that could undo its sandbox; this page is in no frame, and refuses to be. */
const OF_FRAMES = 'both allow-scripts and allow-same-origin';

export class Visitor implements AsyncDisposable {
  readonly page: Page;
  readonly #context: BrowserContext;
  readonly #faults: string[] = [];
  readonly #name: string;
  #pictures = 0;

  private constructor(context: BrowserContext, page: Page, name: string) {
    this.#context = context;
    this.page = page;
    this.#name = name;
  }

  /** Comes to the kiosk; the pictures of the visit begin with the name. */
  static async open(browser: Browser, screen: string, name: string): Promise<Visitor> {
    await mkdir(ARTEFACTS, { recursive: true });
    const context = await browser.newContext({
      viewport: ORIENTATIONS.portrait,
      hasTouch: true,
      reducedMotion: 'reduce',
    });
    const page = await context.newPage();
    const visitor = new Visitor(context, page, name);
    const faults = visitor.#faults;
    page.on('console', message => {
      if ((message.type() === 'error' || message.type() === 'warning') && !message.text().includes(OF_FRAMES))
        faults.push(`console: ${message.text()}`);
    });
    page.on('pageerror', error => faults.push(`script: ${error.message}`));
    context.on('request', request => {
      if (!request.url().startsWith(`${screen}/`)) faults.push(`foreign request: ${request.url()}`);
    });
    await page.addInitScript(() =>
      document.addEventListener('securitypolicyviolation', event =>
        console.error(`policy: ${event.violatedDirective}`),
      ),
    );
    await page.goto(screen);
    return visitor;
  }

  /** Waits for a step of the visit to be on the screen and to take touches. */
  async at(step: string): Promise<void> {
    await this.page
      .locator(`[data-step="${step}"] main:not([inert])`)
      .waitFor({ state: 'attached', timeout: 60_000 });
  }

  /** Touches what bears these words. */
  async touch(words: string): Promise<void> {
    await this.page.getByRole('button', { name: words, exact: true }).tap();
  }

  async sees(words: string): Promise<void> {
    await this.page.getByText(words).first().waitFor({ timeout: 30_000 });
  }

  /** A picture of the page in both orientations, with everything that holds for every page. */
  async look(step: string): Promise<void> {
    this.#pictures += 1;
    const number = String(this.#pictures).padStart(2, '0');
    for (const [orientation, size] of Object.entries(ORIENTATIONS)) {
      await this.page.setViewportSize(size);
      const path = join(ARTEFACTS, `${this.#name}-${number}-${step}-${orientation}.png`);
      await this.page.screenshot({ path });
      await this.#fits(`${step}, ${orientation}`);
      await this.#accessible(`${step}, ${orientation}`);
    }
    expect.soft(this.#faults, step).toEqual([]);
  }

  /** A picture in both orientations and whether everything fits; the page goes on meanwhile where it is not held. */
  async pass(step: string): Promise<void> {
    this.#pictures += 1;
    const number = String(this.#pictures).padStart(2, '0');
    for (const [orientation, size] of Object.entries(ORIENTATIONS).toReversed()) {
      await this.page.setViewportSize(size);
      const path = join(ARTEFACTS, `${this.#name}-${number}-${step}-${orientation}.png`);
      await this.page.screenshot({ path });
      await this.#fits(`${this.#name}: ${step}, ${orientation}`);
    }
  }

  /** A page of the gallery in both orientations: it fits, and where asked for, axe has nothing against it. */
  async stand(
    name: string,
    options: { examine: keyof typeof ORIENTATIONS | null; mayScroll?: boolean },
  ): Promise<void> {
    for (const [orientation, size] of Object.entries(ORIENTATIONS)) {
      await this.page.setViewportSize(size);
      await this.page.evaluate(() => document.fonts.ready);
      await this.page.screenshot({ path: join(ARTEFACTS, `${this.#name}-${name}-${orientation}.png`) });
      await this.#fits(`${this.#name} ${name}, ${orientation}`, options.mayScroll);
      if (options.examine === orientation) await this.#accessible(`${this.#name} ${name}, ${orientation}`);
    }
  }

  /** A picture only, of what does not stand still. */
  async glance(step: string): Promise<void> {
    this.#pictures += 1;
    const number = String(this.#pictures).padStart(2, '0');
    await this.page.screenshot({ path: join(ARTEFACTS, `${this.#name}-${number}-${step}.png`) });
  }

  /** Faults so far that are not the expected ones. */
  faults(expected: (fault: string) => boolean = () => false): string[] {
    return this.#faults.filter(fault => !expected(fault));
  }

  /** Nothing runs over an edge, nothing has to be scrolled, everything to touch is large enough. */
  async #fits(what: string, mayScroll = false): Promise<void> {
    const found = await this.page.evaluate(
      ([smallest, mayScroll]) => {
        const main = document.querySelector('main');
        const problems: string[] = [];
        const { scrollWidth, clientWidth } = document.documentElement;
        if (scrollWidth > clientWidth) problems.push('the page is wider than the screen');
        if (!mayScroll && main && main.scrollHeight > main.clientHeight + 1)
          problems.push(`the step is ${main.scrollHeight - main.clientHeight} px too high`);
        if (main && main.scrollWidth > main.clientWidth + 1) problems.push('the step is too wide');
        // What stands above the place where scrolling begins is never seen.
        const [first, frame] = [main?.firstElementChild, main].map(part => part?.getBoundingClientRect().top);
        if (main && first !== undefined && frame !== undefined && first + main.scrollTop < frame - 1)
          problems.push(`the step begins ${Math.round(frame - first - main.scrollTop)} px above its top`);
        const picture = main?.querySelector('.picture');
        if (!mayScroll && picture && picture.scrollHeight > picture.clientHeight + 1)
          problems.push(`the picture is ${picture.scrollHeight - picture.clientHeight} px too high`);
        const parts = document.querySelectorAll(
          'button, input, h1, h2, p, dl, img, svg:not(.icon), figure, .glass',
        );
        for (const part of parts) {
          const box = part.getBoundingClientRect();
          const name = `${part.tagName} ${part.className} "${part.textContent?.slice(0, 20)}"`;
          // What can be scrolled to is not cut off; large text scrolls up and down, never sideways.
          const vertical =
            !(mayScroll && main?.contains(part)) && (box.top < -1 || box.bottom > innerHeight + 1);
          if (box.left < -1 || box.right > innerWidth + 1 || vertical) problems.push(`${name} is cut off`);
          if (part.matches('button, input') && Math.min(box.width, box.height) < smallest)
            problems.push(`${name} is too small to touch: ${box.width} x ${box.height}`);
          if (part.scrollWidth > part.clientWidth + 1 && part.matches('button, p, h1, h2, .glass'))
            problems.push(`${name} runs over`);
        }
        return problems;
      },
      [TARGET_PX, mayScroll] as const,
    );
    expect.soft(found, what).toEqual([]);
  }

  async #accessible(what: string): Promise<void> {
    const contrast = await this.page.evaluate(() => document.documentElement.dataset.contrast);
    // Who asked for high contrast gets what WCAG calls enhanced: seven to one.
    const rules = { 'color-contrast-enhanced': { enabled: contrast === 'true' } };
    const { violations } = await new AxeBuilder({ page: this.page }).options({ rules }).analyze();
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    expect.soft(told, what).toEqual([]);
  }

  /** Width and height of a picture on the page, and how far its darkest and its brightest pixel are apart (0..255). */
  async pixels(selector: string): Promise<{ width: number; height: number; range: number }> {
    return this.page.locator(selector).evaluate(image => {
      if (!(image instanceof HTMLImageElement)) throw new Error('no picture');
      const { naturalWidth: width, naturalHeight: height } = image;
      if (width === 0) return { width, height, range: 0 };
      const canvas = document.createElement('canvas');
      Object.assign(canvas, { width, height });
      const context = canvas.getContext('2d');
      if (!context) throw new Error('no canvas');
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      let [darkest, brightest] = [255, 0];
      for (let i = 0; i < data.length; i += 4) {
        darkest = Math.min(darkest, data[i] ?? 255);
        brightest = Math.max(brightest, data[i] ?? 0);
      }
      return { width, height, range: brightest - darkest };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}
