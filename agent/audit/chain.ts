import { createHash } from 'node:crypto';
import type { AuditEntry, AuditEvent, AuditHead } from '../contract/audit.ts';
import { canonicalJson } from '../packet/canonical.ts';

/** Stands for the entry before the first. */
export const EMPTY_HEAD: AuditHead = { entries: 0, sha256: '0'.repeat(64) };

/** One entry as it is kept: the exact bytes that were hashed, and their hash. */
export interface KeptEntry {
  readonly index: number;
  /** Canonical JSON of an {@link AuditEntry}. */
  readonly text: string;
  /** SHA-256 of `text`, lower-case hex. */
  readonly sha256: string;
}

/** The next link of a chain. Pure. The event has to be one of the contract: whoever takes it from outside checks that. */
export function nextEntry(head: AuditHead, at: Date, boot: number, event: AuditEvent): KeptEntry {
  const index = head.entries + 1;
  const entry: AuditEntry = { index, at: at.toISOString(), boot, event, previousSha256: head.sha256 };
  const text = canonicalJson(entry);
  return { index, text, sha256: hashOf(text) };
}

/** SHA-256 of an entry's text, lower-case hex. */
export const hashOf = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex');
