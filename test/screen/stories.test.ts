/** Every story of the simulator on the real page by touch, each language in turn, and a visit by keyboard alone. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Language } from '../../agent/contract/common.ts';
import { OFFERED_LANGUAGES } from '../../agent/screen/messages/index.ts';
import { type FingerCode, positionName } from '../../sim/people/index.ts';
import { SCENARIOS } from '../../sim/scenarios/index.ts';
import type { Scenario } from '../../sim/scenarios/scenario.ts';
import { launch, Visitor } from './browser.ts';
import { Kiosk } from './kiosk.ts';
import { type Hand, Keyboard, Touch, walk } from './walk.ts';

/** Right thumb, index and middle finger, left little finger: as few as the stories need (ISO/IEC 19794-2 codes). */
const FINGERS: readonly FingerCode[] = [1, 2, 3, 10];
/** Longest visit on a busy machine, in milliseconds. */
const VISIT_MS = 300_000;
/** Touches that a visit without a hitch may take. */
const MOST_TOUCHES = 25;

let browser: Browser;
let kiosk: Kiosk;

beforeAll(async () => {
  const visit = { fingers: FINGERS.map(positionName), liveness: 'enforce', livenessSeconds: 6 };
  [browser, kiosk] = await Promise.all([launch(), Kiosk.start(1, { visit })]);
}, 120_000);

afterAll(async () => {
  await browser?.close();
  await kiosk?.[Symbol.asyncDispose]();
});

beforeEach(() => kiosk.clear());

/** A whole visit as its story goes; every new page is looked at in both orientations while nothing moves it. */
async function play(
  scenario: Scenario,
  language: Language,
  handOf: (visitor: Visitor) => Hand,
  name: string,
) {
  kiosk.allow(() => false);
  const cast = await kiosk.stage(scenario, FINGERS);
  await using visitor = await Visitor.open(browser, kiosk.screen, name);
  const hand = handOf(visitor);
  const looked = new Set<string>();
  const spoken = new Set<string>();
  const steps = await walk({
    page: visitor.page,
    hand,
    language,
    ...(scenario.purpose ? { purpose: scenario.purpose } : {}),
    represented: cast.companion !== undefined,
    mobile: (cast.companion ?? cast.visitor.identity).mobile,
    missing: [...(scenario.missing?.keys() ?? [])].map(code => positionName(code as FingerCode)),
    onStep: async (step, declared) => {
      // Before the choice and after the farewell the page speaks to anybody.
      if (!['idle', 'language', 'ended'].includes(step)) spoken.add(declared);
      if (!looked.has(step)) await visitor.pass(step);
      looked.add(step);
      kiosk.allow(view => looked.has(view.step));
    },
  });
  expect(visitor.faults(fault => /404/.test(fault))).toEqual([]);
  expect([...spoken]).toEqual([language]);
  expect(scenario.judge(await kiosk.result(scenario.name))).toBeNull();
  return { steps, hand };
}

const byTouch = ({ page }: Visitor): Hand => new Touch(page);
const happy = SCENARIOS.find(({ name }) => name === 'happy')!;
/** The broker comes back by itself, but late: nobody after it has to wait. */
const LAST = 'broker-down';
/**
 * In the order they are listed: the first six go to their receipt, so each language has a whole visit. Where applicants are searched
 * for they see nothing else, and people of one story would be known in the next: that is a story of the officer's desk. A slap scanner
 * would be another kiosk; its page is the same.
 */
const STORIES = SCENARIOS.filter(story => !story.keepsRecords && !story.recordServer && !story.slapScanner)
  .toSorted((a, b) => Number(a.name === LAST) - Number(b.name === LAST))
  .map(
    (scenario, index) =>
      [scenario.name, OFFERED_LANGUAGES[index % OFFERED_LANGUAGES.length]!, scenario] as const,
  );

test('each language has a story that goes to its receipt', () => {
  const whole = STORIES.slice(0, OFFERED_LANGUAGES.length);
  expect(new Set(whole.map(([, language]) => language)).size).toBe(OFFERED_LANGUAGES.length);
});

test.each(STORIES)(
  'the story %s, in %s',
  async (name, language, scenario) => {
    const { steps, hand } = await play(scenario, language, byTouch, `story-${name}-${language}`);
    const index = STORIES.findIndex(([known]) => known === name);
    if (index < OFFERED_LANGUAGES.length) expect(steps.slice(-2)).toEqual(['receipt', 'ended']);
    if (scenario === happy) expect(hand.count).toBeLessThanOrEqual(MOST_TOUCHES);
  },
  VISIT_MS,
);

test(
  'a whole visit by keyboard alone; what has the focus can be seen',
  async () => {
    const keyboard = ({ page }: Visitor): Hand => new Keyboard(page);
    const { steps } = await play(happy, 'en', keyboard, 'keyboard');
    expect(steps.at(-1)).toBe('ended');
  },
  VISIT_MS,
);
