import { z } from 'zod';
import { AuditHead } from './audit.ts';
import {
  AppointmentCode,
  CalendarDate,
  Challenge,
  FingerExceptionReason,
  FingerPosition,
  IdentityDocument,
  InjectionSign,
  IntegratedData,
  Language,
  LivenessMode,
  LockGround,
  Modality,
  OfficerNumber,
  PersonalData,
  Purpose,
  Relation,
  SCHEMA_VERSION,
  Sha256,
  TopicName,
  UtcTime,
  Uuid7,
} from './common.ts';

/** One encrypted part of a sealed message: raw AES-256-GCM under the message's content key (see agent/packet/README.md). */
export const SealedBlob = z.strictObject({
  /** Unique within the message; part of the associated data. */
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/),
  /** Media type of the clear bytes. */
  mediaType: z.string(),
  /** Length of the clear bytes; the sealed blob is 16 bytes longer (the GCM tag). */
  bytes: z.int().min(0),
  /** SHA-256 of the clear bytes. */
  sha256: Sha256,
  /** 96-bit nonce, base64url. */
  nonce: z.string().regex(/^[A-Za-z0-9_-]{16}$/),
});
export type SealedBlob = z.infer<typeof SealedBlob>;

/** 256-bit content key, base64url; travels only inside the encrypted manifest. */
export const ContentKey = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** A quality score with the algorithm that gave it: a number without its source means nothing to a reader. */
export const Quality = z.strictObject({
  algorithm: z.string(),
  version: z.string(),
  score: z.int().min(0).max(100),
  components: z.record(z.string(), z.number()),
});
export type Quality = z.infer<typeof Quality>;

const DeviceRef = z.strictObject({
  driver: z.string(),
  model: z.string(),
  serial: z.string(),
  /** L0: the sample is trusted as far as this kiosk's software is; L1: signed inside the device. */
  trust: z.enum(['L0', 'L1']),
});

const FingerSample = z.strictObject({
  modality: z.literal('finger'),
  position: FingerPosition,
  /** Name of the blob with the ISO/IEC 19794-4:2011 record. */
  image: z.string(),
  /** Name of the blob with the ISO/IEC 19794-2:2011 record; null where no minutia was found. */
  minutiae: z.string().nullable(),
  quality: Quality,
  /** Attempts the applicant needed, this one included. */
  attempts: z.int().min(1),
  device: DeviceRef,
});

/** Presentation attack detection (ISO/IEC 30107): evidence only unless mode is 'enforce'. Unknown is null, never 0. */
export const Pad = z.strictObject({
  mode: LivenessMode,
  /** Product of the evidence, 0..1; not calibrated: no error rate is claimed for any value. */
  score: z.number().min(0).max(1).nullable(),
  /** The challenge that was asked last; null in mode 'off'. */
  challenge: Challenge.nullable(),
  /** Whether the challenge was met and the passive networks reached their threshold; null in mode 'off'. */
  passed: z.boolean().nullable(),
  /** Parts of the score, 0..1 each. */
  evidence: z.record(z.string(), z.number().min(0).max(1)),
  /** What passive networks said, where the operator has provisioned some. */
  passive: z.array(
    z.strictObject({
      /** As among the models of the decision. */
      model: z.string(),
      /** Median over the frames, 0 (an attack) .. 1 (a living face). */
      score: z.number().min(0).max(1),
      frames: z.int().min(1),
    }),
  ),
  /** Least mean of the passive scores that the operator accepts; null where they are evidence alone. */
  passiveThreshold: z.number().min(0).max(1).nullable(),
  /** From asking to the answer or to giving up, in milliseconds. */
  durationMs: z.int().min(0).nullable(),
  injection: z.array(InjectionSign),
});
export type Pad = z.infer<typeof Pad>;

const FaceSample = z.strictObject({
  modality: z.literal('face'),
  /** Name of the blob with the ISO/IEC 19794-5:2011 record. */
  image: z.string(),
  quality: Quality,
  attempts: z.int().min(1),
  device: DeviceRef,
  pad: Pad,
});

