/** The stories, in the order they are listed. Seeds are arbitrary; each story has people of its own. */
import { setTimeout as sleep } from 'node:timers/promises';
import { corruptCheckDigit, type FingerCode, makeCitizen } from '../people/index.ts';
import type { World } from '../world/world.ts';
import type { VisitResult } from './result.ts';
import type { Scenario } from './scenario.ts';

/** All these have to hold; the first that does not is the complaint. */
const all =
  (...checks: readonly ((result: VisitResult) => string | null)[]) =>
  (result: VisitResult): string | null =>
    checks.map(check => check(result)).find(complaint => complaint !== null) ?? null;

const outcome = (wanted: string) => (result: VisitResult) =>
  result.outcome === wanted ? null : `outcome is ${result.outcome}, not ${wanted}`;

const accepted = (result: VisitResult) =>
  result.receipt?.state === 'accepted'
    ? null
    : `receipt is ${result.receipt?.state ?? 'missing'}, not accepted`;

const refused = (reason: string) => (result: VisitResult) =>
  result.refusal?.reason === reason
    ? null
    : `refused for ${result.refusal?.reason ?? 'nothing'}, not ${reason}`;

const advised = (word: string) => (result: VisitResult) =>
  result.stages.some(stage => stage.advice.includes(word)) ? null : `"${word}" was never advised`;

const nothingSent = (result: VisitResult) => (result.packetId ? 'a packet was made' : null);

const passed = (step: string) => (result: VisitResult) =>
  result.stages.some(({ name }) => name === step) ? null : `the step "${step}" never came`;

/** Every finger that was compared, by this model and no other. */
const comparedBy = (model: string) => (result: VisitResult) =>
  result.decision?.fingers.length && result.decision.fingers.every(finger => finger.model === model)
    ? null
    : `the fingers were not compared by ${model}`;

/** A request about an account asks for no form. */
const noForm = (result: VisitResult) =>
  result.stages.some(({ name }) => name === 'contact') ? 'a form was asked for' : null;

/** Left to an officer, with whom they may be. */
const knownOtherwise = all(outcome('inconclusive'), accepted, ({ decision }) =>
  decision?.reason === 'may_be_known_otherwise' ? null : `the reason is ${decision?.reason}`,
);

/** Right thumb: ISO/IEC 19794-2 code 1. */
const RIGHT_THUMB = 1;
/** A finger straight out of the water: the valleys are flooded (moisture of the generator, -1 dry .. 2). */
const DRIPPING = 1.8;
/** Right index and middle finger: ISO/IEC 19794-2 codes 2 and 3. */
const RIGHT_INDEX = 2;
const RIGHT_MIDDLE = 3;
/** Left little finger: ISO/IEC 19794-2 code 10. */
const LEFT_LITTLE = 10;
/** The left hand lies on a glass in the place of the right one, little finger where the index should be. */
const OTHER_HAND = new Map<FingerCode, FingerCode>([
  [2, 10],
  [3, 9],
  [4, 8],
  [5, 7],
]);
/** How long an unplugged scanner stays away, in milliseconds. */
const UNPLUGGED_MS = 2_500;
/** How long the broker stays down after the submission, in milliseconds. */
const BROKER_DOWN_MS = 4_000;

