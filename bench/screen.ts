/** What stands on the screen, and when: the page's weight, its first paint, the camera's way to it, and a visit step by step. */
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { type SimulatedCamera, startCamera } from '../sim/camera/server.ts';
import { SCENARIOS } from '../sim/scenarios/index.ts';
import { Kiosk } from '../test/screen/kiosk.ts';
import { openKioskBrowser } from '../test/screen/kiosk-browser.ts';
import { Touch, walk } from '../test/screen/walk.ts';
import { type Bench, counted, durations, type Figure, measured, type Progress } from './figures.ts';

interface Sizes {
  readonly loads: number;
  readonly frames: number;
  readonly visits: number;
}

const FULL: Sizes = { loads: 20, frames: 150, visits: 3 };
const SMALL: Sizes = { loads: 2, frames: 10, visits: 1 };
/** As the simulated kiosk's own camera. */
const CAMERA_FPS = 15;
const [WIDTH, HEIGHT] = [480, 640];
/** Bits of a frame's number, and the side of the square that shows one, in pixels. */
const [BITS, SQUARE_PX] = [8, 40];
const PATIENCE_MS = 60_000;

export const screenBench: Bench = {
  name: 'screen',
  summary: 'weight and first paint of the page, camera to screen, touches and time of a visit by step',
  parts: ['page', 'preview', 'visit'],
  async run(progress, { small, only }) {
    const sizes = small ? SMALL : FULL;
    const wanted = (part: string) => only === null || only === part;
    return [
      ...(wanted('page') || wanted('visit') ? await visitFigures(progress, sizes, wanted) : []),
      ...(wanted('preview') ? await previewFigures(progress, sizes.frames) : []),
    ];
  },
};

/** On one kiosk: its page loaded anew, and happy visits of ten fingers, by a hand that touches as soon as it can. */
async function visitFigures(
  progress: Progress,
  { loads, visits }: Sizes,
  wanted: (part: string) => boolean,
): Promise<Figure[]> {
  await using kiosk = await Kiosk.start(1);
  await using browser = await openKioskBrowser(kiosk.screen);
  const figures: Figure[] = [];
  if (wanted('page')) {
    progress(`${loads} loads of the page`);
    figures.push(...(await pageFigures(browser.page, loads)));
  }
  if (!wanted('visit')) return figures;
  const steps = new Map<string, number[]>();
  const totals: number[] = [];
  let touches = 0;
  for (let visit = 1; visit <= visits; visit += 1) {
    progress(`visit ${visit} of ${visits}`);
    const hand = new Touch(browser.page);
    kiosk.expect(kiosk.person);
    kiosk.allow(() => true);
    const { mobile } = kiosk.person.identity;
    await walk({ page: browser.page, hand, language: 'en', mobile });
    const result = await kiosk.result('happy');
    const complaint = SCENARIOS.find(({ name }) => name === 'happy')?.judge(result);
    if (complaint) throw new Error(`a visit went wrong: ${complaint}`);
    // The last page is nobody's time.
    const stages = result.stages.filter(({ name }) => name !== 'ended');
    for (const { name, ms } of stages) steps.set(name, [...(steps.get(name) ?? []), ms]);
    totals.push(stages.reduce((sum, { ms }) => sum + ms, 0));
    touches = Math.max(touches, hand.count);
  }
  return [
    ...figures,
    counted('visit_touches', touches, visits),
    ...durations('visit_by_touch', totals),
    ...[...steps].flatMap(([name, ms]) => durations(`visit_step.${name}`, ms).slice(0, 1)),
  ];
}

async function pageFigures(page: Page, loads: number): Promise<Figure[]> {
  const paints: number[] = [];
  let bytes = 0;
  for (let load = 0; load < loads; load += 1) {
    await page.reload();
    await page.locator('[data-step="idle"] main:not([inert])').waitFor({ timeout: PATIENCE_MS });
    const seen = await page.evaluate(() => ({
      paintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
      // Nothing is compressed on the way from the same machine.
      bytes: [
        ...performance.getEntriesByType('navigation'),
        ...performance.getEntriesByType('resource').filter(({ name }) => !/\/fonts\/|\/api\//.test(name)),
      ].reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).encodedBodySize, 0),
    }));
    paints.push(seen.paintMs);
    bytes = Math.max(bytes, seen.bytes);
  }
  return [measured('page_weight_without_fonts', bytes, 'bytes', loads), ...durations('first_paint', paints)];
}

