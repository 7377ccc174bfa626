/** Every page in every language and both orientations: nothing cut off, axe content; the same at 200 % and in high contrast. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OFFERED_LANGUAGES } from '../../agent/screen/messages/index.ts';
import { launch, Visitor } from './browser.ts';
import { Showcase, stepsIn } from './showcase.ts';

/** Longest a language takes on a busy machine, in milliseconds. */
const GALLERY_MS = 600_000;
/** Language whose pages axe looks at: its rules are about structure and colour, which all share. */
const EXAMINED = 'vi';

let browser: Browser;
let showcase: Showcase;

beforeAll(async () => {
  [browser, showcase] = await Promise.all([launch(), Showcase.start()]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await showcase?.[Symbol.asyncDispose]();
});

test.each(OFFERED_LANGUAGES)(
  'every page in %s fits',
  async language => {
    await using visitor = await Visitor.open(browser, showcase.address, `gallery-${language}`);
    for (const [index, step] of stepsIn(language).entries()) {
      const name = `${String(index).padStart(2, '0')}-${step.step}`;
      showcase.show(step, language);
      await visitor.at(step.step);
      await visitor.stand(name, { examine: language === EXAMINED ? 'portrait' : null });
      showcase.show(step, language, { comfort: { textPercent: 200, highContrast: true, readAloud: false } });
      await visitor.page.locator('[data-text="200"][data-contrast="true"]').waitFor({ state: 'attached' });
      await visitor.stand(`${name}-200`, {
        examine: language === EXAMINED ? 'landscape' : null,
        mayScroll: true,
      });
    }
    expect(visitor.faults(fault => /preview|404/.test(fault))).toEqual([]);
  },
  GALLERY_MS,
);
