import {
  type GrayImage,
  type Impression,
  type ImpressionOptions,
  type Moisture,
  type PatternClass,
  seedOf,
} from './finger/index.ts';
import { createRng } from './finger/rng.ts';
import { type Identity, type IdentityOptions, makeIdentity } from './identity.ts';
import { FINGER_CODES, type FingerCode } from './position.ts';
import type { FingerKey, FingerStudio } from './studio.ts';

/** Where a person's face comes from. */
export type FaceReference =
  /** Face number `index` (modulo their count) among the composites of this sex. */
  | { readonly kind: 'composite'; readonly sex: 'female' | 'male'; readonly index: number }
  /** Image files: what the record holds and what the camera sees. */
  | { readonly kind: 'files'; readonly record: readonly string[]; readonly live: readonly string[] };

export interface LiveOptions {
  readonly moisture?: Moisture;
  /** Share of the contact that misses the sensor, 0 .. 0.9. */
  readonly partial?: number;
  /** 0 barely touching .. 1 pressed flat. */
  readonly pressure?: number;
  readonly signal?: AbortSignal;
}

/** Somebody who stands before the kiosk: papers, a face, fingers. */
export interface Person {
  /** Stable name of the person within the simulation; says nothing of the identity. */
  readonly id: string;
  readonly identity: Identity;
  readonly face: FaceReference;
  /** Fingers that can be captured, in ascending ISO code. */
  readonly fingers: readonly FingerCode[];
  /**
   * The image that the sensor takes at this attempt (0, 1, ...): 256 x 288, 500 ppi, 16 grey levels.
   * The conditions of {@link LiveOptions} apply to generated fingers; images from files stay as they are.
   * @throws PeopleError PERSON_FINGER_ABSENT and those of the studio or the files
   */
  liveImpression(finger: FingerCode, attempt: number, options?: LiveOptions): Promise<GrayImage>;
  /**
   * What the immigration record holds of this finger: at least one image, 8 bits.
   * @throws PeopleError as {@link liveImpression}
   */
  recordImpressions(finger: FingerCode, signal?: AbortSignal): Promise<readonly GrayImage[]>;
  /** The same as minutiae, where the record has thrown the images away. */
  readonly recordMinutiae?: (finger: FingerCode, signal?: AbortSignal) => Promise<readonly Impression[]>;
  /** Makes ready whatever takes long, so that no capture waits for it. */
  prepare(signal?: AbortSignal): Promise<void>;
}

/** Frame of the R30x sensors' image buffer (R307 manual, "UpImage"): pixels, pixels per inch, grey levels of 4 bits. */
export const SENSOR_FRAME = { width: 256, height: 288, ppi: 500, greyLevels: 16 } as const;

/** Size of record references: what an enrolment scanner of an office delivers of one finger. */
const RECORD_FRAME = { width: 352, height: 416, ppi: 500 } as const;
const RECORD_COUNT = 2;

/** Shares of loops that open towards the little finger: almost all (Cummins and Midlo 1943). */
const ULNAR_SHARE = 0.92;

/** A finger's class with the hand's habit: loops open to the left on the left hand, to the right on the right. */
function patternClassOf(seed: number, finger: FingerCode): PatternClass {
  const rng = createRng('finger-class', seed, finger);
  const share = rng.uniform();
  if (share < 0.06) return 'arch';
  if (share < 0.12) return 'tented_arch';
  if (share < 0.32) return 'whorl';
  if (share < 0.4) return 'double_loop';
  const rightHand = finger <= 5;
  return rightHand === rng.chance(ULNAR_SHARE) ? 'right_loop' : 'left_loop';
}

/** The key of one finger of the person with this seed. */
export const fingerKey = (seed: number, finger: FingerCode): FingerKey => ({
  seed: seedOf('finger', seed, finger),
  patternClass: patternClassOf(seed, finger),
});

export interface PersonOptions extends IdentityOptions {
  /** What the immigration record keeps of the fingers: images unless given. */
  readonly fingersOnRecord?: 'images' | 'minutiae';
}

/**
 * An invented person. The same seed is the same person; neighbouring seeds have different faces.
 * The studio stays the caller's to close.
 */
export function simulatedPerson(seed: number, studio: FingerStudio, options: PersonOptions = {}): Person {
  const identity = makeIdentity(seed, options);
  const impression = (
    finger: FingerCode,
    what: ImpressionOptions,
    signal?: AbortSignal,
  ): Promise<GrayImage> => studio.impression(fingerKey(seed, finger), what, signal);
  const recorded = (finger: FingerCode, signal?: AbortSignal): Promise<Impression[]> =>
    Promise.all(
      Array.from({ length: RECORD_COUNT }, (_, i) =>
        studio.print(
          fingerKey(seed, finger),
          { ...RECORD_FRAME, seed: seedOf('record', i), moisture: 'normal', difficulty: 0.1 },
          signal,
        ),
      ),
    );
  return {
    id: `simulated-${seed}`,
    identity,
    face: { kind: 'composite', sex: identity.sex, index: Math.floor(Math.abs(seed) / 2) },
    fingers: FINGER_CODES,
    liveImpression: (finger, attempt, { signal, ...conditions } = {}) =>
      impression(finger, { ...SENSOR_FRAME, ...conditions, seed: seedOf('live', attempt) }, signal),
    recordImpressions: async (finger, signal) => (await recorded(finger, signal)).map(({ image }) => image),
    ...(options.fingersOnRecord === 'minutiae' ? { recordMinutiae: recorded } : {}),
    prepare: async signal => {
      await Promise.all(FINGER_CODES.map(finger => studio.prepare(fingerKey(seed, finger), signal)));
    },
  };
}
