import { AuditEntry, type AuditHead } from '../contract/audit.ts';
import { canonicalJson } from '../packet/canonical.ts';
import { EMPTY_HEAD, hashOf, type KeptEntry } from './chain.ts';

/** Why a chain does not hold from an entry on. */
export type BreakReason =
  /** The text is no canonical entry, or its hash is not the one kept with it. */
  | 'altered'
  /** It does not follow the entry before: one was put in, taken out, or written anew. */
  | 'unlinked'
  /** The chain is shorter than a head that was published. */
  | 'truncated'
  /** The chain had another entry here when its head was published. */
  | 'rewritten';

export type ChainFinding =
  | { readonly intact: true; readonly head: AuditHead }
  | { readonly intact: false; readonly index: number; readonly reason: BreakReason };

/**
 * Follows a chain from its beginning to its first broken link.
 * @param published heads that were seen outside this kiosk (health, packets); without one a chain that was cut at its end,
 * or written anew as a whole, cannot be told from a good one
 */
export function verifyChain(kept: Iterable<KeptEntry>, published: readonly AuditHead[] = []): ChainFinding {
  const expected = new Map(published.map(head => [head.entries, head.sha256]));
  let head = EMPTY_HEAD;
  for (const { index, text, sha256: hash } of kept) {
    const entry = parse(text);
    if (entry === null || hashOf(text) !== hash) return broken(head.entries + 1, 'altered');
    const follows = entry.index === head.entries + 1 && index === entry.index;
    if (!follows || entry.previousSha256 !== head.sha256) return broken(head.entries + 1, 'unlinked');
    head = { entries: entry.index, sha256: hash };
    if ((expected.get(head.entries) ?? hash) !== hash) return broken(head.entries, 'rewritten');
  }
  const longest = Math.max(0, ...expected.keys());
  return longest > head.entries ? broken(head.entries + 1, 'truncated') : { intact: true, head };
}

function parse(text: string): AuditEntry | null {
  try {
    const value: unknown = JSON.parse(text);
    return canonicalJson(value) === text ? AuditEntry.parse(value) : null;
  } catch {
    return null;
  }
}

const broken = (index: number, reason: BreakReason): ChainFinding => ({ intact: false, index, reason });
