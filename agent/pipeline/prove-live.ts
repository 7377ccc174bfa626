/** The challenge after the portrait: asked, watched, recorded. In enforce mode asked again, each time another one. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CameraFrame } from '../../drivers/device.ts';
import type { FaceAnalysis } from '../../models/index.ts';
import type { Challenge, LivenessMode } from '../contract/common.ts';
import type { Pad } from '../contract/packet.ts';
import type { InjectionWatch } from './injection.ts';
import {
  beginChallenge,
  type ChallengeWatch,
  drawChallenges,
  evidenceOf,
  hasPassed,
  type LiveObservation,
  observe,
} from './liveness.ts';
import { type PassiveWatch, reaches } from './passive.ts';

export interface LivenessOptions {
  readonly mode: LivenessMode;
  /** Cosine from which two faces are of one person, from the card of the embedding. */
  readonly sameFaceScore: number;
  /** Longest wait for one challenge to be met, in milliseconds. */
  readonly challengeMs: number;
  /** Least mean of the passive scores of a living face, from the profile; null where they are evidence alone. */
  readonly passiveThreshold: number | null;
}

/** What else is watched while frames are seen. */
export interface Signs {
  readonly injection: InjectionWatch;
  readonly passive: PassiveWatch;
}

export interface SeenFrame {
  readonly frame: CameraFrame;
  readonly analysis: FaceAnalysis;
}

export type LivenessProgress =
  | { readonly kind: 'asked'; readonly challenge: Challenge; readonly seen: SeenFrame | null }
  | { readonly kind: 'done'; readonly pad: Pad };

/**
 * Asks for the challenges of a session until one is met.
 * @param portrait the portrait that the answer has to belong to: its embedding, and the last of its frames, from which the
 * first movement begins
 * @param open begins to watch the camera; ends with its signal
 */
export async function* proveLive(
  options: LivenessOptions,
  portrait: { readonly embedding: Float32Array; readonly last: SeenFrame },
  signs: Signs,
  open: (signal: AbortSignal) => AsyncIterable<SeenFrame>,
  signal: AbortSignal,
): AsyncGenerator<LivenessProgress, void, undefined> {
  const { mode, sameFaceScore, challengeMs } = options;
  let watch: ChallengeWatch | null = null;
  let startedAtMs = performance.now();
  for (const challenge of drawChallenges(mode, randomInt)) {
    const asked: ChallengeWatch = beginChallenge(challenge, sameFaceScore);
    // After a challenge that was not met, the applicant has to look straight again first.
    watch = watch ? asked : observe(asked, observationOf(portrait.last, portrait.embedding));
    startedAtMs = performance.now();
    yield { kind: 'asked', challenge, seen: null };
    using asking = new Deadline(challengeMs, signal);
    try {
      for await (const seen of open(asking.signal)) {
        watch = observe(watch, observationOf(seen, portrait.embedding));
        if (hasPassed(watch) || watch.wrong) break;
        yield { kind: 'asked', challenge, seen };
      }
    } catch (error) {
      // The applicant did not do it in time: that is an answer, not a fault.
      if (signal.aborted || !asking.signal.aborted) throw error;
    }
    // Asked until it fits, a film of any one movement would pass.
    if (hasPassed(watch) || watch.wrong) break;
  }
  yield { kind: 'done', pad: padOf(options, watch, signs, performance.now() - startedAtMs) };
}

function padOf(options: LivenessOptions, watch: ChallengeWatch | null, signs: Signs, ms: number): Pad {
  const { mode, passiveThreshold } = options;
  const passive = signs.passive.found;
  const seen = {
    mode,
    passive,
    passiveThreshold,
    injection: mode === 'off' ? [] : [...signs.injection.signs],
  };
  if (!watch) return { ...seen, score: null, challenge: null, passed: null, evidence: {}, durationMs: null };
  const { evidence, score } = evidenceOf(watch);
  const { challenge } = watch;
  const passed = hasPassed(watch) && reaches(passive, passiveThreshold);
  return { ...seen, score, challenge, passed, evidence, durationMs: Math.round(ms) };
}

/** Null unless one face stands out in the frame. */
function observationOf({ frame, analysis }: SeenFrame, portrait: Float32Array): LiveObservation | null {
  const { face, quality, width, height } = analysis;
  if (!face || quality.advice.includes('several_faces')) return null;
  const { box, landmarks, yawDeg, rollDeg } = face;
  // Corners of the eyes (iBUG 36, 39, 42, 45): their middles are the eyes whether the lids are open or not.
  const at = (point: number) => (landmarks[point] ?? 0) / 2;
  const across = at(84) + at(90) - at(72) - at(78);
  const down = at(85) + at(91) - at(73) - at(79);
  const foreshortening = Math.cos((Math.min(60, Math.abs(yawDeg)) * Math.PI) / 180);
  return {
    atMs: frame.arrivedAtMs,
    yawDeg,
    rollDeg,
    eyesOpen: Math.min(face.eyesOpen.left, face.eyesOpen.right),
    eyeDistance: Math.hypot(across, down) / foreshortening / width,
    x: (box.x + box.width / 2) / width,
    y: (box.y + box.height / 2) / height,
    // Embeddings have length 1: the product is the cosine.
    likeness: face.embedding.reduce((sum, value, i) => sum + value * (portrait[i] ?? 0), 0),
  };
}

/** A signal that also aborts after some time; its timer ends with it. */
class Deadline implements Disposable {
  readonly signal: AbortSignal;
  readonly #done = new AbortController();

  constructor(afterMs: number, signal: AbortSignal) {
    const late = new AbortController();
    this.signal = AbortSignal.any([signal, late.signal]);
    sleep(afterMs, undefined, { signal: this.#done.signal }).then(
      () => late.abort(new Error('the challenge was not met in time')),
      () => undefined,
    );
  }

  [Symbol.dispose](): void {
    this.#done.abort();
  }
}
