/** The whole face step on the real models: frames of the synthetic people in, a portrait with its liveness out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Challenge, LivenessMode } from '../../agent/contract/common.ts';
import { type FaceStage, takeFace } from '../../agent/pipeline/face.ts';
import type { FrameSource } from '../../agent/pipeline/ports.ts';
import type { TakenFace } from '../../agent/session/visit.ts';
import type { DeviceIdentity } from '../../drivers/device.ts';
import { type FaceModels, loadFaceModels } from '../../models/face/index.ts';
import type { FaceService } from '../../models/index.ts';
import { type FacePose, faceFrame } from '../../sim/people/face/frames.ts';

let models: FaceModels;
beforeAll(async () => {
  models = await loadFaceModels();
});

const service: FaceService = {
  analyse: async (jpeg, options) => models.analyse(jpeg, options),
  compare: async (a, b) => models.compare(a, b),
};
/** The service as it is with a passive network of an operator that always says the same. */
const withPassive = (score: number): FaceService => ({
  ...service,
  async analyse(jpeg, options) {
    const analysis = await service.analyse(jpeg);
    if (!analysis.face || !options?.passive) return analysis;
    return { ...analysis, face: { ...analysis.face, passive: { 'operators-own': score } } };
  },
});
const CAMERA: DeviceIdentity = { driver: 'test', model: 'camera', serial: '1', location: 'here' };
const ANSWERS: Readonly<Record<Challenge, FacePose>> = {
  turn_left: 'turned-left',
  turn_right: 'turned-right',
  blink: 'blink',
  come_closer: 'closer',
};

interface Story {
  readonly mode: LivenessMode;
  /** Pose at a frame, given what is asked and for how many frames it has been. */
  pose(challenge: Challenge | null, frames: number): FacePose;
  /** Number of the frame that the camera sends in the place of this one. */
  variation?(frame: number): number;
  readonly identity?: DeviceIdentity;
  /** What a passive network says of every frame. */
  readonly passive?: number;
  readonly passiveThreshold?: number | null;
}

async function take({
  mode,
  pose,
  variation = frame => frame,
  identity = CAMERA,
  passive,
  passiveThreshold = null,
}: Story) {
  let challenge: Challenge | null = null;
  let asked = 0;
  let count = 0;
  const camera: FrameSource = {
    identity,
    async *frames(signal) {
      for (;;) {
        await sleep(1, undefined, { signal });
        const jpeg = await faceFrame(0, pose(challenge, asked++), variation(count++));
        // As a camera of ten frames a second, however slow the machine is.
        yield { jpeg, sequence: count, arrivedAtMs: count * 100 };
      }
    },
  };
  const stage: FaceStage = {
    camera,
    engine: passive === undefined ? service : withPassive(passive),
    minimumQuality: 40,
    lenientAfterMs: 6_000,
    liveness: {
      mode,
      sameFaceScore: 0.44,
      challengeMs: pose === still ? 1_500 : 30_000,
      passiveThreshold,
    },
  };
  const challenges: Challenge[] = [];
  let taken: TakenFace | null = null;
  for await (const progress of takeFace(stage, AbortSignal.timeout(60_000))) {
    if (progress.kind === 'taken') taken = progress.face;
    else if (progress.live.challenge && progress.live.challenge !== challenge) {
      challenge = progress.live.challenge;
      asked = 0;
      challenges.push(challenge);
    }
  }
  return { pad: taken?.pad, challenges };
}

/** Does it for six frames, then looks straight again. */
const willing: Story['pose'] = (challenge, frames) =>
  challenge && frames % 12 < 6 ? ANSWERS[challenge] : 'neutral';
const still: Story['pose'] = () => 'neutral';

describe('the face step', () => {
  it('asks nothing in mode off', async () => {
    const { pad, challenges } = await take({ mode: 'off', pose: still });
    expect(challenges).toEqual([]);
    expect(pad).toMatchObject({ mode: 'off', score: null, challenge: null, passed: null, injection: [] });
  });

  it('records one challenge that was met', async () => {
    const { pad, challenges } = await take({ mode: 'record', pose: willing });
    expect(challenges).toHaveLength(1);
    expect(pad).toMatchObject({ mode: 'record', challenge: challenges[0], passed: true, injection: [] });
    expect(pad?.score).toBeGreaterThan(0.5);
  });

  it('records one that was not, and goes on', async () => {
    const { pad, challenges } = await take({ mode: 'record', pose: still });
    expect(challenges).toHaveLength(1);
    expect(pad).toMatchObject({ passed: false });
  });

  it('asks three different things where it is enforced, none of them to come closer', async () => {
    const { pad, challenges } = await take({ mode: 'enforce', pose: still });
    expect(challenges.toSorted()).toEqual(['blink', 'turn_left', 'turn_right']);
    expect(pad).toMatchObject({ mode: 'enforce', passed: false });
  });

  it('tells a stream that runs in a loop', async () => {
    const { pad } = await take({ mode: 'record', pose: willing, variation: frame => frame % 3 });
    expect(pad?.injection).toContain('repeated_frame');
  });

  it('tells a virtual camera', async () => {
    const identity = { ...CAMERA, model: 'OBS Virtual Camera' };
    const { pad } = await take({ mode: 'record', pose: willing, identity });
    expect(pad?.injection).toEqual(['virtual_camera']);
  });

  it('records what a passive network says, as evidence alone where no threshold is set', async () => {
    const { pad } = await take({ mode: 'record', pose: willing, passive: 0.1 });
    expect(pad).toMatchObject({ passed: true, passiveThreshold: null });
    expect(pad?.passive).toEqual([{ model: 'operators-own', score: 0.1, frames: expect.any(Number) }]);
  });

  it.each([
    [0.6, true],
    [0.4, false],
  ])('with a passive score of %d against the threshold 0.5 is passed: %s', async (passive, passed) => {
    const { pad } = await take({ mode: 'enforce', pose: willing, passive, passiveThreshold: 0.5 });
    expect(pad).toMatchObject({ passed, passiveThreshold: 0.5 });
  });

  it('asks passive networks nothing in mode off', async () => {
    const { pad } = await take({ mode: 'off', pose: still, passive: 0.1, passiveThreshold: 0.5 });
    expect(pad).toMatchObject({ passed: null, passive: [] });
  });
});
