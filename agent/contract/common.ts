import { z } from 'zod';
import { FINGER_POSITIONS } from './positions.ts';

/** Version of every message this agent writes. A reader refuses any other (no silent downgrade). */
export const SCHEMA_VERSION = 1;

export const Modality = z.enum(['face', 'finger']);
export type Modality = z.infer<typeof Modality>;

export const FingerPosition = z.enum(FINGER_POSITIONS);
export type FingerPosition = z.infer<typeof FingerPosition>;

/** Why a finger could not be taken. */
export const FingerExceptionReason = z.enum(['missing', 'injured', 'unreadable']);
export type FingerExceptionReason = z.infer<typeof FingerExceptionReason>;

export const Language = z.enum(['vi', 'en', 'zh', 'ko', 'ja', 'ru']);
export type Language = z.infer<typeof Language>;

/** What a visitor comes for (procedure, rules 4 and 17). */
export const Purpose = z.enum(['register_level_2', 'lock', 'unlock']);
export type Purpose = z.infer<typeof Purpose>;

/** Why an account is or was locked (Decree 69/2024, Art. 15), as far as the holder can say it. */
export const LockGround = z.enum(['holder_request', 'travel_document_expired', 'residence_ended']);
export type LockGround = z.infer<typeof LockGround>;

/** What the person who came along is to the applicant (Decree 69/2024, Art. 11 and 14). */
export const Relation = z.enum(['parent', 'guardian']);
export type Relation = z.infer<typeof Relation>;

/** What the applicant wants to see in VNeID (form TK01). */
export const IntegratedData = z.enum([
  'driving_licence',
  'vehicle_registration',
  'health_insurance',
  'social_insurance',
  'tax_code',
]);
export type IntegratedData = z.infer<typeof IntegratedData>;

/** What an applicant is asked to do before the camera; left and right are the applicant's own. */
export const Challenge = z.enum(['turn_left', 'turn_right', 'blink', 'come_closer']);
export type Challenge = z.infer<typeof Challenge>;

/** What is made of liveness: nothing, a record in the packet, or a condition of a match. */
export const LivenessMode = z.enum(['off', 'record', 'enforce']);
export type LivenessMode = z.infer<typeof LivenessMode>;

/** Signs that frames were put in the place of the camera's. */
export const InjectionSign = z.enum([
  'repeated_frame',
  'frozen_stream',
  'looping_stream',
  'device_changed',
  'virtual_camera',
]);
export type InjectionSign = z.infer<typeof InjectionSign>;

/** Lower-case hex SHA-256. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** Time as RFC 3339 in UTC with milliseconds. Never used for ordering: see `sequence`. */
export const UtcTime = z.iso.datetime();
/** Calendar date, YYYY-MM-DD. */
export const CalendarDate = z.iso.date();
/** UUID version 7 (RFC 9562): sortable, made once per packet. */
export const Uuid7 = z.uuidv7();
/** Name of an office or a kiosk as it stands in topics. */
export const TopicName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens');

/** State or nationality as in a machine-readable zone (ICAO Doc 9303 part 3, section 5), fillers left out: 'FRA', 'D'. */
export const StateCode = z.string().regex(/^[A-Z]{1,3}$/);

const Sex = z.enum(['female', 'male', 'unspecified']);

/** One identity document as its machine-readable zone gave it (ICAO Doc 9303). */
export const IdentityDocument = z.strictObject({
  kind: z.enum([
    'travel_document',
    'temporary_residence_card',
    'permanent_residence_card',
    /** Of a Vietnamese citizen who acts for an applicant; its number is the one of twelve digits. */
    'identity_card',
  ]),
  number: z.string().min(1).max(20),
  issuer: StateCode,
  expires: CalendarDate,
});
export type IdentityDocument = z.infer<typeof IdentityDocument>;

/**
 * Code of an appointment, as a bar code of an invitation holds it. What it means, and whether it is one, only whoever gave
 * it can tell.
 */
export const AppointmentCode = z.string().regex(/^[A-Za-z0-9./-]{4,64}$/);

export const PersonalData = z.strictObject({
  surname: z.string().min(1).max(60),
  givenNames: z.string().max(60),
  birthDate: CalendarDate,
  sex: Sex,
  nationality: StateCode,
});
export type PersonalData = z.infer<typeof PersonalData>;

/** An officer's number at the office, never a name. */
export const OfficerNumber = z.string().regex(/^[A-Za-z0-9-]{1,32}$/);
