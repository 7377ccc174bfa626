import { z } from 'zod';
import { AccountForm, AccountRequest } from './account-request.ts';
import {
  CalendarDate,
  FingerExceptionReason,
  FingerPosition,
  OfficerNumber,
  PersonalData,
  Uuid7,
} from './common.ts';
import { Decision, OfficerOverride, Pad } from './packet.ts';
import { ScreenView } from './screen.ts';
import { DeviceState } from './uplink.ts';

/** A supervisor does what an officer does, hands in agencies' requests, and puts packets that were set aside back into the queue. */
export const Role = z.enum(['officer', 'supervisor']);
export type Role = z.infer<typeof Role>;

/** One passkey, as WebAuthn registered it; nothing of it is secret. */
const Passkey = z.strictObject({
  /** Credential id, base64url. */
  id: z.string(),
  /** COSE public key, base64url. */
  publicKey: z.string(),
  /** Signature counter of the authenticator; 0 where it has none. */
  counter: z.int().min(0),
});
export type Passkey = z.infer<typeof Passkey>;

/** Who may sign in at the console. A number, never a name. */
const Account = z.strictObject({
  officer: OfficerNumber,
  role: Role,
  passkeys: z.array(Passkey),
  /** Lets one passkey be registered; null once it was used. */
  invitation: z.strictObject({ sha256: z.string(), expiresAtMs: z.number() }).nullable(),
});
export type Account = z.infer<typeof Account>;

/** The file of accounts in the state folder. */
export const Accounts = z.array(Account);

/** What a browser says of a passkey: looked into by the library that verifies it. */
const Credential = z.looseObject({ id: z.string().max(1024), response: z.looseObject({}) });

/** Who somebody is, and what shows it. */
export const Proof = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('passkey'), credential: Credential }),
  /** For development: refused unless the configuration has PINs. */
  z.strictObject({ kind: z.literal('pin'), officer: OfficerNumber, pin: z.string().max(64) }),
  /** The first passkey of an officer, against an invitation. */
  z.strictObject({
    kind: z.literal('invitation'),
    officer: OfficerNumber,
    code: z.string().max(64),
    credential: Credential,
  }),
]);
export type Proof = z.infer<typeof Proof>;

/** For whom options of a registration are asked. */
export const Invited = z.strictObject({ officer: OfficerNumber, code: z.string().max(64) });

/** Who is signed in; what the page of an officer knows of it. */
export const SignedIn = z.strictObject({
  officer: OfficerNumber,
  role: Role,
  /** Goes into the header of each request that changes something. */
  token: z.string(),
});
export type SignedIn = z.infer<typeof SignedIn>;

const Reason = OfficerOverride.shape.reason;

/** What an officer does. `visitId` says which visit was seen: of another one nothing is done. */
export const OfficerAction = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('answer_call'), visitId: Uuid7 }),
  z.strictObject({ type: z.literal('end_visit'), visitId: Uuid7 }),
  /** A finger that cannot be taken, as the officer sees it. */
  z.strictObject({
    type: z.literal('except_finger'),
    visitId: Uuid7,
    position: FingerPosition,
    exception: FingerExceptionReason,
    reason: Reason.extract(['finger_unusable', 'device_defective']),
  }),
  /** Takes one finger, or with null the portrait, once more. */
  z.strictObject({ type: z.literal('recapture'), visitId: Uuid7, position: FingerPosition.nullable() }),
  /** The person is who they claim to be, whatever the machine says. */
  z.strictObject({
    type: z.literal('confirm_identity'),
    visitId: Uuid7,
    reason: Reason.extract([
      'identity_confirmed_in_person',
      'face_covered_for_cause',
      'quality_accepted',
      'device_defective',
    ]),
    /** Of another officer, where the policy asks for one. */
    second: Proof.nullable(),
  }),
  /** The authority decides. */
  z.strictObject({ type: z.literal('forward'), visitId: Uuid7 }),
  /** The person is not who they claim to be. */
  z.strictObject({ type: z.literal('refuse_identity'), visitId: Uuid7 }),
  z.strictObject({ type: z.literal('retry_packet'), packetId: Uuid7 }),
  /** What an agency asks on paper; supervisors only. */
  z.strictObject({ type: z.literal('request_account'), form: AccountForm }),
]);
export type OfficerAction = z.infer<typeof OfficerAction>;

/** What waits for an officer, most urgent first. Message keys are `need.<kind>`. */
const Need = z.strictObject({
  kind: z.enum(['case', 'call', 'device', 'packets', 'full']),
  /** Device or limit concerned; null where the kind says it all. */
  word: z.string().nullable(),
  /** Seconds it has waited; null where that is not known. */
  seconds: z.int().min(0).nullable(),
});
export type Need = z.infer<typeof Need>;

