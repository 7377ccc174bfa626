import { z } from 'zod';
import { FingerPosition, OfficerNumber, Sha256, UtcTime, Uuid7 } from './common.ts';

/** Stable word or code: lower-case or capital letters, digits, underscores. Nothing that could hold a name fits. */
const Word = z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/);

/**
 * What the audit chain records. Ids, hashes, words and numbers only: no name, no number of a document, no biometric has
 * a place here, and an event that is not in this list cannot be written.
 */
export const AuditEvent = z.discriminatedUnion('event', [
  z.strictObject({ event: z.literal('started'), agentVersion: z.string().max(64) }),
  z.strictObject({ event: z.literal('stopped') }),
  z.strictObject({ event: z.literal('visit_began'), visitId: Uuid7 }),
  /** `outcome` is the step it ended in. */
  z.strictObject({ event: z.literal('visit_ended'), visitId: Uuid7, outcome: Word }),
  z.strictObject({ event: z.literal('visit_refused'), reason: Word }),
  /** What the machine decided; `retries` are captures beyond the first of each finger and of the portrait. */
  z.strictObject({
    event: z.literal('visit_compared'),
    visitId: Uuid7,
    outcome: Word,
    reason: Word,
    retries: z.int().min(0),
  }),
  /** `method` is how they showed who they are. */
  z.strictObject({
    event: z.literal('officer_signed_in'),
    officer: OfficerNumber,
    role: Word,
    method: Word,
  }),
  z.strictObject({ event: z.literal('officer_signed_out'), officer: OfficerNumber }),
  z.strictObject({ event: z.literal('officer_refused'), method: Word }),
  /** What an officer did; written before it is done. `reason` and the rest as in the packet's overrides. */
  z.strictObject({
    event: z.literal('officer_acted'),
    officer: OfficerNumber,
    action: Word,
    /** Visit or packet concerned. */
    subject: Uuid7,
    position: FingerPosition.nullable(),
    reason: Word.nullable(),
    secondOfficer: OfficerNumber.nullable(),
  }),
  z.strictObject({
    event: z.literal('packet_accepted'),
    packetId: Uuid7,
    sequence: z.int().min(1),
    manifestSha256: Sha256,
    containerSha256: Sha256,
    bytes: z.int().min(1),
  }),
  /** A packet that was set aside goes back into the queue. */
  z.strictObject({ event: z.literal('packet_retried'), packetId: Uuid7 }),
  z.strictObject({
    event: z.literal('packets_exported'),
    packets: z.int().min(0),
    bytes: z.int().min(0),
    /** SHA-256 of the signed list that lies with them. */
    listSha256: Sha256,
  }),
  z.strictObject({
    event: z.literal('receipt_applied'),
    packetId: Uuid7,
    manifestSha256: Sha256,
    state: Word,
    code: z.string().max(128).nullable(),
  }),
  /** The images of a visit left this kiosk for good, after the backend's word named by the packet's `receipt_applied`. */
  z.strictObject({
    event: z.literal('container_deleted'),
    packetId: Uuid7,
    manifestSha256: Sha256,
    containerSha256: Sha256,
    bytes: z.int().min(1),
  }),
  /** Messages of the network that changed nothing; those of a minute and a code count as one entry. */
  z.strictObject({
    event: z.literal('message_refused'),
    topic: z.string().max(32),
    code: Word,
    count: z.int().min(1),
  }),
  z.strictObject({
    event: z.literal('command'),
    commandId: Uuid7,
    name: z.string().max(64),
    code: Word.nullable(),
  }),
  /** The kept records are as the registry signed; an older copy of their file has a lower `serial`. */
  z.strictObject({
    event: z.literal('records_synchronised'),
    serial: z.int().min(1),
    version: z.int().min(0),
    root: Sha256,
    records: z.int().min(0),
  }),
  z.strictObject({ event: z.literal('records_wiped'), serial: z.int().min(1) }),
  /** What was kept was altered, or an older copy: it was deleted, and is fetched anew. */
  z.strictObject({ event: z.literal('records_refused'), code: Word }),
  z.strictObject({ event: z.literal('name_taken_over') }),
  /** Connections of this kiosk end soon after they begin, again and again: brokers that do not say why do so as well. */
  z.strictObject({ event: z.literal('name_contested') }),
  /** A key or certificate of this kiosk, or of those it seals to, was put in place; `serial` or `kid` names it. */
  z.strictObject({ event: z.literal('key_changed'), key: Word, name: z.string().max(128) }),
]);
export type AuditEvent = z.infer<typeof AuditEvent>;

/** One link. Its hash is the SHA-256 of its canonical JSON (RFC 8785), and stands in the next one. */
export const AuditEntry = z.strictObject({
  /** 1, 2, ... without a gap. */
  index: z.int().min(1),
  /** Wall clock; the order is that of `index`, never of time. */
  at: UtcTime,
  /** Start of the agent that wrote it; 0 from a command line before the first start. */
  boot: z.int().min(0),
  event: AuditEvent,
  /** Hash of the entry before; 64 zeros in the first. */
  previousSha256: Sha256,
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** Where the chain stands: published with the health and in every packet, so that a chain that was cut shows. */
export const AuditHead = z.strictObject({
  entries: z.int().min(0),
  /** Hash of the last entry; 64 zeros while there is none. */
  sha256: Sha256,
});
export type AuditHead = z.infer<typeof AuditHead>;
