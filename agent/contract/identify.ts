import { z } from 'zod';
import {
  FingerPosition,
  Modality,
  PersonalData,
  SCHEMA_VERSION,
  TopicName,
  UtcTime,
  Uuid7,
} from './common.ts';
import { ContentKey, Decision, SealedBlob } from './packet.ts';
import { AnswerKey } from './record.ts';

/** Media type of a face's embedding: 32-bit floats, little-endian. */
export const EMBEDDING_MEDIA_TYPE = 'application/vnd.vantay.embedding';
/** Media type of a finger's template (models/finger/template.ts). */
export const FINGER_TEMPLATE_MEDIA_TYPE = 'application/vnd.vantay.finger-template';

/** Most candidates of one answer. */
const MAX_CANDIDATES = 100;

/** Asks the office's record server who somebody may be. Its blobs are templates, never images; nobody's name is in it. */
export const IdentifyRequest = z.strictObject({
  type: z.literal('vantay.identify-request'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  requestId: Uuid7,
  office: TopicName,
  kiosk: TopicName,
  createdAt: UtcTime,
  /** Blob with the face's embedding; null without a face. */
  face: z.string().nullable(),
  /** Blobs with a template a finger. */
  fingers: z.array(z.strictObject({ position: FingerPosition, blob: z.string() })),
  /** What made the templates: those of other models do not compare. */
  models: Decision.shape.models,
  /** Most candidates that the kiosk compares. */
  wanted: z.int().min(1).max(MAX_CANDIDATES),
  /** The answer is sealed to this key; the kiosk's signature on the request vouches for it. */
  answerKey: AnswerKey,
  contentKey: ContentKey,
  blobs: z.array(SealedBlob),
});
export type IdentifyRequest = z.infer<typeof IdentifyRequest>;

/** A record that the templates may be of, with its own, so that the kiosk compares 1:1 itself. */
const FoundRecord = z.strictObject({
  recordId: z.string().min(1).max(128),
  person: PersonalData,
  travelDocumentNumber: z.string().min(1).max(20),
  residenceCardNumber: z.string().min(1).max(20).nullable(),
  /** What brought it forward, as the server counts: higher is likelier. Null where that played no part. */
  scores: z.strictObject({ face: z.number().nullable(), finger: z.number().nullable() }),
  /** Blobs with its templates, of the models that the request names. */
  references: z.array(
    z.strictObject({
      modality: Modality,
      /** Null for a face. */
      position: FingerPosition.nullable(),
      blob: z.string(),
    }),
  ),
  /** Blob with a JPEG for an officer's eyes; null where there is none. */
  portrait: z.string().nullable(),
});

/** The record server's signed answer, sealed to the asking request. */
export const IdentifyAnswer = z.strictObject({
  type: z.literal('vantay.identify-answer'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  requestId: Uuid7,
  office: TopicName,
  kiosk: TopicName,
  createdAt: UtcTime,
  /** other_models: the server's templates are of others than the kiosk's, so nothing was searched. */
  state: z.enum(['searched', 'other_models']),
  /** Records that were searched. */
  searched: z.int().min(0),
  /** What of the request they were searched with. */
  modalities: z.array(Modality),
  /** Likeliest first. */
  candidates: z.array(FoundRecord).max(MAX_CANDIDATES),
  contentKey: ContentKey,
  blobs: z.array(SealedBlob),
});
export type IdentifyAnswer = z.infer<typeof IdentifyAnswer>;
