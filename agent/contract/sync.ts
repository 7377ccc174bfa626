import { z } from 'zod';
import { PersonalData, SCHEMA_VERSION, Sha256, TopicName, UtcTime, Uuid7 } from './common.ts';
import { ContentKey, SealedBlob } from './packet.ts';
import { AnswerKey, RecordReference } from './record.ts';

/** Names the registry's log of changes, and keys the hash tree over its records: 32 bytes, base64url. */
const Epoch = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** Asks for the next changes of the records that this kiosk keeps. Travels sealed, without blobs. */
export const SyncRequest = z.strictObject({
  type: z.literal('vantay.sync-request'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  requestId: Uuid7,
  office: TopicName,
  kiosk: TopicName,
  createdAt: UtcTime,
  /** What this kiosk has: all changes of that log up to that version. Null: nothing. */
  have: z.strictObject({ epoch: Epoch, version: z.int().min(0) }).nullable(),
  /** The answer is sealed to this key; the kiosk's signature on the request vouches for it. */
  answerKey: AnswerKey,
  contentKey: ContentKey,
  blobs: z.array(SealedBlob).length(0),
});
export type SyncRequest = z.infer<typeof SyncRequest>;

/** A record as a kiosk may keep it; its references are blobs of the message. */
const SyncedRecord = z.strictObject({
  person: PersonalData,
  travelDocumentNumber: z.string().min(1).max(20),
  residenceCardNumber: z.string().min(1).max(20).nullable(),
  onFile: z.strictObject({ face: z.boolean(), finger: z.boolean() }),
  references: z.array(RecordReference),
});

/** The last change of one record. `version` counts all changes of the log, so a record's says when it changed. */
export const RecordChange = z.strictObject({
  recordId: z.string().min(1).max(128),
  version: z.int().min(1),
  state: z.enum(['found', 'locked', 'revoked']),
  /** From when on a kiosk must not use it; null for as long as the registry leaves it there. */
  expiresAt: UtcTime.nullable(),
  /** Null with 'revoked'. */
  record: SyncedRecord.nullable(),
});
export type RecordChange = z.infer<typeof RecordChange>;

/** A page of changes, in the order of their versions. Signed by the registry, sealed to the asking kiosk. */
export const SyncAnswer = z.strictObject({
  type: z.literal('vantay.sync-answer'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  requestId: Uuid7,
  office: TopicName,
  kiosk: TopicName,
  createdAt: UtcTime,
  /** Another one than the kiosk has: it lets go of everything, and begins with this page. */
  epoch: Epoch,
  /** Version that the changes follow on: what the kiosk has, or 0 in another epoch. */
  from: z.int().min(0),
  /** What the kiosk has after this page. */
  version: z.int().min(0),
  changes: z.array(RecordChange),
  /** Root of the hash tree over all records at `version` (agent/records/cache/README.md); null while more pages follow. */
  root: Sha256.nullable(),
  /** Until when the kiosk may use what it keeps without hearing from the registry. */
  freshUntil: UtcTime,
  contentKey: ContentKey,
  blobs: z.array(SealedBlob),
});
export type SyncAnswer = z.infer<typeof SyncAnswer>;

/** Says that there is something new: worth a question, and nothing else, so it needs no signature. */
export const SyncNotice = z.strictObject({
  type: z.literal('vantay.sync-notice'),
  schemaVersion: z.literal(SCHEMA_VERSION),
});