/** Numbered frames through the agent's driver, feed and server to the pixels of the page, beside the models at their work. */
async function previewFigures(progress: Progress, count: number): Promise<Figure[]> {
  progress(`${count} frames from camera to screen`);
  await using camera = await numberedCamera();
  const config = { visit: { fingers: ['right_thumb'] } };
  await using kiosk = await Kiosk.start(1, config, { VANTAY_DEVICES__CAMERA__URL: camera.url });
  await using browser = await openKioskBrowser(kiosk.screen);
  const { page } = browser;
  kiosk.expect(kiosk.person);
  kiosk.allow(() => true);
  const { mobile } = kiosk.person.identity;
  await walk({ page, hand: new Touch(page), language: 'en', mobile }, ['face']);
  const seen = await page.evaluate(readNumbers, { count, bits: BITS, squarePx: SQUARE_PX });
  const latencies = seen.flatMap(({ number, atMs }) => {
    const sentAtMs = camera.sentAtMs.get(number);
    return sentAtMs === undefined ? [] : [atMs - sentAtMs];
  });
  if (latencies.length < count / 2) throw new Error('the page did not show the frames that were sent');
  return durations('preview_camera_to_screen', latencies);
}

type NumberedCamera = SimulatedCamera & { readonly sentAtMs: ReadonlyMap<number, number> };

/** A camera whose frames show their number as black and white squares; when each was sent last, by the wall clock. */
async function numberedCamera(): Promise<NumberedCamera> {
  const jpegs = await Promise.all(Array.from({ length: 2 ** BITS }, (_, number) => numberedFrame(number)));
  const sentAtMs = new Map<number, number>();
  let next = 0;
  const camera = await startCamera({
    framesPerSecond: CAMERA_FPS,
    nextFrame: async () => {
      next = (next + 1) % jpegs.length;
      sentAtMs.set(next, performance.timeOrigin + performance.now());
      return jpegs[next] ?? new Uint8Array();
    },
  });
  return Object.assign(camera, { sentAtMs });
}

function numberedFrame(number: number): Promise<Buffer> {
  const pixels = Buffer.alloc(WIDTH * HEIGHT, 128);
  for (let bit = 0; bit < BITS; bit += 1)
    for (let y = 0; y < SQUARE_PX; y += 1)
      pixels.fill(
        number & (1 << bit) ? 255 : 0,
        y * WIDTH + bit * SQUARE_PX,
        y * WIDTH + (bit + 1) * SQUARE_PX,
      );
  return sharp(pixels, { raw: { width: WIDTH, height: HEIGHT, channels: 1 } })
    .jpeg()
    .toBuffer();
}

/** In the page: which number stands on the screen from which frame of the display on. */
async function readNumbers(wanted: { count: number; bits: number; squarePx: number }) {
  const canvas = document.createElement('canvas');
  canvas.width = wanted.bits * wanted.squarePx;
  canvas.height = wanted.squarePx;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  const seen: { number: number; atMs: number }[] = [];
  let last = -1;
  while (seen.length <= wanted.count && context) {
    await new Promise(resolve => requestAnimationFrame(resolve));
    const image = document.querySelector<HTMLImageElement>('.camera img');
    if (!image?.naturalWidth) continue;
    context.drawImage(image, 0, 0);
    let number = 0;
    for (let bit = 0; bit < wanted.bits; bit += 1) {
      const [brightness = 0] = context.getImageData(
        (bit + 0.5) * wanted.squarePx,
        wanted.squarePx / 2,
        1,
        1,
      ).data;
      if (brightness > 127) number |= 1 << bit;
    }
    if (number === last) continue;
    last = number;
    seen.push({ number, atMs: performance.timeOrigin + performance.now() });
  }
  // When the first of them came is not known: it stood there already.
  return seen.slice(1);
}
