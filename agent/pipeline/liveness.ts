/**
 * Liveness by an active challenge (ISO/IEC 30107): what was asked of the applicant, judged from how the face moved.
 * Pure: one observation after the other, so that every attack can be written down as a list.
 */
import type { Challenge, LivenessMode } from '../contract/common.ts';

/** One analysed frame in which one face stands out. */
export interface LiveObservation {
  /** Monotonic milliseconds. */
  readonly atMs: number;
  /** Positive: the nose points to the right edge of the frame, which is the applicant's left. */
  readonly yawDeg: number;
  /** Positive: the head leans clockwise as the frame shows it. */
  readonly rollDeg: number;
  /** Probability that the less open eye is open, 0..1. */
  readonly eyesOpen: number;
  /** Between the eyes, made good for yaw, as a share of the frame's width. */
  readonly eyeDistance: number;
  /** Middle of the face in shares of the frame. */
  readonly x: number;
  readonly y: number;
  /** Cosine to the portrait that was taken, -1..1. */
  readonly likeness: number;
}

/** A challenge that is being answered. */
export interface ChallengeWatch {
  readonly challenge: Challenge;
  /** Lowest cosine that still is the face of the portrait. */
  readonly sameFaceScore: number;
  /** Where the movement began; null until the face stands as it should at the start. */
  readonly start: LiveObservation | null;
  readonly last: LiveObservation | null;
  /** Frames in a row in which all that was asked is seen. */
  readonly seen: number;
  /** How much of what was asked was seen at most, 0..1. */
  readonly extent: number;
  /** Times the face was lost or jumped, which begins the challenge anew. */
  readonly breaks: number;
  /** The head turned as was not asked: what a film made before does. */
  readonly wrong: boolean;
  /** Lowest cosine to the portrait of any frame looking about straight ahead. */
  readonly leastLikeness: number;
}

/** How far a face may turn on its own before the embedding says little about whose it is, in degrees. */
const COMPARABLE_YAW_DEG = 30;
/** What counts as done: half the turn that a request to "turn your head" usually brings. */
const TURN_DEG = 12;
/** The head has to begin about straight: a picture of a turned head must not do. In degrees. */
const STRAIGHT_DEG = 10;
/** An eye network sure of itself; between the two nothing is concluded. */
const CLOSED_BELOW = 0.3;
const OPEN_FROM = 0.6;
// The eye network misreads eyes of a picture that is tilted or moved: a blink counts with the head as it was at the start.
const HELD_DEG = 8;
const HELD_GROWTH = 0.1;
/** Growth of the distance between the eyes: a step towards the camera, not a nod. */
const CLOSER_BY = 0.12;
/** Frames in which a turned or nearer head has to be seen: one alone may be a slip of the network. */
const FRAMES_SEEN = 2;
// What a body cannot do between two frames. A voluntary turn of the head stays below about 500 degrees a second.
const MAX_YAW_DEG_PER_S = 500;
const MAX_GAP_MS = 1_500;
const MAX_SHIFT = 0.2;
const MAX_GROWTH = 1.45;

/** Challenges that a photograph brought nearer would not pass; only these decide in enforce mode. */
const STRONG: readonly Challenge[] = ['turn_left', 'turn_right', 'blink'];
const ALL: readonly Challenge[] = [...STRONG, 'come_closer'];

/**
 * The challenges of a session in the order in which they are asked, each at most once.
 * @param draw a whole number below its argument, unpredictable
 */
export function drawChallenges(mode: LivenessMode, draw: (below: number) => number): Challenge[] {
  if (mode === 'off') return [];
  const left = [...(mode === 'enforce' ? STRONG : ALL)];
  const drawn: Challenge[] = [];
  while (left.length > 0) drawn.push(...left.splice(draw(left.length), 1));
  return mode === 'enforce' ? drawn : drawn.slice(0, 1);
}

export const beginChallenge = (challenge: Challenge, sameFaceScore: number): ChallengeWatch => ({
  challenge,
  sameFaceScore,
  start: null,
  last: null,
  seen: 0,
  extent: 0,
  breaks: 0,
  wrong: false,
  leastLikeness: 1,
});

