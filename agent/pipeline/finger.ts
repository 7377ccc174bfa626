/**
 * One finger, from the empty glass to a sample: captured -> extracted -> graded -> told apart from the other fingers. On a
 * large glass others that were still to come are taken with it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FingerScanner, GrayImage } from '../../drivers/device.ts';
import {
  arrangementOf,
  type FingerExtraction,
  type FingerService,
  isMinutiaeRecord,
} from '../../models/index.ts';
import type { FingerPosition } from '../contract/common.ts';
import type { Advice } from '../contract/screen.ts';
import { Biometric } from '../ops/biometric.ts';
import type { FingerLive } from '../session/state.ts';
import type { References, TakenFinger } from '../session/visit.ts';
import type { DeviceUse } from './ports.ts';
import { printsOf } from './prints.ts';
import { steadily } from './steady.ts';

export interface FingerStage {
  readonly scanner: DeviceUse<FingerScanner>;
  readonly engine: FingerService;
  /** Score from which two prints are taken for the same finger, from the matching model's card. */
  readonly sameFingerScore: number;
  readonly attempts: number;
  readonly minimumQuality: number;
}

export interface FingerTask {
  readonly position: FingerPosition;
  /** Fingers that will be asked for after it. */
  readonly remaining: readonly FingerPosition[];
  readonly taken: readonly TakenFinger[];
  /** What the record holds; null while it is not known. */
  readonly references: Biometric<References> | null;
  readonly imageVersion: number;
}

export type FingerProgress =
  | { readonly kind: 'live'; readonly live: FingerLive; readonly image: Biometric<GrayImage> | null }
  | { readonly kind: 'taken'; readonly finger: TakenFinger }
  | { readonly kind: 'unreadable' };

/** Below this quality (0..100) a print is not worth sending even as the best of all attempts: an exception is recorded. */
const WORTHLESS_QUALITY = 8;

interface Graded {
  readonly position: FingerPosition;
  readonly image: GrayImage;
  readonly extraction: FingerExtraction;
}

/**
 * Asks for one finger until it is good enough or the attempts are used up; then the best of them is kept (never the
 * last). Advice is yielded as it comes up.
 * @throws DeviceError, ModelError when the hardware or the models fail for good; the abort reason of `signal`
 */
export async function* takeFinger(
  stage: FingerStage,
  task: FingerTask,
  signal: AbortSignal,
): AsyncGenerator<FingerProgress, void, undefined> {
  let { imageVersion } = task;
  let attempt = 1;
  let best: Graded | null = null;
  let toldOfAnother = false;
  let alone = false;
  const taken = [...task.taken];
  const live = (advice: Advice | null, qualityScore: number | null): FingerLive => ({
    attempt,
    advice,
    qualityScore,
    imageVersion,
  });
  yield { kind: 'live', live: live('place_finger', null), image: null };
  while (attempt <= stage.attempts) {
    // Whatever still lies on the glass belongs to the finger or the attempt before.
    const lifted = stage.scanner.use(scanner => scanner.lifted(signal), signal);
    if (await isStillThere(lifted, signal)) {
      yield { kind: 'live', live: live('lift_finger', null), image: null };
      await lifted;
      yield { kind: 'live', live: live('place_finger', null), image: null };
    }
    // A slap that did not part, perhaps of a hand that cannot lie flat, is not asked for again: one finger is, by itself.
    const wanted = [task.position, ...(alone ? [] : task.remaining)].filter(
      name => !taken.some(one => one.position === name),
    );
    const shown = printsOf(
      await stage.scanner.use(scanner => scanner.capture(signal, wanted), signal),
      task.position,
    );
    if (shown.kind === 'advice') {
      yield { kind: 'live', live: live(shown.reason, null), image: null };
      continue;
    }
    if (shown.kind === 'unparted') {
      alone = true;
      attempt += 1;
      imageVersion += 1;
      yield { kind: 'live', live: live('place_finger', null), image: new Biometric(shown.image) };
      continue;
    }
    const graded: Graded[] = [];
    for (const { position, image } of shown.prints) {
      const extraction = await steadily(() => stage.engine.extract(image, { signal }), signal);
      graded.push({ position, image, extraction });
    }
    const asked = graded.at(-1)!;
    const qualityScore = Math.round(asked.extraction.quality.score);
    imageVersion += 1;
    const image = new Biometric(asked.image);
    if (await isAlreadyTaken(stage, taken, graded, shown.oneGlass, signal)) {
      yield { kind: 'live', live: live('other_finger', qualityScore), image };
    } else if (
      !toldOfAnother &&
      (shown.otherHand || (await isAnother(stage, task.references, graded, signal)))
    ) {
      toldOfAnother = true;
      yield { kind: 'live', live: live('wrong_finger', qualityScore), image };
    } else {
      const good = graded.filter(({ extraction }) => extraction.quality.score >= stage.minimumQuality);
      const enough = good.includes(asked);
      if (enough) yield { kind: 'live', live: live(null, qualityScore), image };
      for (const print of good) {
        const finger = await sampleOf(stage, print, attempt, signal);
        taken.push(finger);
        yield { kind: 'taken', finger };
      }
      if (enough) return;
      if (!best || qualityScore > best.extraction.quality.score) best = asked;
      attempt += 1;
      const advice = asked.extraction.quality.advice[0] ?? 'place_finger';
      yield { kind: 'live', live: live(advice, qualityScore), image };
    }
  }
  yield best && best.extraction.quality.score >= WORTHLESS_QUALITY
    ? { kind: 'taken', finger: await sampleOf(stage, best, stage.attempts, signal) }
    : { kind: 'unreadable' };
}

