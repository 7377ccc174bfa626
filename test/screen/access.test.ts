/** Who cannot see, stand, hear, or hold still gets through as well: what axe does not look at, on every page. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ScreenView, StepView } from '../../agent/contract/screen.ts';
import { messagesOf } from '../../agent/screen/messages/index.ts';
import { launch, Visitor } from './browser.ts';
import { Showcase, stepsIn } from './showcase.ts';

const WORDS = messagesOf('vi');
const STEPS = stepsIn('vi');
/**
 * Share of a portrait page, from above, where nothing has to be touched: hands of somebody who sits reach up to 1,200 mm
 * (ISO 21542:2021, reach range 400 to 1,200 mm), and a portrait panel of 32 inches, 708 mm high, has its lower edge at 750 mm.
 */
const OUT_OF_REACH = 1 - (1_200 - 750) / 708;
/** Longest look at all pages, in milliseconds. */
const ALL_MS = 240_000;
/** A touch reaches the kiosk sooner, in milliseconds. */
const SETTLE_MS = 400;

let browser: Browser;
let showcase: Showcase;
let visitor: Visitor;
let page: Page;

beforeAll(async () => {
  [browser, showcase] = await Promise.all([launch(), Showcase.start()]);
  visitor = await Visitor.open(browser, showcase.address, 'access');
  page = visitor.page;
}, 120_000);

afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]();
  await browser?.close();
  await showcase?.[Symbol.asyncDispose]();
});

// A touch that is still on its way belongs to the test before.
beforeEach(async () => {
  for (let seen = -1; seen !== showcase.touched.length; ) {
    seen = showcase.touched.length;
    await sleep(SETTLE_MS);
  }
  showcase.touched.length = 0;
});

/** A picture of the kiosk page with a step, once it takes touches. */
async function show(step: StepView, wish: Partial<ScreenView> = {}): Promise<void> {
  showcase.show(step, 'vi', wish);
  await visitor.at(step.step);
}

const stepOf = <Name extends StepView['step']>(name: Name) =>
  STEPS.find(step => step.step === name) as Extract<StepView, { step: Name }>;

describe('the first page', () => {
  test('begins wherever it is touched', async () => {
    await show({ step: 'idle' });
    const places = [
      { x: 0.5, y: 0.5 },
      { x: 0.1, y: 0.2 },
      { x: 0.9, y: 0.35 },
      { x: 0.2, y: 0.75 },
    ];
    for (const [index, { x, y }] of places.entries()) {
      // While one touch is under way another is the same hand touching twice, and is left out.
      const touch = async () => {
        await page.touchscreen.tap(x * 1080, y * 1920);
        return showcase.touched.length;
      };
      await expect.poll(touch, { timeout: 20_000 }).toBeGreaterThan(index);
    }
    expect(new Set(showcase.touched.map(({ type }) => type))).toEqual(new Set(['start']));
  });
});

test('help does what it says, before a visit too', async () => {
  await show({ step: 'idle' });
  for (const key of ['common.text_size', 'common.contrast', 'common.sound', 'officer.call'] as const) {
    const before = showcase.touched.length;
    await page.locator('.tools button', { hasText: WORDS[key] }).tap();
    await expect.poll(() => showcase.touched.length).toBe(before + 1);
  }
  expect(showcase.touched).toMatchObject([
    { type: 'comfort', textPercent: 150 },
    { type: 'comfort', highContrast: true },
    { type: 'comfort', readAloud: true },
    { type: 'call_officer' },
  ]);
});

/** Where nothing has begun, or everything is done. */
const NO_RESTART: readonly StepView['step'][] = ['idle', 'ended', 'receipt'];
const ALWAYS = ['common.text_size', 'common.contrast', 'common.sound', 'officer.call'] as const;

test(
  'on every page help is there, and everything to touch is within reach of somebody who sits',
  async () => {
    await page.setViewportSize({ width: 1080, height: 1920 });
    const questions: Partial<ScreenView>[] = [{}, { secondsLeft: 12 }];
    for (const step of STEPS) {
      for (const wish of questions) {
        await showcase.show(step, 'vi', wish);
        if (wish.secondsLeft) await page.locator('[role="alertdialog"]').waitFor();
        else await visitor.at(step.step);
        const high = await page.evaluate(
          share =>
            [...document.querySelectorAll('button, input')]
              .filter(part => !part.closest('[inert]'))
              .map(part => ({ part, box: part.getBoundingClientRect() }))
              .filter(({ box }) => box.top + box.height / 2 < share * innerHeight)
              .map(({ part, box }) => `${part.textContent || part.id} at ${Math.round(box.top)}`),
          OUT_OF_REACH,
        );
        const tools = await page.locator('.tools button').allTextContents();
        const there = (key: keyof typeof WORDS) => tools.some(words => words.startsWith(WORDS[key]));
        expect
          .soft(
            ALWAYS.filter(key => !there(key)),
            step.step,
          )
          .toEqual([]);
        expect.soft(there('common.restart'), step.step).toBe(!NO_RESTART.includes(step.step));
        expect.soft(high, `${step.step}${wish.secondsLeft ? ', with a question' : ''}`).toEqual([]);
      }
    }
  },
  ALL_MS,
);

