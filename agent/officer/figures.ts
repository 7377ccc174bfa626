/** The day's figures, from the audit chain: what is counted is what was signed for. Pure. */
import type { AuditEntry } from '../contract/audit.ts';
import type { Figures } from '../contract/officer.ts';
import { dateInVietnam } from '../procedure/index.ts';

/** What an officer does with a case; the first of them is otherwise than the machine would have it. */
const CASE_ACTIONS: readonly string[] = ['confirm_identity', 'forward', 'refuse_identity'];

/** @param date day in Vietnam @param entries oldest first; those of other days are left out */
export function figuresOf(date: string, entries: Iterable<AuditEntry>): Figures {
  const endings: Record<string, number> = {};
  const outcomes: Record<string, number> = {};
  const officers = new Map<string, { cases: number; overrides: number }>();
  const beganAtMs = new Map<string, number>();
  const seconds: number[] = [];
  let [visits, retries, compared] = [0, 0, 0];
  for (const { at, event } of entries) {
    if (dateInVietnam(new Date(at)) !== date) continue;
    switch (event.event) {
      case 'visit_began':
        visits += 1;
        beganAtMs.set(event.visitId, Date.parse(at));
        break;
      case 'visit_ended': {
        count(endings, event.outcome);
        const began = beganAtMs.get(event.visitId);
        if (event.outcome === 'receipt' && began !== undefined) seconds.push((Date.parse(at) - began) / 1000);
        break;
      }
      case 'visit_refused':
        count(endings, event.reason);
        break;
      case 'visit_compared':
        count(outcomes, event.outcome);
        compared += 1;
        retries += event.retries;
        break;
      case 'officer_acted': {
        if (!CASE_ACTIONS.includes(event.action)) break;
        const before = officers.get(event.officer) ?? { cases: 0, overrides: 0 };
        const overridden = event.action === CASE_ACTIONS[0] ? 1 : 0;
        officers.set(event.officer, {
          cases: before.cases + 1,
          overrides: before.overrides + overridden,
        });
        break;
      }
    }
  }
  return {
    date,
    ...{ visits, endings, outcomes, retries, compared },
    medianSeconds: median(seconds),
    officers: [...officers].map(([officer, counts]) => ({ officer, ...counts })),
  };
}

function count(counts: Record<string, number>, word: string): void {
  counts[word] = (counts[word] ?? 0) + 1;
}

function median(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  const next = sorted[Math.ceil((sorted.length - 1) / 2)];
  return middle === undefined || next === undefined ? null : (middle + next) / 2;
}