/** An applicant lifts the finger by themselves when the screen names the next one; after this long it has to be said. */
const LIFT_PATIENCE_MS = 1_500;

/** Whether the finger stays on the glass for so long that the applicant has to be told to lift it. */
async function isStillThere(lifted: Promise<void>, signal: AbortSignal): Promise<boolean> {
  const waited = new AbortController();
  const patience = sleep(LIFT_PATIENCE_MS, true, { signal: AbortSignal.any([signal, waited.signal]) });
  try {
    return await Promise.race([lifted.then(() => false), patience]);
  } finally {
    waited.abort();
    // Whichever of the two is not waited for may still end in an abort.
    patience.catch(() => undefined);
    lifted.catch(() => undefined);
  }
}

/** The same finger twice in one visit is a mistake of the applicant's (or a trick): another one was asked for. */
async function isAlreadyTaken(
  stage: FingerStage,
  taken: readonly TakenFinger[],
  prints: readonly Graded[],
  oneGlass: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const before = taken.map(({ sample }) => sample.reveal().template);
  for (const { extraction } of prints) {
    if (before.length > 0) {
      const scores = await steadily(
        () => stage.engine.match(extraction.template, before, { signal }),
        signal,
      );
      if (scores.some(score => score >= stage.sameFingerScore)) return true;
    }
    if (!oneGlass) before.push(extraction.template);
  }
  return false;
}

/**
 * Whether the record knows these fingers under other names: another finger, or the other hand. Said once a finger: who lays
 * down the same one again is believed, as it may be the record that has them mixed up. The decision tells the officer.
 */
async function isAnother(
  stage: FingerStage,
  references: Biometric<References> | null,
  prints: readonly Graded[],
  signal: AbortSignal,
): Promise<boolean> {
  // Of minutiae alone the decision tells: another matcher with a scale of its own compares them.
  const known = (references?.reveal().fingers ?? []).filter(({ template }) => !isMinutiaeRecord(template));
  if (known.length === 0) return false;
  const templates = known.map(reference => reference.template);
  const scores: (readonly number[])[] = [];
  for (const { extraction } of prints)
    scores.push(await steadily(() => stage.engine.match(extraction.template, templates, { signal }), signal));
  const names = known.map(reference => reference.position);
  const shown = prints.map(({ position }) => position);
  return arrangementOf(shown, names, scores, stage.sameFingerScore).outcome === 'rearranged';
}

async function sampleOf(
  stage: FingerStage,
  { position, image, extraction }: Graded,
  attempts: number,
  signal: AbortSignal,
): Promise<TakenFinger> {
  const {
    driver,
    model,
    serial,
    trust = 'L0',
  } = await stage.scanner.use(async scanner => scanner.identity, signal);
  const { algorithm, version, score, components } = extraction.quality;
  return {
    position,
    sample: new Biometric({ image, template: extraction.template }),
    quality: { algorithm, version, score: Math.round(score), components: { ...components } },
    attempts,
    device: { driver, model, serial, trust },
  };
}
