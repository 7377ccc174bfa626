import { z } from 'zod';
import {
  CalendarDate,
  Challenge,
  FingerExceptionReason,
  FingerPosition,
  IdentityDocument,
  IntegratedData,
  Language,
  LockGround,
  PersonalData,
  Purpose,
  Relation,
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
  reason: z.enum([
    'unreadable',
    'check_digit',
    'expired',
    'wrong_document',
    'mismatch',
    'visa_only',
    'representative_too_young',
    'same_person',
  ]),
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
  'identity_not_confirmed',
  'outbox_full',
  'keys_unusable',
  'outbox_overdue',
  'disk_full',
]);
export type RefusalReason = z.infer<typeof RefusalReason>;

const ExpectedDates = z.strictObject({
  within3WorkingDays: CalendarDate.nullable(),
  within7WorkingDays: CalendarDate.nullable(),
  accountDecision: CalendarDate.nullable(),
  provisional: z.boolean(),
});

const FingersDone = z.array(
  z.strictObject({ position: FingerPosition, qualityScore: z.int().min(0).max(100) }),
);
const FingerExceptions = z.array(z.strictObject({ position: FingerPosition, reason: FingerExceptionReason }));

/** A Vietnamese mobile number in international form (procedure, rule 7). */
const MobileNumber = z
  .string()
  .regex(/^\+84[35789]\d{8}$/, 'a Vietnamese mobile number: +84 and nine digits');
const Contact = z.strictObject({ mobile: MobileNumber, email: z.email().max(254).nullable() });

/** How a visitor wants the page: gone with the visit. */
export const Comfort = z.strictObject({
  /** Size of everything written, in percent. */
  textPercent: z.union([z.literal(100), z.literal(150), z.literal(200)]),
  highContrast: z.boolean(),
  readAloud: z.boolean(),
});
export type Comfort = z.infer<typeof Comfort>;

const WantedDocument = z.enum(['travel_document', 'residence_card', 'representative_document']);

const StepView = z.discriminatedUnion('step', [
  z.strictObject({ step: z.literal('idle') }),
  z.strictObject({ step: z.literal('language'), languages: z.array(Language) }),
  z.strictObject({ step: z.literal('purpose') }),
  z.strictObject({ step: z.literal('bring') }),
  z.strictObject({ step: z.literal('ground'), grounds: z.array(LockGround) }),
  z.strictObject({
    step: z.literal('documents'),
    wanted: WantedDocument,
    problem: DocumentProblem.nullable(),
    attempt: z.int().min(1),
    /** The code of an appointment has been read; the page is not told which. */
    appointmentRead: z.boolean(),
  }),
  z.strictObject({ step: z.literal('relation') }),
  z.strictObject({
    step: z.literal('consent'),
    text: z.string(),
    textVersion: z.string(),
    textSha256: Sha256,
  }),
  z.strictObject({
    step: z.literal('contact'),
    person: PersonalData,
    documents: z.array(IdentityDocument),
    /** What was entered before; null at first. */
    contact: Contact.nullable(),
    numberOf: z.enum(['applicant', 'representative']),
  }),
  z.strictObject({
    step: z.literal('sim'),
    /** Text message that tells whose name the SIM is registered in, and where it goes; the kiosk never sends it. */
    message: z.string(),
    number: z.string(),
  }),
  z.strictObject({ step: z.literal('integrate'), chosen: z.array(IntegratedData) }),
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
    representative: PersonalData.nullable(),
    ground: LockGround.nullable(),
    contact: Contact.nullable(),
    integrate: z.array(IntegratedData),
    done: FingersDone,
    exceptions: FingerExceptions,
    /** Never a score: the applicant learns only whether an officer must look at the case. */
    officerNeeded: z.boolean(),
    /** The officer decides before anything is submitted. */
    awaitsOfficer: z.boolean(),
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
    /** Day the applicant handed it in, in Vietnam. */
    handedIn: CalendarDate,
    /** none: this kiosk has no printer. */
    slip: z.enum(['none', 'offered', 'printing', 'printed', 'failed']),
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
  purpose: Purpose,
  comfort: Comfort,
  /** Whether there is a step to go back to. */
  canGoBack: z.boolean(),
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

/** One touch. Anything that does not fit the step of the moment is refused and changes nothing. */
export const ScreenInput = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('start') }),
  z.strictObject({ type: z.literal('language'), language: Language }),
  z.strictObject({ type: z.literal('purpose'), purpose: Purpose }),
  /** Everything needed is at hand; `represented` when somebody acts for a child or ward. */
  z.strictObject({ type: z.literal('ready'), represented: z.boolean() }),
  z.strictObject({ type: z.literal('ground'), ground: LockGround }),
  /** Null when nobody came along. */
  z.strictObject({ type: z.literal('relation'), relation: Relation.nullable() }),
  z.strictObject({ type: z.literal('consent'), accepted: z.boolean(), textSha256: Sha256 }),
  z.strictObject({ type: z.literal('contact'), ...Contact.shape }),
  z.strictObject({ type: z.literal('sim'), confirmed: z.boolean() }),
  z.strictObject({ type: z.literal('integrate'), data: z.array(IntegratedData).max(5) }),
  z.strictObject({
    type: z.literal('finger_exception'),
    position: FingerPosition,
    reason: FingerExceptionReason,
  }),
  z.strictObject({ type: z.literal('submit') }),
  z.strictObject({ type: z.literal('print') }),
  z.strictObject({ type: z.literal('finish') }),
  /** To the step before; what was taken in the step that is left is forgotten. */
  z.strictObject({ type: z.literal('back') }),
  /** From the beginning, in the same language; everything else is forgotten. */
  z.strictObject({ type: z.literal('restart') }),
  z.strictObject({ type: z.literal('comfort'), ...Comfort.shape }),
  z.strictObject({ type: z.literal('still_here') }),
  z.strictObject({ type: z.literal('cancel') }),
  z.strictObject({ type: z.literal('call_officer') }),
  z.strictObject({ type: z.literal('officer_done') }),
]);
export type ScreenInput = z.infer<typeof ScreenInput>;

/** Every error answer of the local API. */
export const ApiError = z.strictObject({ code: z.string(), message: z.string(), remedy: z.string() });
export type ApiError = z.infer<typeof ApiError>;
