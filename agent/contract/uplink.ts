import { z } from 'zod';
import { AuditHead } from './audit.ts';
import { SCHEMA_VERSION, TopicName, UtcTime, Uuid7 } from './common.ts';

/**
 * Topics, all below `vantay/1/<office>/<kiosk>/`. Ids also stand in every payload: nothing depends on MQTT 5 properties.
 */
export const TOPICS = {
  /** Retained JSON {@link KioskState}; last will 'offline'. Agent -> all. */
  state: 'state',
  /** Retained JSON {@link DeviceStates}. Agent -> all. */
  devices: 'devices',
  /** JSON {@link Health} once a minute. Agent -> all. */
  health: 'health',
  /** Binary chunks of a sealed packet. Agent -> backend. */
  packet: 'packet',
  /** Receipt as compact JWS. Backend -> agent. */
  receipt: 'receipt',
  /** Binary chunks of a sealed {@link RecordRequest}. Agent -> registry. */
  recordRequest: 'record/request',
  /** Binary chunks of a sealed {@link RecordAnswer}. Registry -> agent. */
  recordAnswer: 'record/answer',
  /** Binary chunks of a sealed `SyncRequest`. Agent -> registry. */
  syncRequest: 'record/sync/request',
  /** Binary chunks of a sealed `SyncAnswer`. Registry -> agent. */
  syncAnswer: 'record/sync/answer',
  /** JSON `SyncNotice`. Registry -> agent. */
  syncNotice: 'record/sync/notice',
  /** Binary chunks of a sealed `IdentifyRequest`. Agent -> record server of the office. */
  identifyRequest: 'record/identify/request',
  /** Binary chunks of a sealed `IdentifyAnswer`. Record server of the office -> agent. */
  identifyAnswer: 'record/identify/answer',
  /** {@link Command} as compact JWS. Backend -> agent. */
  command: 'command',
  /** JSON {@link CommandAnswer}. Agent -> backend. */
  commandAnswer: 'command/answer',
} as const;

/** First level of every topic with the protocol's version. */
export const TOPIC_ROOT = 'vantay/1';

export const topicOf = (office: string, kiosk: string, topic: (typeof TOPICS)[keyof typeof TOPICS]): string =>
  `${TOPIC_ROOT}/${office}/${kiosk}/${topic}`;

export const KioskState = z.strictObject({
  type: z.literal('vantay.state'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  /** online: working; stopped: went down on purpose; offline: the broker's last will spoke. */
  state: z.enum(['online', 'stopped', 'offline']),
  boot: z.int().min(1),
  agentVersion: z.string(),
  at: UtcTime,
});
export type KioskState = z.infer<typeof KioskState>;

export const DeviceState = z.strictObject({
  role: z.enum(['finger_scanner', 'camera', 'document_reader', 'code_scanner']),
  state: z.enum(['starting', 'ready', 'failed', 'stopped']),
  driver: z.string(),
  model: z.string(),
  serial: z.string(),
  /** Code from the error catalogue while failed. */
  error: z.string().nullable(),
});
export type DeviceState = z.infer<typeof DeviceState>;

export const DeviceStates = z.strictObject({
  type: z.literal('vantay.devices'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  boot: z.int().min(1),
  devices: z.array(DeviceState),
  at: UtcTime,
});
export type DeviceStates = z.infer<typeof DeviceStates>;

/** Limit that an outbox has reached; `disk` also when nothing can be written, the audit chain included. */
const OutboxFull = z.enum(['packets', 'bytes', 'age', 'disk']);

/** off: not asked for; not_ready: not filled yet, or none of the records has anything to fill it with. */
const GalleryState = z.enum(['off', 'not_ready', 'ready']);

export const Health = z.strictObject({
  type: z.literal('vantay.health'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  boot: z.int().min(1),
  uptimeSeconds: z.number().min(0),
  outboxPackets: z.int().min(0),
  outboxBytes: z.int().min(0),
  /** What keeps new visits out; null while they are welcome. */
  outboxFull: OutboxFull.nullable(),
  /** Head of the audit chain at that moment. */
  audit: AuditHead,
  /** 99th percentile of the main process's event-loop delay over the last minute, milliseconds. */
  eventLoopDelayP99Ms: z.number().min(0),
  residentBytes: z.int().min(0),
  modelRestarts: z.int().min(0),
  keys: z.strictObject({
    /** Where the signing key lies; 'file' is for development. */
    holder: z.enum(['file', 'pkcs11', 'tpm2']),
    /** Until when this kiosk's certificates, all of them, are valid. */
    validUntil: UtcTime,
    /** Codes from the error catalogue of what is wrong, or soon will be. */
    findings: z.array(z.string()),
  }),
  /** The records kept here; null where none are to be. */
  records: z
    .strictObject({
      /** closed: they cannot be used, `code` says why. */
      state: z.enum(['ready', 'wiped', 'closed']),
      code: z.string().nullable(),
      records: z.int().min(0),
      version: z.int().min(0),
      /** Whether all that the registry had for this kiosk was here at one time. */
      complete: z.boolean(),
      freshUntil: UtcTime.nullable(),
      syncedAt: UtcTime.nullable(),
      /** Still sealed under an older key. */
      toSealAnew: z.int().min(0),
      /** What the records can be searched by. */
      gallery: z.strictObject({ faces: GalleryState, fingers: GalleryState }),
    })
    .nullable(),
  at: UtcTime,
});
export type Health = z.infer<typeof Health>;

/** A signed order from the backend. Refused when expired, replayed, or not for this kiosk. */
export const Command = z.strictObject({
  type: z.literal('vantay.command'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  commandId: Uuid7,
  office: TopicName,
  kiosk: TopicName,
  /**
   * sync-records: asks the registry now, and allows records again after a wipe. wipe-records: destroys what is kept of
   * them, for good. rotate-records-key: seals them under a new key.
   */
  name: z.enum(['ping', 'resend-states', 'sync-records', 'wipe-records', 'rotate-records-key']),
  issuedAt: UtcTime,
  expiresAt: UtcTime,
});
export type Command = z.infer<typeof Command>;

export const CommandAnswer = z.strictObject({
  type: z.literal('vantay.command-answer'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  commandId: Uuid7,
  result: z.enum(['done', 'refused']),
  code: z.string().nullable(),
  at: UtcTime,
});
export type CommandAnswer = z.infer<typeof CommandAnswer>;
