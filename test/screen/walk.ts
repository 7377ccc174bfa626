/** Goes through a whole visit on the real page, one touch after the other, whatever the story. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { Language } from '../../agent/contract/common.ts';
import { type Messages, messagesOf } from '../../agent/screen/messages/index.ts';

/** A hand that works the page: by touch, or by the keys of a keyboard. */
export interface Hand {
  /** Works the button that bears these words. */
  press(words: string): Promise<void>;
  /** Works a button that is no words: the whole first page, a language by its own name. */
  pressAt(selector: string): Promise<void>;
  type(digits: string): Promise<void>;
  /** Presses so far. */
  readonly count: number;
}

export interface Walk {
  readonly page: Page;
  readonly hand: Hand;
  readonly language: Language;
  readonly purpose?: 'register_level_2' | 'lock' | 'unlock';
  /** Whether somebody acts for the applicant. */
  readonly represented?: boolean;
  readonly mobile: string;
  /** Fingers the visitor says cannot be placed. */
  readonly missing?: readonly string[];
  /** Called as a step has come to rest, before it is touched, with the language that the page declares. */
  onStep?(step: string, language: string): Promise<void>;
}

/** Longest a step may stay on a busy machine, in milliseconds. */
const STEP_MS = 120_000;
/** Between two looks at the page, in milliseconds. */
const LOOK_MS = 40;

/** Walks until a step of these stands there and takes touches, or the visit has ended. Returns the steps that came. */
export async function walk(visit: Walk, until: readonly string[] = ['ended']): Promise<string[]> {
  const words = messagesOf(visit.language);
  const steps: string[] = [];
  let last = '';
  for (let sinceMs = performance.now(); performance.now() - sinceMs < STEP_MS; await sleep(LOOK_MS)) {
    const { step, key, language } = await standing(visit.page);
    if (key === last || !step) continue;
    if (steps.at(-1) !== step) {
      steps.push(step);
      await visit.onStep?.(step, language);
    }
    // The farewell of whoever was here before is no end of this visit.
    if (until.includes(step) && steps.length > 1) return steps;
    if (await answer(visit, step, words)) last = key;
    sinceMs = performance.now();
  }
  throw new Error(`the page stays at "${steps.at(-1)}"`);
}

/** The step on the page, once it takes touches, and what tells it from the one before. */
const standing = (page: Page): Promise<{ step: string; key: string; language: string }> =>
  page.evaluate(() => {
    const main = document.querySelector('[data-step] main:not([inert])');
    const step = main?.closest<HTMLElement>('[data-step]')?.dataset.step ?? '';
    const title = main?.querySelector('h1')?.textContent ?? '';
    const good = main?.querySelector('.advice.good') !== null;
    // A finger is a page of its own; of a receipt the words about its delivery matter.
    const key = step === 'receipt' ? `${step}:${good}` : `${step}:${title}`;
    return { step, key, language: document.documentElement.lang };
  });

/** Does what brings the visit on. False where it has to be looked at again. */
async function answer(visit: Walk, step: string, words: Messages): Promise<boolean> {
  const { hand, page, language, purpose = 'register_level_2', represented = false } = visit;
  switch (step) {
    case 'idle':
    case 'ended':
      await hand.pressAt('.actions button');
      return true;
    case 'language':
      await hand.pressAt(`main button:has([lang="${language}"])`);
      return true;
    case 'purpose':
      await hand.press(words[`purpose.${purpose}`]);
      return true;
    case 'bring':
      await hand.press(words[represented ? 'bring.represent' : 'bring.ready']);
      return true;
    case 'ground':
      await hand.press(words['ground.holder_request']);
      return true;
    case 'relation':
      await hand.press(words['relation.parent']);
      return true;
    case 'consent':
      await hand.press(words['consent.accept']);
      return true;
    case 'contact':
      await hand.type(visit.mobile.replace('+84', ''));
      await hand.press(words['contact.next']);
      return true;
    case 'sim':
      await hand.press(words['sim.confirmed']);
      return true;
    case 'integrate':
      await hand.press(words['contact.next']);
      return true;
    case 'fingers': {
      const title = await page.locator('h1').textContent();
      const missing = visit.missing?.some(finger =>
        title?.includes(words[`finger.${finger}` as 'finger.left_little']),
      );
      if (missing) {
        await hand.press(words['fingers.exception']);
        await hand.press(words['fingers.exception.missing']);
      }
      return true;
    }
    case 'review':
      await hand.press(words['review.submit']);
      return true;
    case 'receipt': {
      const delivered = page.getByText(words['receipt.accepted']).first();
      if (!(await delivered.isVisible())) return false;
      await hand.press(words['receipt.finish']);
      return true;
    }
    case 'refused':
      await hand.press(words['refused.finish']);
      return true;
    default:
      // Documents, fingers and face come by themselves; the rest is the machine's own work.
      return true;
  }
}

/** Fingers on glass. */
export class Touch implements Hand {
  readonly #page: Page;
  count = 0;

  constructor(page: Page) {
    this.#page = page;
  }

  async press(words: string): Promise<void> {
    this.count += 1;
    await this.#page.getByRole('button', { name: words, exact: true }).tap();
  }

  async pressAt(selector: string): Promise<void> {
    this.count += 1;
    await this.#page.locator(selector).tap();
  }

  async type(digits: string): Promise<void> {
    for (const digit of digits) await this.press(digit);
  }
}

/** Stops at a page: more than any has. */
const MOST_STOPS = 80;

/** A keyboard alone: the tabulator until the wanted button has the focus, and the space bar. */
export class Keyboard implements Hand {
  readonly #page: Page;
  count = 0;

  constructor(page: Page) {
    this.#page = page;
  }

  press(words: string): Promise<void> {
    return this.#reach(`the button "${words}"`, name => name === words);
  }

  pressAt(selector: string): Promise<void> {
    return this.#reach(selector, (_name, matches) => matches, selector);
  }

  async type(digits: string): Promise<void> {
    await this.#focus('the number', (_name, matches) => matches, '#mobile');
    await this.#page.keyboard.type(digits);
    this.count += digits.length;
  }

  async #reach(what: string, is: (name: string, matches: boolean) => boolean, selector?: string) {
    await this.#focus(what, is, selector);
    await this.#page.keyboard.press('Enter');
    this.count += 1;
  }

  async #focus(
    what: string,
    is: (name: string, matches: boolean) => boolean,
    selector = ':not(*)',
  ): Promise<void> {
    for (let stops = 0; stops < MOST_STOPS; stops += 1) {
      await this.#page.keyboard.press('Tab');
      this.count += 1;
      const at = await this.#page.evaluate(selector => {
        const focused = document.activeElement;
        const name = focused?.getAttribute('aria-label') ?? focused?.textContent ?? '';
        const shown = focused?.closest('.field') ?? focused ?? document.body;
        const { outlineStyle, outlineWidth } = getComputedStyle(shown);
        const seen = outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 3;
        return { name: name.trim(), matches: focused?.matches(selector) ?? false, seen };
      }, selector);
      if (!is(at.name, at.matches)) continue;
      if (!at.seen) throw new Error(`nobody sees that ${what} has the focus`);
      return;
    }
    throw new Error(`the tabulator never comes to ${what}`);
  }
}