const FingerException = z.strictObject({ position: FingerPosition, reason: FingerExceptionReason });

/** One modality's comparison: an unknown score is null, never 0. */
const ModalityResult = z.strictObject({
  outcome: z.enum(['match', 'no_match', 'inconclusive', 'not_compared']),
  score: z.number().nullable(),
  /** Score at or above which it is a match, from the model card at `fmr`. */
  threshold: z.number().nullable(),
  /** False match rate the threshold claims, 0..1. */
  fmr: z.number().nullable(),
});

export const Decision = z.strictObject({
  outcome: z.enum(['match', 'no_match', 'inconclusive', 'no_record']),
  /** Why, as a stable word for the officer. */
  reason: z.string(),
  face: ModalityResult,
  finger: ModalityResult,
  /**
   * Log-likelihood ratio of all that was compared, in decades: 4 says that it is ten thousand times likelier for the person of the
   * record than for somebody else. Samples too poor to match speak for, never against. Null where nothing was compared, fingers were
   * swapped or a score has no calibration.
   */
  llr: z.number().nullable(),
  /** Per finger that was compared. */
  fingers: z.array(
    z.strictObject({
      position: FingerPosition,
      score: z.number().nullable(),
      /** What compared it, as among `models`: by the descriptors of an image, or by minutiae alone. Scores of two have two scales. */
      model: z.string(),
      /** Finger of the record that this one matches instead of its own; null where it matches no other. */
      matchesInstead: FingerPosition.nullable(),
    }),
  ),
  models: z.array(z.strictObject({ id: z.string(), version: z.string(), sha256: Sha256 })),
});
export type Decision = z.infer<typeof Decision>;

/** What an officer decided otherwise than the kiosk would have; the reason is a code, never free text. */
export const OfficerOverride = z.strictObject({
  /** What was overridden. */
  step: z.enum(['document', 'finger', 'face', 'liveness', 'decision']),
  /** Finger concerned; null where the step has none. */
  position: FingerPosition.nullable(),
  reason: z.enum([
    'document_read_by_eye',
    'finger_unusable',
    'quality_accepted',
    'face_covered_for_cause',
    'identity_confirmed_in_person',
    'device_defective',
  ]),
  officer: OfficerNumber,
  /** Another officer who agreed, where the office's policy asks for one. */
  secondOfficer: OfficerNumber.nullable(),
  at: UtcTime,
});
export type OfficerOverride = z.infer<typeof OfficerOverride>;

/** Where and when a message that must arrive was made: the same in each that goes through the outbox. */
export const Origin = z.strictObject({
  /** What chunks and receipts speak of. */
  packetId: Uuid7,
  office: TopicName,
  kiosk: TopicName,
  /** Starts of the agent on this kiosk, monotonic over its life. */
  boot: z.int().min(1),
  /** Packets of this kiosk, monotonic over its life; receivers order by this, never by time. */
  sequence: z.int().min(1),
  createdAt: UtcTime,
  /** Whether the kiosk's clock was known to be right when the packet was made. */
  clock: z.enum(['synchronised', 'unknown']),
  agentVersion: z.string(),
  /** Head of the kiosk's audit chain when the packet was made. */
  audit: AuditHead,
});

