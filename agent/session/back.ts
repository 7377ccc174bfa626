/** The step before. What was taken in the step that is left, and in the one that is gone back to, is forgotten. */
import { fingerAgain } from './fingers.ts';
import { consented, fingered, identified } from './keep.ts';
import { bare, IDLE, NO_FACE_YET, type Policy, type State } from './state.ts';
import type { Begun, Consented, Fingered } from './visit.ts';

/** Null where there is no way back: work that is under way, and pages that end a visit. */
export function stepBefore(state: State, policy: Policy): State | null {
  switch (state.kind) {
    case 'language':
      return IDLE;
    case 'purpose':
      return { kind: 'language', visit: bare(state.visit) };
    case 'bring':
      return { kind: 'purpose', visit: bare(state.visit) };
    case 'ground':
      return { kind: 'bring', visit: bare(state.visit) };
    case 'documents':
      return state.travelDocument ? fromDocuments(state.visit) : beforeDocuments(state.visit);
    case 'relation':
    case 'consent':
      return fromDocuments(state.visit);
    case 'representative':
      return { kind: 'relation', visit: state.visit, papers: state.papers };
    case 'contact':
      return { kind: 'consent', visit: identified(state.visit) };
    case 'sim':
      return { kind: 'contact', visit: state.visit };
    case 'integrate':
      return { kind: state.visit.representative ? 'contact' : 'sim', visit: state.visit };
    case 'fingers': {
      const { visit, position, live } = state;
      const order = policy.fingers(visit.purpose);
      return fingerAgain(visit, position, order, live.imageVersion) ?? beforeFingers(consented(visit));
    }
    case 'face': {
      const order = policy.fingers(state.visit.purpose);
      return (
        fingerAgain(state.visit, null, order, state.imageVersion) ?? beforeFingers(consented(state.visit))
      );
    }
    case 'review':
      return faceAgain(state.visit);
    default:
      return null;
  }
}

/** The portrait once more, with the fingers that are there; what was decided about it is forgotten. */
export const faceAgain = (visit: Fingered): State => ({
  kind: 'face',
  visit: fingered(visit),
  live: NO_FACE_YET,
  imageVersion: 0,
});

const beforeDocuments = (visit: Begun): State =>
  visit.purpose === 'unlock' ? { kind: 'ground', visit: bare(visit) } : { kind: 'bring', visit: bare(visit) };

const fromDocuments = (visit: Begun): State => ({
  kind: 'documents',
  visit: bare(visit),
  travelDocument: null,
  problem: null,
  attempt: 1,
});

const beforeFingers = (visit: Consented): State =>
  visit.purpose === 'register_level_2'
    ? { kind: 'integrate', visit }
    : { kind: 'consent', visit: identified(visit) };
