import { z } from 'zod';
import {
  CalendarDate,
  FingerPosition,
  Modality,
  PersonalData,
  SCHEMA_VERSION,
  StateCode,
  TopicName,
  UtcTime,
  Uuid7,
} from './common.ts';
import { ContentKey, SealedBlob } from './packet.ts';

/** Public P-256 key (RFC 7517) of this one request: made for it, forgotten with its answer. */
export const AnswerKey = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  y: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
export type AnswerKey = z.infer<typeof AnswerKey>;

/** Asks for the immigration record behind a claimed identity. Travels sealed, without blobs. */
export const RecordRequest = z.strictObject({
  type: z.literal('vantay.record-request'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  requestId: Uuid7,
  office: TopicName,
  kiosk: TopicName,
  createdAt: UtcTime,
  claim: z.strictObject({
    nationality: StateCode,
    travelDocumentNumber: z.string().min(1).max(20),
    birthDate: CalendarDate,
    residenceCardNumber: z.string().min(1).max(20).nullable(),
  }),
  /** The answer is sealed to this key; the kiosk's signature on the request vouches for it. */
  answerKey: AnswerKey,
  contentKey: ContentKey,
  blobs: z.array(SealedBlob).length(0),
});
export type RecordRequest = z.infer<typeof RecordRequest>;

/**
 * One reference sample of a record. Its blob is a picture (JPEG, PNG, JPEG 2000) or an image record of ISO/IEC 19794-4:2011
 * or 19794-5:2011 around one, or a minutiae record of 19794-2:2005 or 2011 with any number of prints. Minutiae of a finger count only where no
 * image of it is there.
 */
export const RecordReference = z.strictObject({
  modality: Modality,
  /** Null for a face. Of a minutiae record, that of prints which do not name theirs; null where all do. */
  position: FingerPosition.nullable(),
  blob: z.string(),
  /** Resolution in pixels per inch; null where it does not matter (face). */
  ppi: z.number().min(200).max(2000).nullable(),
});

/** The registry's signed, encrypted answer; the references are its blobs. */
export const RecordAnswer = z.strictObject({
  type: z.literal('vantay.record-answer'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  requestId: Uuid7,
  office: TopicName,
  kiosk: TopicName,
  createdAt: UtcTime,
  state: z.enum(['found', 'not_found', 'several', 'locked']),
  record: z
    .strictObject({
      recordId: z.string(),
      person: PersonalData,
      onFile: z.strictObject({ face: z.boolean(), finger: z.boolean() }),
      references: z.array(RecordReference),
    })
    .nullable(),
  contentKey: ContentKey,
  blobs: z.array(SealedBlob),
});
export type RecordAnswer = z.infer<typeof RecordAnswer>;