describe('what changes is told', () => {
  /** Whether the words stand in a live region that was on the page before them: else no screen reader speaks. */
  const told = async (change: () => void, words: string) => {
    const regions = await page.evaluateHandle(() => [
      ...document.querySelectorAll('[aria-live], [role="status"], [role="alert"]'),
    ]);
    change();
    await visitor.sees(words);
    return regions.evaluate(
      (before, words) => before.some(region => region.isConnected && region.textContent?.includes(words)),
      words,
    );
  };

  test('a document that was misread', async () => {
    const step = stepOf('documents');
    await show({ ...step, problem: null, attempt: 1 });
    expect(await told(() => showcase.show(step, 'vi'), WORDS['document.check_digit'].slice(0, 12))).toBe(
      true,
    );
  });

  test('advice about a finger, and that it was good', async () => {
    const step = stepOf('fingers');
    await show({ ...step, advice: null, qualityScore: null });
    expect(await told(() => showcase.show(step, 'vi'), WORDS['advice.finger_too_dry'])).toBe(true);
    const good = { ...step, advice: null, qualityScore: 80 };
    expect(await told(() => showcase.show(good, 'vi'), WORDS['fingers.good'])).toBe(true);
  });

  test('advice about the face, and the challenge', async () => {
    const step = stepOf('face');
    await show({ ...step, advice: null, outline: null });
    expect(await told(() => showcase.show(step, 'vi'), WORDS['advice.uneven_light'])).toBe(true);
    const asked = { ...step, advice: null, challenge: 'turn_left' } as const;
    expect(await told(() => showcase.show(asked, 'vi'), WORDS['challenge.turn_left'])).toBe(true);
  });

  test('the delivery of a receipt, and the slip', async () => {
    const step = stepOf('receipt');
    await show({ ...step, delivery: 'stored', slip: 'offered' });
    expect(await told(() => showcase.show(step, 'vi'), WORDS['receipt.accepted'])).toBe(true);
  });

  test('a device that went away, and a call', async () => {
    const step = stepOf('fingers');
    await show(step);
    const camera = { deviceProblems: [{ role: 'camera', code: 'DEVICE_LOST' }] } as const;
    const gone = { deviceProblems: [...camera.deviceProblems] };
    expect(await told(() => showcase.show(step, 'vi', gone), WORDS['device.problem.camera'])).toBe(true);
    const called = { officerCalled: true };
    expect(await told(() => showcase.show(step, 'vi', called), WORDS['officer.called'])).toBe(true);
  });

  test('a question takes the focus and keeps it', async () => {
    await show(stepOf('purpose'));
    showcase.show(stepOf('purpose'), 'vi', { secondsLeft: 15 });
    await page.locator('[role="alertdialog"]').waitFor();
    const inside = () =>
      page.evaluate(() => document.activeElement?.closest('[role="alertdialog"]') !== null);
    await expect.poll(inside).toBe(true);
    for (let i = 0; i < 5; i += 1) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => document.activeElement?.tagName);
      // Past its last button the focus leaves the page, never into what lies below the question.
      if (focused !== 'BODY') expect(await inside()).toBe(true);
    }
  });
});

test('a new step is read from its beginning', async () => {
  await show(stepOf('purpose'));
  await show(stepOf('bring'));
  await expect.poll(() => page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
});

/** Pages on which something moves by itself. */
const MOVING = STEPS.filter(({ step }) => ['documents', 'fingers', 'face', 'comparing'].includes(step));

test('who asked for less motion gets none', async () => {
  const moving = async (reducedMotion: 'reduce' | 'no-preference') => {
    await page.emulateMedia({ reducedMotion });
    let running = 0;
    for (const step of MOVING) {
      await show(step);
      running += await page.evaluate(
        () => document.getAnimations().filter(({ playState }) => playState === 'running').length,
      );
    }
    return running;
  };
  // That something moves otherwise shows that this would see it.
  expect(await moving('no-preference')).toBeGreaterThan(0);
  expect(await moving('reduce')).toBe(0);
});

test('what axe is asked in high contrast, seven to one, it can see', async () => {
  await show(stepOf('bring'));
  await page.locator('h1').evaluate(title => {
    title.style.color = '#767676';
  });
  const { violations } = await new AxeBuilder({ page }).withRules(['color-contrast-enhanced']).analyze();
  expect(violations).toHaveLength(1);
});
