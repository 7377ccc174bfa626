/**
 * The portrait, from a camera that shows somebody to a sample: frame -> analysed -> graded -> the best of a window, then
 * a challenge that shows somebody to be there.
 */
import type { CameraFrame } from '../../drivers/device.ts';
import { type FaceAnalysis, type FaceBox, type FaceService, ModelError } from '../../models/index.ts';
import type { Pad } from '../contract/packet.ts';
import type { Advice } from '../contract/screen.ts';
import { Biometric } from '../ops/biometric.ts';
import type { FaceLive } from '../session/state.ts';
import type { TakenFace } from '../session/visit.ts';
import { type HeldAdvice, holdAdvice } from './advice.ts';
import { InjectionWatch } from './injection.ts';
import { PassiveWatch } from './passive.ts';
import type { FrameSource } from './ports.ts';
import { type LivenessOptions, proveLive, type SeenFrame, type Signs } from './prove-live.ts';

export interface FaceStage {
  readonly camera: FrameSource;
  readonly engine: FaceService;
  readonly minimumQuality: number;
  /** After this long, frames that only lack polish (expression, background) are taken too, in milliseconds. */
  readonly lenientAfterMs: number;
  readonly liveness: LivenessOptions;
}

export type FaceProgress =
  | { readonly kind: 'live'; readonly live: FaceLive }
  | { readonly kind: 'taken'; readonly face: TakenFace };

/** Good frames that make a window; the best becomes the portrait, all of them are compared. */
const WINDOW_FRAMES = 5;

/** Advice that is worth giving but not worth failing for: the portrait can be compared all the same. */
const POLISH: ReadonlySet<Advice> = new Set([
  'neutral_expression',
  'close_mouth',
  'plain_background',
  'uneven_light',
  'poor_picture',
]);

interface GoodFrame {
  readonly frame: CameraFrame;
  readonly analysis: FaceAnalysis;
  readonly embedding: Float32Array;
}

/**
 * Watches the camera until a window of good frames is full.
 * @throws DeviceError, ModelError when the hardware or the models fail for good; the abort reason of `signal`
 */
export async function* takeFace(
  stage: FaceStage,
  signal: AbortSignal,
): AsyncGenerator<FaceProgress, void, undefined> {
  const window: GoodFrame[] = [];
  const signs: Signs = { injection: new InjectionWatch(), passive: new PassiveWatch() };
  const watch = (until: AbortSignal) => seenFrames(stage, signs, until);
  let held: HeldAdvice<Advice> | null = null;
  let startedAtMs: number | null = null;
  let framesSeen = 0;
  for await (const { frame, analysis } of watch(signal)) {
    framesSeen += 1;
    startedAtMs ??= frame.arrivedAtMs;
    const lenient = frame.arrivedAtMs - startedAtMs >= stage.lenientAfterMs;
    if (analysis.face && isGood(analysis, stage.minimumQuality, lenient)) {
      window.push({ frame, analysis, embedding: analysis.face.embedding });
    }
    held = holdAdvice(held, analysis.quality.advice[0] ?? null, frame.arrivedAtMs);
    const progress = Math.min(1, window.length / WINDOW_FRAMES);
    yield {
      kind: 'live',
      live: { advice: held.word, outline: outlineOf(analysis), progress, challenge: null },
    };
    if (window.length >= WINDOW_FRAMES) break;
  }
  const [best, last] = [bestOf(window), window.at(-1)];
  if (!best || !last) return;
  const portrait = { embedding: best.embedding, last };
  for await (const step of proveLive(stage.liveness, portrait, signs, watch, signal)) {
    if (step.kind === 'done') {
      yield { kind: 'taken', face: sampleOf(stage, window, best, framesSeen, step.pad) };
    } else {
      const outline = outlineOf(step.seen?.analysis ?? best.analysis);
      yield { kind: 'live', live: { advice: null, outline, progress: 1, challenge: step.challenge } };
    }
  }
}

/** Frames with what the models say of them; those they had no time for or could not read are left out. */
async function* seenFrames(
  stage: FaceStage,
  signs: Signs,
  signal: AbortSignal,
): AsyncGenerator<SeenFrame, void, undefined> {
  // The face is followed from frame to frame: where it was is looked at before the whole frame is searched closely.
  let near: FaceBox | undefined;
  for await (const frame of stage.camera.frames(signal)) {
    signs.injection.add(frame.jpeg, stage.camera.identity);
    const analysis = await analyse(stage, frame, near, signal);
    near = analysis?.face?.box;
    if (analysis?.face?.passive) signs.passive.add(analysis.face.passive);
    if (analysis) yield { frame, analysis };
  }
}

/** Null when the models were busy with another call: the next frame is newer anyway. */
async function analyse(
  { engine, liveness }: FaceStage,
  frame: CameraFrame,
  near: FaceBox | undefined,
  signal: AbortSignal,
): Promise<FaceAnalysis | null> {
  try {
    const options = { signal, live: true, passive: liveness.mode !== 'off' };
    return await engine.analyse(frame.jpeg, near ? { ...options, near } : options);
  } catch (error) {
    // A damaged frame and a model process that restarts are made good by the frames that follow.
    if (
      error instanceof ModelError &&
      ['MODEL_BUSY', 'MODEL_INPUT', 'MODEL_CRASHED', 'MODEL_TIMEOUT'].includes(error.code)
    ) {
      return null;
    }
    throw error;
  }
}

function isGood(analysis: FaceAnalysis, minimumQuality: number, lenient: boolean): boolean {
  // Somebody small in the background is no second applicant: the advice says when a face is too near.
  if (analysis.faceCount === 0) return false;
  const { advice, score } = analysis.quality;
  if (lenient) return advice.every(word => POLISH.has(word));
  return advice.length === 0 && score >= minimumQuality;
}

function outlineOf({ face, width, height }: FaceAnalysis): FaceLive['outline'] {
  if (!face) return null;
  const { box } = face;
  return { x: box.x / width, y: box.y / height, width: box.width / width, height: box.height / height };
}

const bestOf = (window: readonly GoodFrame[]): GoodFrame | undefined =>
  window.toSorted((a, b) => b.analysis.quality.score - a.analysis.quality.score)[0];

function sampleOf(
  stage: FaceStage,
  window: readonly GoodFrame[],
  best: GoodFrame,
  framesSeen: number,
  pad: Pad,
): TakenFace {
  const { driver, model, serial } = stage.camera.identity;
  const { score, components } = best.analysis.quality;
  return {
    sample: new Biometric({ jpeg: best.frame.jpeg, embeddings: window.map(({ embedding }) => embedding) }),
    quality: {
      algorithm: 'vantay-face-quality',
      version: '1',
      score: Math.round(score),
      components: { ...components },
    },
    pad,
    attempts: framesSeen,
    device: { driver, model, serial, trust: 'L0' },
  };
}
