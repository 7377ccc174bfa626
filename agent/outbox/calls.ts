import type { KeptEntry } from '../audit/chain.ts';
import type { AuditEvent, AuditHead } from '../contract/audit.ts';
import type { NewPacket, OutboxLimits, OutboxStatus, PacketRow, ReceiptOutcome } from './types.ts';

/** What the outbox is asked across threads: what each call takes and what it gives. */
export interface Calls {
  accept: { takes: { packet: NewPacket; nowMs: number }; gives: null };
  next: {
    takes: { except: readonly string[]; atLeast: number };
    gives: { row: PacketRow; container: Uint8Array } | null;
  };
  find: { takes: { id: string }; gives: PacketRow | null };
  markSent: { takes: { id: string; nowMs: number }; gives: null };
  apply: { takes: { outcome: ReceiptOutcome; nowMs: number }; gives: 'applied' | 'unchanged' | 'unknown' };
  status: { takes: { nowMs: number }; gives: OutboxStatus };
  count: { takes: { name: 'boot' | 'sequence' }; gives: number };
  record: { takes: { event: AuditEvent; nowMs: number }; gives: null };
  auditHead: { takes: null; gives: AuditHead };
  list: { takes: null; gives: PacketRow[] };
  retry: { takes: { id: string; nowMs: number }; gives: boolean };
  auditPage: { takes: { before: number | null; text: string; limit: number }; gives: KeptEntry[] };
  admitCommand: { takes: { id: string; expiresAtMs: number; nowMs: number }; gives: boolean };
}
export type CallName = keyof Calls;

/** One call; its name and argument were paired by the type of whoever made it. */
export interface Call {
  readonly name: CallName;
  readonly takes: unknown;
}

export interface WorkerStart {
  readonly path: string;
  readonly limits: OutboxLimits;
}
