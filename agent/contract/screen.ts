import { z } from 'zod';
import {
  CalendarDate,
  Challenge,
  FingerExceptionReason,
  FingerPosition,
  IdentityDocument,
  Language,
  PersonalData,
  Sha256,
  Uuid7,
} from './common.ts';

/** Everything an applicant can mend, in the order of the devices it concerns. Message keys are `advice.<word>`. */
export const Advice = z.enum([
  'place_finger',
  'lift_finger',
  'finger_moved',
  'press_harder',
  'finger_too_wet',
  'finger_too_dry',
  'other_finger',
  'wrong_finger',
  'no_face',
  'several_faces',
  'come_closer',
  'move_back',
  'centre_face',
  'look_straight',
  'open_eyes',
  'close_mouth',
  'neutral_expression',
  'too_dark',
  'too_bright',
  'uneven_light',
  'hold_still',
  'plain_background',
  'uncover_face',
  'poor_picture',
]);
export type Advice = z.infer<typeof Advice>;

/** Why a document was not taken. Message keys are `document.<word>`. */
export const DocumentProblem = z.strictObject({
  reason: z.enum(['unreadable', 'check_digit', 'expired', 'wrong_document', 'mismatch', 'visa_only']),
  /** Fields of the zone or of the cross-check the reason is about. */
  fields: z.array(z.string()),
});
export type DocumentProblem = z.infer<typeof DocumentProblem>;

/** Why a visit cannot go on here (policy). Message keys are `refused.<word>`. */
export const RefusalReason = z.enum([
  'document_invalid',
  'under_6_level_1_only',
  'representative_needed',
  'no_residence_card',
  'residence_card_expired',
  'travel_document_expired',
  'documents_do_not_match',
  'consent_refused',
  'outbox_full',
]);
export type RefusalReason = z.infer<typeof RefusalReason>;

const ExpectedDates = z.strictObject({
  within3WorkingDays: CalendarDate.nullable(),
  within7WorkingDays: CalendarDate.nullable(),
  provisional: z.boolean(),
});

const FingersDone = z.array(
  z.strictObject({ position: FingerPosition, qualityScore: z.int().min(0).max(100) }),
);
const FingerExceptions = z.array(z.strictObject({ position: FingerPosition, reason: FingerExceptionReason }));

const StepView = z.discriminatedUnion('step', [
  z.strictObject({ step: z.literal('idle') }),
  z.strictObject({ step: z.literal('language'), languages: z.array(Language) }),
  z.strictObject({ step: z.literal('purpose') }),
  z.strictObject({
    step: z.literal('documents'),
    wanted: z.enum(['travel_document', 'residence_card']),
    problem: DocumentProblem.nullable(),
    attempt: z.int().min(1),
  }),
  z.strictObject({
    step: z.literal('consent'),
    text: z.string(),
    textVersion: z.string(),
    textSha256: Sha256,
  }),
  z.strictObject({ step: z.literal('contact'), person: PersonalData, documents: z.array(IdentityDocument) }),
  z.strictObject({
    step: z.literal('fingers'),
    position: FingerPosition,
    attempt: z.int().min(1),
    advice: Advice.nullable(),
    /** Quality of the image last taken of this finger, 0..100. */
    qualityScore: z.int().min(0).max(100).nullable(),
    /** Changes whenever `/api/finger.png` shows another image. */
    imageVersion: z.int().min(0),
    done: FingersDone,
    exceptions: FingerExceptions,
    remaining: z.array(FingerPosition),
  }),
  z.strictObject({
    step: z.literal('face'),
    advice: Advice.nullable(),
    /** Face in the preview, in shares of the frame's width and height (0..1). */
    outline: z
      .strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() })
      .nullable(),
    /** How far the window of good frames is filled, 0..1. */
    progress: z.number().min(0).max(1),
    /** What the applicant is asked to do to show that they are there; null while the portrait is taken. */
    challenge: Challenge.nullable(),
  }),
  z.strictObject({ step: z.literal('comparing') }),
  z.strictObject({
    step: z.literal('review'),
    person: PersonalData,
    documents: z.array(IdentityDocument),
    contact: z.strictObject({ mobile: z.string(), email: z.string().nullable() }),
    done: FingersDone,
    exceptions: FingerExceptions,
    /** Never a score: the applicant learns only whether an officer must look at the case. */
    officerNeeded: z.boolean(),
    expected: ExpectedDates,
  }),
  z.strictObject({ step: z.literal('submitting') }),
  z.strictObject({
    step: z.literal('receipt'),
    packetId: Uuid7,
    /** stored: safe on this kiosk; delivered: verified by the backend. */
    delivery: z.enum(['stored', 'delivered', 'accepted', 'rejected']),
    officerNeeded: z.boolean(),
    expected: ExpectedDates,
  }),
  z.strictObject({ step: z.literal('refused'), reason: RefusalReason, problem: DocumentProblem.nullable() }),
  z.strictObject({
    step: z.literal('ended'),
    reason: z.enum(['finished', 'cancelled', 'time_out', 'failed']),
  }),
]);

/** What the page shows, whole, at one moment. Sent on every change; a page needs no memory of the one before. */
export const ScreenView = z.strictObject({
  type: z.literal('vantay.view'),
  /** Null between visits. */
  visitId: Uuid7.nullable(),
  language: Language,
  view: StepView,
  officerCalled: z.boolean(),
  /** Seconds until the visit ends by itself; null while there is no hurry. */
  secondsLeft: z.int().min(0).nullable(),
  deviceProblems: z.array(
    z.strictObject({ role: z.enum(['finger_scanner', 'camera', 'document_reader']), code: z.string() }),
  ),
});
export type ScreenView = z.infer<typeof ScreenView>;
export type StepView = z.infer<typeof StepView>;

/** A Vietnamese mobile number in international form (procedure, rule 7). */
const MobileNumber = z
  .string()
  .regex(/^\+84[35789]\d{8}$/, 'a Vietnamese mobile number: +84 and nine digits');

/** One touch. Anything that does not fit the step of the moment is refused and changes nothing. */
export const ScreenInput = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start') }),
  z.strictObject({ type: z.literal('language'), language: Language }),
  z.strictObject({ type: z.literal('purpose'), purpose: z.enum(['register_level_2']) }),
  z.strictObject({ type: z.literal('consent'), accepted: z.boolean(), textSha256: Sha256 }),
  z.strictObject({ type: z.literal('contact'), mobile: MobileNumber, email: z.email().max(254).nullable() }),
  z.strictObject({
    type: z.literal('finger_exception'),
    position: FingerPosition,
    reason: FingerExceptionReason,
  }),
  z.strictObject({ type: z.literal('submit') }),
  z.strictObject({ type: z.literal('finish') }),
  z.strictObject({ type: z.literal('still_here') }),
  z.strictObject({ type: z.literal('cancel') }),
  z.strictObject({ type: z.literal('call_officer') }),
  z.strictObject({ type: z.literal('officer_done') }),
]);
export type ScreenInput = z.infer<typeof ScreenInput>;

/** Every error answer of the local API. */
export const ApiError = z.strictObject({ code: z.string(), message: z.string(), remedy: z.string() });
export type ApiError = z.infer<typeof ApiError>;
