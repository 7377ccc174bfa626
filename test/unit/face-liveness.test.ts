import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Challenge } from '../../agent/contract/common.ts';
import { InjectionWatch } from '../../agent/pipeline/injection.ts';
import {
  beginChallenge,
  drawChallenges,
  evidenceOf,
  hasPassed,
  type LiveObservation,
  observe,
} from '../../agent/pipeline/liveness.ts';

const STEP_MS = 100;
const straight: LiveObservation = {
  atMs: 0,
  yawDeg: 0,
  rollDeg: 0,
  eyesOpen: 1,
  eyeDistance: 0.2,
  x: 0.5,
  y: 0.5,
  likeness: 0.9,
};
type Frame = Partial<LiveObservation> | null;

/** The frames, 100 ms apart unless they say otherwise, after three straight ones. */
function answer(challenge: Challenge, frames: readonly Frame[]) {
  const all: readonly Frame[] = [{}, {}, {}, ...frames];
  return all.reduce(
    (watch, frame, i) => observe(watch, frame && { ...straight, atMs: i * STEP_MS, ...frame }),
    beginChallenge(challenge, 0.44),
  );
}
const passes = (challenge: Challenge, frames: readonly Frame[]) => hasPassed(answer(challenge, frames));
const repeat = (frame: Frame, times: number): Frame[] => Array.from({ length: times }, () => frame);
/** A head that turns by steps of 5 degrees. */
const turn = (toDeg: number): Frame[] =>
  Array.from({ length: Math.abs(toDeg) / 5 }, (_, i) => ({ yawDeg: Math.sign(toDeg) * 5 * (i + 1) }));

