/** What a touch means in each step. */
import type { Comfort, ScreenInput } from '../contract/screen.ts';
import { stepBefore } from './back.ts';
import { firstFinger, nextFinger } from './fingers.ts';
import { isOpen } from './officer.ts';
import {
  bare,
  begin,
  ended,
  PLAIN,
  type Policy,
  type SessionEvent,
  type State,
  visitOf,
  withVisit,
} from './state.ts';
import type { Consent, Consented, Form, Identified } from './visit.ts';

type InputEvent = Extract<SessionEvent, { type: 'input' }>;
type Input<Type extends ScreenInput['type']> = Extract<ScreenInput, { type: Type }>;

const EMPTY_FORM: Form = { contact: null, simConfirmedBy: null, integrate: [] };

export function onInput(state: State, event: InputEvent, policy: Policy): State {
  const { input } = event;
  const visit = visitOf(state);
  if (!visit) return onFirstTouch(state, event);
  switch (input.type) {
    case 'cancel':
      return ended(state, state.kind === 'receipt' ? 'finished' : 'cancelled');
    case 'restart':
      return { kind: 'purpose', visit: begin(event.visitId, visit.language, visit.comfort) };
    case 'call_officer':
      return withVisit(state, { officerCalled: true, warned: false });
    case 'officer_done':
      return withVisit(state, { officerCalled: false, warned: false });
    case 'still_here':
      return visit.warned ? withVisit(state, { warned: false }) : state;
    case 'comfort':
      return withVisit(state, { comfort: comfortOf(input), warned: false });
    default: {
      const after =
        input.type === 'back' ? (stepBefore(state, policy) ?? state) : onStepInput(state, event, policy);
      return after === state ? state : withVisit(after, { warned: false });
    }
  }
}

/** Before and after a visit: one begins, with whatever was touched to begin it. */
function onFirstTouch(state: State, { input, visitId }: InputEvent): State {
  if (state.kind !== 'idle' && state.kind !== 'ended') return state;
  const { language, comfort } = state.kind === 'ended' ? state : { language: 'vi' as const, comfort: PLAIN };
  const visit = begin(visitId, language, comfort);
  switch (input.type) {
    case 'start':
      return { kind: 'language', visit };
    case 'call_officer':
      return { kind: 'language', visit: { ...visit, officerCalled: true } };
    case 'comfort': {
      const wish = comfortOf(input);
      // Whoever only wants to read the last page is not led away from it.
      return state.kind === 'ended'
        ? { ...state, comfort: wish }
        : { kind: 'language', visit: { ...visit, comfort: wish } };
    }
    default:
      return state;
  }
}

const comfortOf = ({ textPercent, highContrast, readAloud }: Input<'comfort'>): Comfort => ({
  textPercent,
  highContrast,
  readAloud,
});

function onStepInput(state: State, event: InputEvent, policy: Policy): State {
  const { input } = event;
  switch (state.kind) {
    case 'language':
      if (input.type !== 'language' || !policy.languages.includes(input.language)) return state;
      return { kind: 'purpose', visit: { ...state.visit, language: input.language } };
    case 'purpose':
      if (input.type !== 'purpose') return state;
      return { kind: 'bring', visit: { ...state.visit, purpose: input.purpose, ground: null } };
    case 'bring':
      if (input.type !== 'ready') return state;
      return state.visit.purpose === 'unlock'
        ? { kind: 'ground', visit: state.visit }
        : firstDocument({ ...state.visit, represented: input.represented });
    case 'ground':
      if (input.type !== 'ground') return state;
      return firstDocument({ ...state.visit, ground: input.ground });
    case 'relation':
      if (input.type !== 'relation') return state;
      if (!input.relation)
        return { kind: 'refused', visit: bare(state.visit), reason: 'representative_needed', problem: null };
      return { ...state, kind: 'representative', relation: input.relation, problem: null, attempt: 1 };
    case 'consent':
      return input.type === 'consent' ? (onConsent(state.visit, input, event.at, policy) ?? state) : state;
    case 'contact':
      return input.type === 'contact' ? onContact(state.visit, input) : state;
    case 'sim':
      if (input.type !== 'sim') return state;
      return {
        kind: 'integrate',
        visit: withForm(state.visit, { simConfirmedBy: input.confirmed ? 'applicant' : null }),
      };
    case 'integrate':
      if (input.type !== 'integrate') return state;
      return firstFinger(
        withForm(state.visit, { integrate: [...new Set(input.data)] }),
        policy.fingers(state.visit.purpose),
      );
    case 'fingers':
      if (input.type !== 'finger_exception' || input.position !== state.position) return state;
      return nextFinger(state, {
        exceptions: [...state.visit.exceptions, { position: input.position, reason: input.reason }],
      });
    case 'review':
      if (input.type === 'submit')
        return policy.officerDecides && isOpen(state.visit)
          ? state
          : { kind: 'submitting', visit: state.visit };
      if (input.type !== 'contact' || !state.visit.form.contact) return state;
      return { ...state, visit: withForm(state.visit, corrected(state.visit.form, input)) };
    case 'receipt':
      if (input.type === 'print' && (state.slip === 'offered' || state.slip === 'failed'))
        return { ...state, slip: 'printing' };
      return input.type === 'finish' ? ended(state, 'finished') : state;
    case 'refused':
      return input.type === 'finish' ? ended(state, 'finished') : state;
    default:
      return state;
  }
}

const firstDocument = (visit: Extract<State, { kind: 'documents' }>['visit']): State => ({
  kind: 'documents',
  visit,
  travelDocument: null,
  problem: null,
  attempt: 1,
});

/** Null when it is no consent to the text that would be recorded. */
function onConsent(
  visit: Identified,
  input: Input<'consent'>,
  givenAt: string,
  policy: Policy,
): State | null {
  if (!input.accepted)
    return { kind: 'refused', visit: bare(visit), reason: 'consent_refused', problem: null };
  const shown = policy.consentText(visit);
  // A hash of another text means the page showed something else than what would be recorded: not a consent.
  if (input.textSha256 !== shown.textSha256) return null;
  const consent: Consent = { ...shown, language: visit.language, givenAt };
  const consented: Consented = { ...visit, consent, form: EMPTY_FORM };
  return visit.purpose === 'register_level_2'
    ? { kind: 'contact', visit: consented }
    : firstFinger(consented, policy.fingers(visit.purpose));
}

/** The SIM of a representative is not asked about: wards are excepted (procedure, rule 7). */
const onContact = (visit: Consented, input: Input<'contact'>): State => ({
  kind: visit.representative ? 'integrate' : 'sim',
  visit: withForm(visit, corrected(visit.form, input)),
});

/** What was confirmed of another number says nothing of this one. */
const corrected = (form: Form, { mobile, email }: Input<'contact'>): Partial<Form> => ({
  contact: { mobile, email },
  simConfirmedBy: form.contact?.mobile === mobile ? form.simConfirmedBy : null,
});

const withForm = <Visit extends Consented>(visit: Visit, change: Partial<Form>): Visit => ({
  ...visit,
  form: { ...visit.form, ...change },
});
