import type { AuditEvent, AuditHead } from '../contract/audit.ts';

/** The kiosk's audit chain. Methods throw OutboxError: the chain lies in the file of the outbox. */
export interface Audit {
  /** Appends an event; durable when it resolves. */
  record(event: AuditEvent): Promise<void>;
  /** Where the chain stands. */
  auditHead(): Promise<AuditHead>;
}
