import type { Audit } from '../audit/audit.ts';

/**
 * queued: durable here, not sent yet. sent: every chunk acknowledged by a broker. received: the backend says it has it.
 * verified: the backend found it genuine; its container may go. deleted: it has gone, the row stays for good. rejected:
 * the backend will not take it; the container stays for an officer.
 */
export type PacketState = 'queued' | 'sent' | 'received' | 'verified' | 'deleted' | 'rejected';

/** Bounds beyond which new packets are refused. */
export interface OutboxLimits {
  /** Packets whose containers are held. */
  readonly maxPackets: number;
  /** Bytes of their containers together. */
  readonly maxBytes: number;
  /** Milliseconds the oldest undelivered packet may have waited. */
  readonly maxAgeMs: number;
  /** Bytes that have to be free on the disk for another visit. */
  readonly minimumFreeBytes: number;
}

/** A sealed packet on its way in. */
export interface NewPacket {
  readonly id: string;
  readonly container: Uint8Array;
  /** Lower-case hex; what its receipt must name. */
  readonly manifestSha256: string;
  /** Number of the packet in this kiosk's life, from {@link Outbox.nextSequence}. */
  readonly sequence: number;
}

/** What is kept of a packet for good. */
export interface PacketRow {
  readonly id: string;
  readonly sequence: number;
  readonly manifestSha256: string;
  /** Length of the container. */
  readonly bytes: number;
  readonly state: PacketState;
  /** Times it was sent whole. */
  readonly attempts: number;
  readonly acceptedAtMs: number;
  /** State and code of the last receipt that was applied; after `verified` it may still become the backend's decision. */
  readonly receiptState: string | null;
  readonly receiptCode: string | null;
}

/** What the outbox holds. */
export interface Usage {
  /** Packets whose containers are held. */
  readonly packets: number;
  readonly bytes: number;
  /** Wall clock of the oldest undelivered packet's acceptance; null when there is none. */
  readonly oldestAtMs: number | null;
}

export interface OutboxStatus extends Usage {
  /**
   * Which limit keeps new visits out; null when there is room. `disk`: too little is free, the reserve had to be given
   * back, or the last attempt to write failed, be it of a packet or of the audit chain.
   */
  readonly full: 'packets' | 'bytes' | 'age' | 'disk' | null;
}

/** What a verified receipt means to the outbox. */
export interface ReceiptOutcome {
  readonly id: string;
  readonly state: 'received' | 'verified' | 'accepted' | 'rejected' | 'recapture';
  readonly code: string | null;
}

/** The durable queue between a visit and the backend, and the audit chain beside it. All methods throw OutboxError. */
export interface Outbox extends Audit {
  /**
   * Takes a packet; durable when it resolves. Taking the same packet again changes nothing.
   * @throws OutboxError OUTBOX_FULL, OUTBOX_CONFLICT, OUTBOX_IO, ...
   */
  accept(packet: NewPacket): Promise<void>;
  /**
   * The oldest packet that is not delivered, with its container, save those named.
   * @param atLeast null also when fewer packets than these wait, named ones included
   */
  next(
    except: readonly string[],
    atLeast?: number,
  ): Promise<{ row: PacketRow; container: Uint8Array } | null>;
  find(id: string): Promise<PacketRow | null>;
  /** Notes that every chunk was acknowledged by a broker. */
  markSent(id: string): Promise<void>;
  /** Applies a verified receipt once; again, late or out of order it changes nothing. */
  apply(outcome: ReceiptOutcome): Promise<'applied' | 'unchanged' | 'unknown'>;
  status(): Promise<OutboxStatus>;
  /** Number of this start of the agent, 1, 2, ...; durable when it resolves. */
  nextBoot(): Promise<number>;
  /** Number for the next packet, 1, 2, ...; durable when it resolves, never given twice. */
  nextSequence(): Promise<number>;
  /** Notes the id of a command for good; false when it was noted before. */
  admitCommand(id: string, expiresAtMs: number): Promise<boolean>;
  /** Calls back after each acceptance; returns how to stop it. */
  onAccepted(listener: () => void): () => void;
}