/** After one more frame; null for a frame in which none stands out alone. */
export function observe(watch: ChallengeWatch, now: LiveObservation | null): ChallengeWatch {
  if (hasPassed(watch) || watch.wrong) return watch;
  if (!now) return watch.last ? begunAnew(watch) : watch;
  const comparable = Math.abs(now.yawDeg) <= COMPARABLE_YAW_DEG;
  const leastLikeness = comparable ? Math.min(watch.leastLikeness, now.likeness) : watch.leastLikeness;
  const after = { ...watch, leastLikeness, last: now };
  if (watch.last && !isPlausible(watch.last, now)) return { ...begunAnew(after), last: now };
  if (!watch.start) return standsReady(now) ? { ...after, start: now } : after;
  if (isWrong(watch.challenge, now.yawDeg - watch.start.yawDeg)) return { ...after, wrong: true };
  return judged(after, watch.start, now);
}

/** Done as asked, by the person of the portrait. */
export const hasPassed = ({ extent, wrong, leastLikeness, sameFaceScore }: ChallengeWatch): boolean =>
  extent >= 1 && !wrong && leastLikeness >= sameFaceScore;

/** Evidence, 0..1 each, and their product as the score. */
export function evidenceOf(watch: ChallengeWatch) {
  const evidence = {
    extent: watch.extent,
    continuity: 1 / (1 + watch.breaks),
    identity: watch.start ? Math.max(0, Math.min(1, watch.leastLikeness)) : 0,
  };
  return { evidence, score: evidence.extent * evidence.continuity * evidence.identity };
}

const begunAnew = (watch: ChallengeWatch): ChallengeWatch => ({
  ...watch,
  start: null,
  last: null,
  seen: 0,
  extent: 0,
  breaks: watch.breaks + 1,
});

const standsReady = ({ yawDeg, eyesOpen }: LiveObservation): boolean =>
  Math.abs(yawDeg) <= STRAIGHT_DEG && eyesOpen >= OPEN_FROM;

function isPlausible(before: LiveObservation, now: LiveObservation): boolean {
  const seconds = (now.atMs - before.atMs) / 1000;
  const growth = now.eyeDistance / before.eyeDistance;
  return (
    seconds > 0 &&
    seconds * 1000 <= MAX_GAP_MS &&
    Math.abs(now.yawDeg - before.yawDeg) <= MAX_YAW_DEG_PER_S * seconds &&
    Math.hypot(now.x - before.x, now.y - before.y) <= MAX_SHIFT &&
    growth <= MAX_GROWTH &&
    growth >= 1 / MAX_GROWTH
  );
}

/** @param turnedDeg since the start, positive to the applicant's left */
function isWrong(challenge: Challenge, turnedDeg: number): boolean {
  const left = challenge === 'turn_left' ? Number.POSITIVE_INFINITY : TURN_DEG;
  const right = challenge === 'turn_right' ? Number.POSITIVE_INFINITY : TURN_DEG;
  return turnedDeg >= left || -turnedDeg >= right;
}

/** Whether the head is as it was. */
const isHeld = (start: LiveObservation, now: LiveObservation): boolean =>
  Math.abs(now.rollDeg - start.rollDeg) <= HELD_DEG &&
  Math.abs(now.yawDeg - start.yawDeg) <= HELD_DEG &&
  Math.abs(now.eyeDistance / start.eyeDistance - 1) <= HELD_GROWTH;

/** How much of what is asked this one frame shows, 0..1 and more. */
function shown(challenge: Challenge, start: LiveObservation, now: LiveObservation): number {
  switch (challenge) {
    case 'turn_left':
      return (now.yawDeg - start.yawDeg) / TURN_DEG;
    case 'turn_right':
      return (start.yawDeg - now.yawDeg) / TURN_DEG;
    case 'blink':
      return now.eyesOpen <= CLOSED_BELOW && isHeld(start, now) ? 1 : 0;
    case 'come_closer':
      return (now.eyeDistance / start.eyeDistance - 1) / CLOSER_BY;
  }
}

function judged(watch: ChallengeWatch, start: LiveObservation, now: LiveObservation): ChallengeWatch {
  const share = Math.max(0, Math.min(1, shown(watch.challenge, start, now)));
  if (watch.challenge === 'blink') {
    // Closed is half of it; the other half is to open them again.
    const seen = watch.seen + share;
    const opened = seen > 0 && now.eyesOpen >= OPEN_FROM;
    return { ...watch, seen, extent: opened ? 1 : Math.max(watch.extent, seen > 0 ? 0.5 : 0) };
  }
  const seen = share >= 1 ? watch.seen + 1 : 0;
  const part = share >= 1 ? Math.min(1, seen / FRAMES_SEEN) : share / FRAMES_SEEN;
  return { ...watch, seen, extent: Math.max(watch.extent, part) };
}