/** What the signature covers; the whole of a visit except the blobs' bytes, which it binds by hash. */
export const PacketManifest = z.strictObject({
  type: z.literal('vantay.packet'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  ...Origin.shape,
  purpose: Purpose,
  /** Why the account was locked, as the holder says; null unless it is to be unlocked. */
  ground: LockGround.nullable(),
  applicant: PersonalData,
  documents: z.array(IdentityDocument).min(1),
  /** Bar code that was read beside the documents, not checked; null where none was. No rule depends on it. */
  appointment: AppointmentCode.nullable(),
  /** Who gave the consent for a child or ward, and whose number `contact` then holds; null for one's own affairs. */
  representative: z
    .strictObject({ relation: Relation, person: PersonalData, document: IdentityDocument })
    .nullable(),
  /** Form TK01; null where only an account is locked or unlocked. */
  contact: z
    .strictObject({
      mobile: z.string(),
      email: z.string().nullable(),
      numberOf: z.enum(['applicant', 'representative']),
      /** Who confirmed in whose name the SIM is registered; null when nobody did. */
      simConfirmedBy: z.enum(['applicant', 'officer']).nullable(),
      integrate: z.array(IntegratedData),
    })
    .nullable(),
  consent: z.strictObject({
    textVersion: z.string(),
    language: Language,
    textSha256: Sha256,
    givenAt: UtcTime,
  }),
  samples: z.array(z.discriminatedUnion('modality', [FingerSample, FaceSample])),
  exceptions: z.array(FingerException),
  /** Empty where no officer stepped in. */
  overrides: z.array(OfficerOverride),
  lookup: z.strictObject({
    state: z.enum(['found', 'not_found', 'several', 'locked', 'unavailable']),
    /** Which modalities the immigration database holds; null while unknown. Decides 3 or 7 working days. */
    onFile: z.strictObject({ face: z.boolean(), finger: z.boolean() }).nullable(),
    /** Who said so: the registry itself, or what the kiosk keeps of it; null where nobody did. */
    source: z.enum(['registry', 'kept']).nullable(),
  }),
  decision: Decision,
  /** A search for others than the claimed record; null where none was due. */
  identification: z
    .discriminatedUnion('state', [
      z.strictObject({
        state: z.literal('searched'),
        /** Among the records that the kiosk keeps, or those of the office's record server. */
        place: z.enum(['kiosk', 'office']),
        searched: z.int().min(0),
        /** What was searched with: one alone where the other was not taken, or could not be searched in time. */
        modalities: z.array(Modality).min(1),
        /** False positive identification rate that candidates keep to, 0..1 (ISO/IEC 19795-1). */
        fpirAsked: z.number().min(0).max(1),
        candidates: z.array(
          z.strictObject({
            recordId: z.string(),
            /** How often a search for somebody who is not there gives a candidate as good as this one. */
            fpir: z.number().min(0).max(1),
            face: ModalityResult.shape.outcome,
            finger: ModalityResult.shape.outcome,
          }),
        ),
      }),
      /** Due, but nobody who could search answered: the decision is of the 1:1 comparison alone. */
      z.strictObject({ state: z.literal('not_searched') }),
    ])
    .nullable(),
  /** Dates promised to the applicant; both while the lookup was not answered. */
  expected: z.strictObject({
    within3WorkingDays: CalendarDate.nullable(),
    within7WorkingDays: CalendarDate.nullable(),
    /** Latest decision about a lock or unlock; null for a registration. */
    accountDecision: CalendarDate.nullable(),
    provisional: z.boolean(),
  }),
  contentKey: ContentKey,
  blobs: z.array(SealedBlob),
});
export type PacketManifest = z.infer<typeof PacketManifest>;

/** The backend's signed word on a packet (payload of a JWS). */
export const Receipt = z.strictObject({
  type: z.literal('vantay.receipt'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  packetId: Uuid7,
  office: TopicName,
  kiosk: TopicName,
  /**
   * SHA-256 of the manifest's JWS as sealed: the receipt speaks of exactly that content. Null only with 'resend' and
   * 'rejected', when the container could not be opened.
   */
  manifestSha256: Sha256.nullable(),
  state: z.enum(['received', 'verified', 'accepted', 'rejected', 'resend', 'recapture']),
  /** Stable code with 'rejected' and 'recapture'. */
  code: z.string().nullable(),
  /** Chunk indices wanted again, with 'resend'. */
  chunks: z.array(z.int().min(0)).nullable(),
  /** What is to be captured again, with 'recapture'. */
  modality: Modality.optional(),
  issuedAt: UtcTime,
});
export type Receipt = z.infer<typeof Receipt>;
