/** A visit abandoned at any step leaves nobody behind: not in the page, the agent, the browser's profile, on the disk. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { messagesOf } from '../../agent/screen/messages/index.ts';
import { Canaries } from '../fixtures/canaries.ts';
import { Kiosk } from './kiosk.ts';
import { type KioskBrowser, openKioskBrowser } from './kiosk-browser.ts';
import { Touch, walk } from './walk.ts';

const HEAP_CHILD = fileURLToPath(new URL('../fixtures/heap-child.ts', import.meta.url));
/** Steps with a visitor, in their order; of `documents` the second, when a passport lies in the visit already. */
const STEPS = [
  'language',
  'purpose',
  'bring',
  'documents',
  'consent',
  'contact',
  'sim',
  'integrate',
  'fingers',
  'face',
  'review',
  'receipt',
] as const;
/** Here everything there is of the visitor is known: who looks has to find it. */
const KNOWN_AT = 'review';
/** A walk to a step and a look at two heaps, on a busy machine, in milliseconds. */
const STEP_MS = 120_000;
const SETTINGS = { visit: { fingers: ['right_thumb', 'right_index'] } };

const words = messagesOf('en');
const canaries = new Canaries();
let kiosk: Kiosk;
let browser: KioskBrowser;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vantay-heap-'));
  const env = { NODE_OPTIONS: `--import=${HEAP_CHILD}`, HEAP_FILE: join(folder, 'agent.heapsnapshot') };
  kiosk = await Kiosk.start(4, SETTINGS, env);
  browser = await openKioskBrowser(kiosk.screen);
  canaries.addPerson(kiosk.person);
  canaries.addText('number as it is typed', kiosk.person.identity.mobile.replace('+84', ''));
}, 120_000);

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]();
  await kiosk?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Everything that the page's script can still reach, and what it shows. */
async function pageHeap(): Promise<Buffer> {
  const cdp = await browser.context.newCDPSession(browser.page);
  const chunks: string[] = [await browser.page.content()];
  cdp.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await cdp.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  await cdp.detach();
  return Buffer.from(chunks.join(''));
}

/** Everything that the agent's main process can still reach. */
async function agentHeap(): Promise<Buffer> {
  const file = join(folder, 'agent.heapsnapshot');
  await rm(file, { force: true });
  process.kill(kiosk.pid, 'SIGUSR2');
  await expect
    .poll(
      () =>
        readFile(file).then(
          () => true,
          () => false,
        ),
      { timeout: 60_000 },
    )
    .toBe(true);
  return readFile(file);
}

/** Images and templates are bytes, which a snapshot leaves out: what holds them is counted. */
const biometrics = (heap: Buffer): number => {
  const { snapshot, nodes, strings } = JSON.parse(heap.toString()) as {
    snapshot: { meta: { node_fields: string[]; node_types: [string[]] } };
    nodes: number[];
    strings: string[];
  };
  const { node_fields, node_types } = snapshot.meta;
  const [type, name] = ['type', 'name'].map(field => node_fields.indexOf(field)) as [number, number];
  const object = node_types[0].indexOf('object');
  let count = 0;
  for (let at = 0; at < nodes.length; at += node_fields.length)
    if (nodes[at + type] === object && strings[nodes[at + name] ?? 0] === 'Biometric') count += 1;
  return count;
};

async function goTo(step: string): Promise<void> {
  const { page } = browser;
  const hand = new Touch(page);
  const { mobile } = kiosk.person.identity;
  const visit = { page, hand, language: 'en', mobile } as const;
  kiosk.expect(kiosk.person, { pose: () => (step === 'face' ? 'too-far' : 'neutral') });
  kiosk.allow(view => step !== 'documents' || view.wanted === 'travel_document');
  await walk(visit, [step]);
  if (step === 'documents') await page.getByText(words['documents.title.residence_card']).waitFor();
  if (step === 'contact') await hand.type(mobile.replace('+84', ''));
  if (step === 'fingers') await page.locator('.print img').waitFor();
  if (step === 'face') await page.getByText(words['advice.come_closer']).waitFor();
}

async function leave(step: string): Promise<void> {
  const hand = new Touch(browser.page);
  if (step === 'receipt') {
    await hand.press(words['receipt.finish']);
  } else {
    await hand.press(words['common.cancel']);
    await hand.press(words['common.end_yes']);
  }
  await browser.page.locator('[data-step="ended"] main:not([inert])').waitFor();
}

test('who looks at a visit that goes on finds the visitor', { timeout: STEP_MS }, async () => {
  await goTo(KNOWN_AT);
  expect(canaries.in('page', await pageHeap()).length).toBeGreaterThan(3);
  const heap = await agentHeap();
  expect(canaries.in('agent', heap).length).toBeGreaterThan(3);
  expect(biometrics(heap)).toBeGreaterThan(2);
  await leave(KNOWN_AT);
});

test.each(STEPS)('nobody is left by a visit that ends at %s', { timeout: STEP_MS }, async step => {
  await goTo(step);
  await leave(step);
  expect.soft(canaries.in('page', await pageHeap())).toEqual([]);
  const heap = await agentHeap();
  expect.soft(canaries.in('agent', heap)).toEqual([]);
  expect.soft(biometrics(heap)).toBe(0);
  expect.soft(canaries.below(kiosk.folder)).toEqual([]);
});

test('nor in what the browser keeps on the disk', async () => {
  // While it runs: what it deletes at its end was there.
  expect(canaries.below(browser.profile)).toEqual([]);
  await browser.context.close();
  expect(canaries.below(browser.profile)).toEqual([]);
});
