/** What the gate and the audit chain are told of a visit: ids and words. */
import type { AuditEvent } from '../contract/audit.ts';
import type { Step } from '../outbox/gate.ts';
import { type State, visitOf } from './state.ts';

export const stepOf = (state: State): Step => ({
  kind: state.kind,
  visitId: visitOf(state)?.id ?? null,
  refused: state.kind === 'refused' ? state.reason : null,
});

/** The machine's decision, where it has just been made; else null. */
export function comparedOf(state: State, previous: State): AuditEvent | null {
  if (state.kind !== 'review' || previous.kind !== 'comparing') return null;
  const { id, decision, fingers } = state.visit;
  const retries = fingers.reduce((sum, { attempts }) => sum + attempts - 1, 0);
  const { outcome, reason } = decision;
  return { event: 'visit_compared', visitId: id, outcome, reason, retries };
}