describe('a challenge', () => {
  it.each<[Challenge, readonly Frame[]]>([
    ['turn_left', turn(25)],
    ['turn_right', turn(-25)],
    ['blink', [{ eyesOpen: 0.05 }, { eyesOpen: 0.05 }, {}]],
    [
      'come_closer',
      [{ eyeDistance: 0.21 }, { eyeDistance: 0.22 }, { eyeDistance: 0.23 }, { eyeDistance: 0.24 }],
    ],
  ])('%s is met by who does it', (challenge, frames) => {
    const watch = answer(challenge, frames);
    expect(hasPassed(watch)).toBe(true);
    expect(evidenceOf(watch)).toMatchObject({ evidence: { extent: 1, continuity: 1 }, score: 0.9 });
  });

  it.each<[string, Challenge, readonly Frame[]]>([
    ['a still picture', 'turn_left', repeat({}, 50)],
    ['a still picture, for a blink', 'blink', repeat({}, 50)],
    ['a still picture, for a step', 'come_closer', repeat({}, 50)],
    ['a turn the other way', 'turn_left', turn(-25)],
    ['a film that turns to all sides', 'turn_left', [...turn(-15), ...turn(25)]],
    ['a film that turns and blinks', 'blink', [...turn(15), {}, { eyesOpen: 0 }, {}]],
    ['a slight turn', 'turn_right', turn(-10)],
    ['a turn in one frame alone', 'turn_left', [{ yawDeg: 20 }, {}]],
    ['eyes that stay closed', 'blink', repeat({ eyesOpen: 0 }, 50)],
    [
      'a picture that is tilted until its eyes look closed',
      'blink',
      [{ eyesOpen: 0.1, rollDeg: 12 }, {}, {}],
    ],
    [
      'a picture that is pushed until its eyes look closed',
      'blink',
      [{ eyesOpen: 0.1, eyeDistance: 0.23 }, {}],
    ],
    ['eyes half closed', 'blink', [{ eyesOpen: 0.45 }, {}]],
    ['another face that turns', 'turn_left', turn(25).map(frame => ({ ...frame, likeness: 0.2 }))],
    ['a head that was turned from the beginning', 'turn_left', [null, ...repeat({ yawDeg: 25 }, 20)]],
    ['a picture put in the place of another', 'turn_left', [null, null, ...repeat({ yawDeg: 25 }, 20)]],
    ['a face that jumps across the frame', 'turn_left', repeat({ yawDeg: 25, x: 0.9 }, 20)],
    ['a face that jumps in size', 'come_closer', repeat({ eyeDistance: 0.35 }, 20)],
    ['a head that turns faster than any', 'turn_left', repeat({ yawDeg: 60 }, 20)],
    [
      'a stream that stood still meanwhile',
      'turn_left',
      [
        { atMs: 5_000, yawDeg: 25 },
        { atMs: 5_100, yawDeg: 25 },
      ],
    ],
    [
      'time that runs backwards',
      'turn_left',
      [
        { atMs: 100, yawDeg: 25 },
        { atMs: 50, yawDeg: 25 },
      ],
    ],
  ])('is not met by %s', (_, challenge, frames) => {
    expect(passes(challenge, frames)).toBe(false);
  });

  it('may be met after the face was lost, beginning straight again; that it was lost is told', () => {
    const watch = answer('turn_left', [null, {}, {}, ...turn(25)]);
    expect(hasPassed(watch)).toBe(true);
    expect(evidenceOf(watch).evidence.continuity).toBe(0.5);
  });

  it('that was met stays met', () => {
    expect(passes('turn_left', [...turn(25), null, { x: 0.9 }, { likeness: 0 }])).toBe(true);
  });

  it('gives evidence between 0 and 1 whatever happens, and passes nobody it does not know', () => {
    const frame = fc.option(
      fc.record({
        yawDeg: fc.double({ min: -90, max: 90, noNaN: true }),
        rollDeg: fc.double({ min: -90, max: 90, noNaN: true }),
        eyesOpen: fc.double({ min: 0, max: 1, noNaN: true }),
        eyeDistance: fc.double({ min: 0.05, max: 0.6, noNaN: true }),
        likeness: fc.double({ min: -1, max: 1, noNaN: true }),
      }),
    );
    const challenges = fc.constantFrom<Challenge>('turn_left', 'turn_right', 'blink', 'come_closer');
    fc.assert(
      fc.property(challenges, fc.array(frame, { maxLength: 30 }), (challenge, frames) => {
        const watch = answer(challenge, frames);
        const { evidence, score } = evidenceOf(watch);
        for (const value of [...Object.values(evidence), score]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
        if (hasPassed(watch)) expect(watch.leastLikeness).toBeGreaterThanOrEqual(0.44);
      }),
    );
  });
});

describe('the challenges of a session', () => {
  it('are none, one of all, or each strong one once', () => {
    expect(drawChallenges('off', () => 0)).toEqual([]);
    expect(drawChallenges('record', below => below - 1)).toEqual(['come_closer']);
    expect(drawChallenges('enforce', below => below - 1)).toEqual(['blink', 'turn_right', 'turn_left']);
    expect(drawChallenges('enforce', () => 0).sort()).toEqual(['blink', 'turn_left', 'turn_right']);
  });
});

describe('signs of injection', () => {
  const camera = { driver: 'ffmpeg', model: 'USB camera', serial: '1', location: 'usb1' };
  const signsOf = (frames: readonly number[], model = camera.model) => {
    const watch = new InjectionWatch();
    for (const frame of frames) watch.add(Uint8Array.of(frame), { ...camera, model });
    return watch.signs;
  };

  it.each<[string, readonly number[], readonly string[]]>([
    ['a live camera shows none', [1, 2, 3, 4, 5, 6, 7, 8, 9], []],
    ['the same frame twice', [1, 2, 2, 3], ['repeated_frame']],
    ['a frozen stream', [1, 2, 2, 2, 2, 2], ['repeated_frame', 'frozen_stream']],
    ['a looping stream', [1, 2, 3, 4, 5, 1, 2, 3, 4, 5], ['repeated_frame', 'looping_stream']],
    [
      'a looping stream with frames dropped',
      [1, 2, 3, 4, 5, 6, 7, 8, 1, 3, 4, 6, 8],
      ['repeated_frame', 'looping_stream'],
    ],
  ])('%s', (_, frames, signs) => {
    expect(signsOf(frames)).toEqual(signs);
  });

  it.each(['OBS Virtual Camera', 'Dummy video device (0x0000)', 'v4l2loopback', 'ManyCam Virtual Webcam'])(
    'the driver %s',
    model => {
      expect(signsOf([1, 2, 3], model)).toEqual(['virtual_camera']);
    },
  );

  it('a camera that becomes another', () => {
    const watch = new InjectionWatch();
    watch.add(Uint8Array.of(1), camera);
    watch.add(Uint8Array.of(2), { ...camera, serial: '2' });
    expect(watch.signs).toEqual(['device_changed']);
  });
});
