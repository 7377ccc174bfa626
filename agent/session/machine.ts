/**
 * The visit as a pure state machine: `next(state, event, policy)` and nothing else decides where a visit goes. What has
 * to happen meanwhile is derived from the state (`activities.ts`), so a state that is left takes its work with it.
 */
import { fingerTaken, nextFinger } from './fingers.ts';
import { onOfficer } from './officer.ts';
import {
  onAppointment,
  onDocument,
  onDocumentProblem,
  onRepresentative,
  onRepresentativeProblem,
} from './papers.ts';
import {
  bare,
  begin,
  ended,
  IDLE,
  officerNeeded,
  type Policy,
  type SessionEvent,
  type State,
  visitOf,
  withVisit,
} from './state.ts';
import { onInput } from './touch.ts';
import type { Compared, Lookup } from './visit.ts';

/**
 * The state after an event. An event that does not fit the state returns the very same state object: the caller can tell
 * "nothing happened" by identity, and a late result of an abandoned step can never revive it.
 */
export function next(state: State, event: SessionEvent, policy: Policy): State {
  switch (event.type) {
    case 'input':
      return onInput(state, event, policy);
    case 'officer':
      return event.visitId === visitOf(state)?.id ? onOfficer(state, event.act) : state;
    case 'time_out':
      return onTimeOut(state);
    case 'failed':
      return visitOf(state) && state.kind !== 'receipt' ? ended(state, 'failed') : state;
    case 'record_looked_up':
      return onLookup(state, event.lookup);
    case 'refuse':
      return state.kind === 'idle' || state.kind === 'ended'
        ? { kind: 'refused', visit: begin(event.visitId, 'vi'), reason: event.reason, problem: null }
        : state;
    case 'finger_live':
    case 'face_live':
    case 'delivery':
      return onResult(state, event, policy);
    default: {
      const after = onResult(state, event, policy);
      // A document or a finger laid on its reader is as good as a touch.
      return after === state || !visitOf(after)?.warned ? after : withVisit(after, { warned: false });
    }
  }
}

function onLookup(state: State, lookup: Lookup): State {
  switch (state.kind) {
    case 'contact':
    case 'sim':
    case 'integrate':
    case 'fingers':
    case 'face':
    case 'comparing':
      return state.visit.lookup ? state : ({ ...state, visit: { ...state.visit, lookup } } as State);
    default:
      return state;
  }
}

type ResultEvent = Exclude<
  SessionEvent,
  | { type: 'input' }
  | { type: 'officer' }
  | { type: 'time_out' }
  | { type: 'failed' }
  | { type: 'record_looked_up' }
  | { type: 'refuse' }
>;

function onResult(state: State, event: ResultEvent, policy: Policy): State {
  switch (state.kind) {
    case 'documents':
      if (event.type === 'appointment_read') return onAppointment(state, event.code);
      if (event.type === 'document_read') return onDocument(state, event.document, policy);
      if (event.type === 'document_problem') return onDocumentProblem(state, event.problem, policy);
      return state;
    case 'representative':
      if (event.type === 'appointment_read') return onAppointment(state, event.code);
      if (event.type === 'document_read') return onRepresentative(state, event.document, policy);
      if (event.type === 'document_problem') return onRepresentativeProblem(state, event.problem, policy);
      return state;
    case 'fingers':
      if (event.type === 'finger_live') return { ...state, live: event.live };
      if (event.type === 'finger_taken') return fingerTaken(state, event.finger);
      if (event.type === 'finger_unreadable' && event.position === state.position) {
        const exception = { position: event.position, reason: 'unreadable' as const };
        return nextFinger(state, { exceptions: [...state.visit.exceptions, exception] });
      }
      return state;
    case 'face':
      if (event.type === 'face_live') return { ...state, live: event.live };
      if (event.type === 'face_taken')
        return { kind: 'comparing', visit: { ...state.visit, face: event.face } };
      return state;
    case 'comparing':
      if (event.type !== 'compared' || !state.visit.lookup) return state;
      return onCompared(
        {
          ...state.visit,
          lookup: state.visit.lookup,
          decision: event.decision,
          ...(event.identification ? { identification: event.identification } : {}),
        },
        policy,
      );
    case 'submitting':
      if (event.type !== 'submitted') return state;
      return {
        kind: 'receipt',
        visit: bare(state.visit),
        packetId: event.packetId,
        handedIn: event.handedIn,
        slip: policy.printer ? 'offered' : 'none',
        delivery: 'stored',
        officerNeeded: officerNeeded(state.visit.decision) && state.visit.verdict !== 'confirmed',
        lookup: {
          state: state.visit.lookup.state,
          onFile: state.visit.lookup.state === 'found' ? state.visit.lookup.onFile : null,
        },
      };
    case 'receipt':
      if (event.type === 'slip' && state.slip === 'printing')
        return { ...state, slip: event.printed ? 'printed' : 'failed' };
      if (event.type !== 'delivery' || event.packetId !== state.packetId || event.delivery === state.delivery)
        return state;
      return { ...state, delivery: event.delivery };
    default:
      return state;
  }
}

/**
 * A request about an account is passed on only for its holder, as the machine or an officer finds; a registration is judged
 * by the authority.
 */
const onCompared = (visit: Compared, policy: Policy): State =>
  visit.purpose === 'register_level_2' ||
  visit.decision.outcome === 'match' ||
  (policy.officerDecides && officerNeeded(visit.decision))
    ? { kind: 'review', visit }
    : { kind: 'refused', visit: bare(visit), reason: 'identity_not_confirmed', problem: null };

function onTimeOut(state: State): State {
  switch (state.kind) {
    case 'idle':
      return state;
    case 'ended':
      return IDLE;
    case 'receipt':
    case 'refused':
      return ended(state, 'finished');
    case 'comparing':
    case 'submitting':
      // No applicant is waited for here: the work itself has hung beyond every deadline it has.
      return ended(state, 'failed');
    default:
      return state.visit.warned ? ended(state, 'time_out') : withVisit(state, { warned: true });
  }
}
