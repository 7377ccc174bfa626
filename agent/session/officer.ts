/** What an officer can do to the visit in front of the machine: pure, as everything that moves a visit. */
import type { FingerExceptionReason, FingerPosition } from '../contract/common.ts';
import type { OfficerOverride } from '../contract/packet.ts';
import { faceAgain } from './back.ts';
import { nextFinger, oneFingerAgain } from './fingers.ts';
import { bare, ended, officerNeeded, type State, visitOf, withVisit } from './state.ts';
import type { Compared } from './visit.ts';

export type OfficerAct =
  | { readonly kind: 'answer_call' }
  | { readonly kind: 'end_visit' }
  | {
      readonly kind: 'except_finger';
      readonly position: FingerPosition;
      readonly exception: FingerExceptionReason;
      readonly override: OfficerOverride;
    }
  /** The portrait where the position is null. */
  | { readonly kind: 'recapture'; readonly position: FingerPosition | null }
  | { readonly kind: 'confirm_identity'; readonly override: OfficerOverride }
  | { readonly kind: 'forward' }
  | { readonly kind: 'refuse_identity' };

/** The state after an officer's act; the very same object where it does not fit. */
export function onOfficer(state: State, act: OfficerAct): State {
  const after = acted(state, act);
  return after === state ? state : withVisit(after, { warned: false });
}

function acted(state: State, act: OfficerAct): State {
  switch (act.kind) {
    case 'answer_call':
      return visitOf(state)?.officerCalled ? withVisit(state, { officerCalled: false }) : state;
    case 'end_visit':
      return visitOf(state) ? ended(state, state.kind === 'receipt' ? 'finished' : 'cancelled') : state;
    case 'except_finger':
      if (state.kind !== 'fingers' || state.position !== act.position) return state;
      return nextFinger(state, {
        exceptions: [...state.visit.exceptions, { position: act.position, reason: act.exception }],
        overrides: [...state.visit.overrides, act.override],
      });
    case 'recapture':
      if (act.position) return oneFingerAgain(state, act.position) ?? state;
      return state.kind === 'review' ? faceAgain(state.visit) : state;
    case 'confirm_identity': {
      const { visit } = state.kind === 'review' && isOpen(state.visit) ? state : { visit: null };
      if (!visit) return state;
      const overrides = [...visit.overrides, act.override];
      return { kind: 'review', visit: { ...visit, overrides, verdict: 'confirmed', officerCalled: false } };
    }
    case 'forward':
      if (state.kind !== 'review' || !canForward(state.visit)) return state;
      return { ...state, visit: { ...state.visit, verdict: 'forwarded', officerCalled: false } };
    case 'refuse_identity':
      if (state.kind !== 'review' || !isOpen(state.visit)) return state;
      return { kind: 'refused', visit: bare(state.visit), reason: 'identity_not_confirmed', problem: null };
  }
}

/** The authority judges registrations; a request about an account is passed on for its holder, or not at all. */
export const canForward = (visit: Compared): boolean => isOpen(visit) && visit.purpose === 'register_level_2';

/** Whether an officer still has to say what becomes of it. */
export const isOpen = (visit: Compared): boolean =>
  officerNeeded(visit.decision) && visit.verdict === undefined;