async function interrupt(broker: World['broker']): Promise<void> {
  await broker?.stop();
  await sleep(BROKER_DOWN_MS);
  await broker?.start();
}

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'happy',
    summary: 'a registered person, all ten fingers, match',
    cast: person => ({ visitor: person(1), registered: [person(1)] }),
    judge: all(outcome('match'), accepted),
  },
  {
    name: 'slap-scanner',
    summary:
      'all ten fingers in three slaps on a certified scanner; first the left hand in place of the right',
    cast: person => ({ visitor: person(1), registered: [person(1)] }),
    slapScanner: true,
    manner: () => ({
      otherFinger: (finger, attempt) => (attempt === 0 ? OTHER_HAND.get(finger) : undefined),
    }),
    judge: all(outcome('match'), accepted, advised('wrong_finger')),
  },
  {
    name: 'no-record',
    summary: 'a person the immigration database does not know',
    cast: person => ({ visitor: person(2), registered: [] }),
    judge: all(outcome('no_record'), accepted),
  },
  {
    name: 'known-otherwise',
    summary: 'papers the immigration database does not know, shown by somebody it knows under others',
    cast: person => ({ visitor: person(3), papersOf: person(5), registered: [person(3)] }),
    keepsRecords: true,
    judge: knownOtherwise,
  },
  {
    name: 'known-at-office',
    summary: "papers that nobody knows, shown by somebody whom only the office's record server knows",
    cast: person => ({ visitor: person(3), papersOf: person(5), registered: [], atOffice: [person(3)] }),
    recordServer: true,
    judge: knownOtherwise,
  },
  {
    name: 'other-person',
    summary: "someone else's passport and card: no match",
    cast: person => ({ visitor: person(3), papersOf: person(5), registered: [person(3), person(5)] }),
    judge: all(outcome('no_match'), accepted),
  },
  {
    name: 'minutiae-record',
    summary: 'a registered person of whose fingers the immigration database keeps minutiae alone: match',
    cast: person => {
      const known = person(17, { fingersOnRecord: 'minutiae' });
      return { visitor: known, registered: [known] };
    },
    judge: all(outcome('match'), accepted, comparedBy('finger-minutiae')),
  },
  {
    name: 'wet-finger',
    summary: 'a wet thumb: advice, then success',
    cast: person => ({ visitor: person(4), registered: [person(4)] }),
    manner: () => ({
      moisture: (finger, attempt) => (finger === RIGHT_THUMB && attempt === 0 ? DRIPPING : undefined),
    }),
    judge: all(outcome('match'), accepted, advised('finger_too_wet')),
  },
  {
    name: 'missing-finger',
    summary: 'the left little finger is missing: an exception is recorded',
    cast: person => ({ visitor: person(6), registered: [person(6)] }),
    missing: new Map([[LEFT_LITTLE, 'missing']]),
    judge: all(outcome('match'), accepted, ({ exceptions }) =>
      exceptions.some(({ position, reason }) => position === 'left_little' && reason === 'missing')
        ? null
        : 'no exception for the left little finger',
    ),
  },
  {
    name: 'same-finger',
    summary: 'the thumb is laid down again for the index finger: advice, then success',
    cast: person => ({ visitor: person(12), registered: [person(12)] }),
    manner: () => ({
      otherFinger: (finger, attempt) => (finger === RIGHT_INDEX && attempt === 0 ? RIGHT_THUMB : undefined),
    }),
    judge: all(outcome('match'), accepted, advised('other_finger')),
  },
  {
    name: 'swapped-fingers',
    summary: 'index and middle finger are swapped, and stay so whatever the advice: an officer decides',
    cast: person => ({ visitor: person(13), registered: [person(13)] }),
    manner: () => ({
      otherFinger: finger =>
        finger === RIGHT_INDEX ? RIGHT_MIDDLE : finger === RIGHT_MIDDLE ? RIGHT_INDEX : undefined,
    }),
    // No advice is asked for: a hand as quick as this one may have given the fingers before the record is there.
    judge: all(outcome('inconclusive'), accepted, ({ decision }) =>
      decision?.reason === 'fingers_rearranged' ? null : `the reason is ${decision?.reason}`,
    ),
  },
  {
    name: 'scanner-unplugged',
    summary: 'the scanner is unplugged during the fingers and comes back',
    cast: person => ({ visitor: person(7), registered: [person(7)] }),
    incident: world => {
      let pulled = false;
      return ({ view }) => {
        if (pulled || view.position !== 'right_middle') return;
        pulled = true;
        void world.sensor
          .unplug()
          .then(() => sleep(UNPLUGGED_MS))
          .then(() => world.sensor.plug());
      };
    },
    judge: all(outcome('match'), accepted, ({ deviceProblems }) =>
      deviceProblems.some(problem => problem.startsWith('finger_scanner:DEVICE_'))
        ? null
        : 'the fault was never shown',
    ),
  },
  {
    name: 'broker-down',
    summary: 'the broker goes down before the submission: the packet waits and is delivered later',
    cast: person => ({ visitor: person(8), registered: [person(8)] }),
    incident: world => {
      let down = false;
      return ({ view }) => {
        if (down || view.step !== 'review') return;
        down = true;
        void interrupt(world.broker);
      };
    },
    judge: all(outcome('match'), accepted, ({ stages }) =>
      stages.some(({ name, ms }) => name === 'receipt' && ms > BROKER_DOWN_MS / 2)
        ? null
        : 'the packet never had to wait',
    ),
  },
  {
    name: 'spoof-photo',
    summary: 'a still picture before a camera that asks for a movement: no match',
    cast: person => ({ visitor: person(11), registered: [person(11)] }),
    manner: () => ({ pose: () => 'neutral' }),
    config: { visit: { liveness: 'enforce', livenessSeconds: 3 } },
    judge: all(outcome('inconclusive'), accepted, ({ decision }) =>
      decision?.reason === 'liveness_not_shown' ? null : `the reason is ${decision?.reason}`,
    ),
  },
  {
    name: 'spoof-loop',
    summary: 'a film in the place of the camera, again and again, where liveness is enforced: no match',
    cast: person => ({ visitor: person(12), registered: [person(12)] }),
    config: { visit: { liveness: 'enforce', livenessSeconds: 3 } },
    incident: world => {
      let injected = false;
      return ({ view }) => {
        if (injected || view.step !== 'face' || !view.challenge) return;
        injected = true;
        world.camera.fault('loop');
      };
    },
    judge: all(outcome('inconclusive'), accepted, ({ decision, liveness }) =>
      decision?.reason === 'camera_stream_suspect' && liveness?.injection.includes('looping_stream')
        ? null
        : `the reason is ${decision?.reason}`,
    ),
  },
  {
    name: 'bad-passport',
    summary: 'a passport whose check digit is wrong at every attempt',
    cast: person => ({ visitor: person(9), registered: [person(9)] }),
    manner: ({ visitor }) => ({
      papers: wanted =>
        wanted === 'travel_document'
          ? corruptCheckDigit(visitor.identity.passport.mrz, 'documentNumber')
          : visitor.identity.residenceCard.mrz,
    }),
    judge: all(outcome('refused'), refused('document_invalid'), advised('check_digit'), nothingSent),
  },
  {
    name: 'child-with-parent',
    summary: 'a child of six to thirteen with a Vietnamese parent, who shows an identity card: match',
    cast: person => {
      const child = person(14, { ageGroup: 'child_under_14' });
      return { visitor: child, companion: makeCitizen(14), registered: [child] };
    },
    judge: all(outcome('match'), accepted, passed('relation')),
  },
  {
    name: 'lock',
    summary: 'the holder asks for a lock of the account: two fingers, no form',
    purpose: 'lock',
    cast: person => ({ visitor: person(15), registered: [person(15)] }),
    judge: all(outcome('match'), accepted, noForm),
  },
  {
    name: 'unlock',
    summary: 'the holder asks for the account to be unlocked, and says why it was locked',
    purpose: 'unlock',
    cast: person => ({ visitor: person(16), registered: [person(16)] }),
    judge: all(outcome('match'), accepted, noForm, passed('ground')),
  },
  {
    name: 'child-under-6',
    summary: 'a child under six: level 2 is refused, with the reason',
    cast: person => {
      const child = person(10, { ageGroup: 'child_under_6' });
      return { visitor: child, registered: [child] };
    },
    judge: all(outcome('refused'), refused('under_6_level_1_only'), nothingSent),
  },
];