/** Another record that the applicant may be the owner of: shown to officers, and to nobody else. */
const CandidateView = z.strictObject({
  recordId: z.string(),
  person: PersonalData,
  travelDocumentNumber: z.string(),
  residenceCardNumber: z.string().nullable(),
  face: Decision.shape.face.shape.outcome,
  finger: Decision.shape.finger.shape.outcome,
  /** How often a search for somebody who is not there gives a candidate as good as this one, 0..1. */
  fpir: z.number(),
  /** Its picture can be asked for at `/officer/api/face/candidate.jpg?index=`. */
  picture: z.boolean(),
});

/** What the machine cannot decide, with all it knows. */
const OpenCase = z.strictObject({
  decision: Decision,
  pad: Pad,
  /** Pictures that can be asked for at `/officer/api/face/<which>.jpg`. */
  faces: z.strictObject({ taken: z.boolean(), record: z.boolean() }),
  /**
   * Whether others than the claimed record were searched for, by face and fingers or by one of them alone; not_searched:
   * that was due, and nobody who could do it answered.
   */
  search: z.enum(['searched', 'face_only', 'finger_only', 'not_searched', 'not_due']),
  /** Likeliest first. */
  candidates: z.array(CandidateView),
  secondOfficer: z.boolean(),
});

/** What the console shows, whole, at one moment. */
export const OfficerView = z.strictObject({
  type: z.literal('vantay.officer-view'),
  kiosk: z.string(),
  office: z.string(),
  needs: z.array(Need),
  /** What the applicant sees. */
  screen: ScreenView,
  /** Decided by nobody yet; null where no officer is needed. */
  openCase: OpenCase.nullable(),
  /** What the officers of this visit decided otherwise. */
  overrides: z.array(OfficerOverride),
  allowed: z.array(z.enum(['answer_call', 'end_visit', 'except_finger', 'recapture', 'decide', 'forward'])),
  devices: z.array(DeviceState),
  /** Latest day of the decision about an agency's request that is handed in now. */
  accountDecision: AccountRequest.shape.expected,
  /** Sign-in by PIN is possible: development only. */
  pins: z.boolean(),
});
export type OfficerView = z.infer<typeof OfficerView>;

/** Packets that are not delivered, oldest first, the newest of them left out where there are too many. */
export const OutboxPage = z.strictObject({
  packets: z.int().min(0),
  bytes: z.int().min(0),
  full: z.string().nullable(),
  rows: z.array(
    z.strictObject({
      packetId: Uuid7,
      sequence: z.int(),
      state: z.string(),
      bytes: z.int(),
      attempts: z.int(),
      acceptedAtMs: z.number(),
      code: z.string().nullable(),
    }),
  ),
});
export type OutboxPage = z.infer<typeof OutboxPage>;

/** What happened at this kiosk on one day in Vietnam, read from the audit chain. */
export const Figures = z.strictObject({
  date: CalendarDate,
  visits: z.int().min(0),
  /** How visits ended: step or reason -> count. */
  endings: z.record(z.string(), z.int()),
  /** What the machine decided: outcome -> count. */
  outcomes: z.record(z.string(), z.int()),
  /** Median from begin to end of visits that reached a receipt, seconds; null without one. */
  medianSeconds: z.number().nullable(),
  /** Captures beyond the first of each finger and portrait, of visits that were compared. */
  retries: z.int().min(0),
  compared: z.int().min(0),
  officers: z.array(
    z.strictObject({
      officer: OfficerNumber,
      /** Cases decided, forwarded and refused ones included. */
      cases: z.int(),
      /** Of these, what the officer decided otherwise than the machine. */
      overrides: z.int(),
    }),
  ),
});
export type Figures = z.infer<typeof Figures>;

/** Entries of the audit chain, newest first. */
export const AuditPage = z.strictObject({
  entries: z.array(
    z.strictObject({
      index: z.int(),
      at: z.string(),
      event: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
    }),
  ),
  /** Give it as `before` for the page after this one; null when there is none. */
  before: z.int().nullable(),
});
export type AuditPage = z.infer<typeof AuditPage>;

/** Which of the candidates is to be seen. */
export const CandidateQuery = z.object({ index: z.coerce.number().int().min(0).max(99) });

/** What the audit chain is searched for. */
export const AuditQuery = z.strictObject({
  text: z.string().max(80).default(''),
  before: z.coerce.number().int().min(1).optional(),
});
