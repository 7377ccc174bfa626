/**
 * The visit as a pure state machine: `next(state, event, policy)` and nothing else decides where a visit goes. What has
 * to happen meanwhile is derived from the state (`activities.ts`), so a state that is left takes its work with it.
 */
import type { Challenge, FingerPosition, Language } from '../contract/common.ts';
import type { Decision } from '../contract/packet.ts';
import type { Advice, DocumentProblem, RefusalReason, ScreenInput } from '../contract/screen.ts';
import type {
  Begun,
  Captured,
  Compared,
  Consent,
  Consented,
  Contactable,
  Fingered,
  Identified,
  Lookup,
  ReadDocument,
  TakenFace,
  TakenFinger,
} from './visit.ts';

export type Delivery = 'stored' | 'delivered' | 'accepted' | 'rejected';

/** What the screen shows of a finger while it is being taken. */
export interface FingerLive {
  readonly attempt: number;
  readonly advice: Advice | null;
  readonly qualityScore: number | null;
  readonly imageVersion: number;
}

export interface FaceLive {
  readonly advice: Advice | null;
  readonly outline: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  } | null;
  readonly progress: number;
  readonly challenge: Challenge | null;
}

export type EndReason = 'finished' | 'cancelled' | 'time_out' | 'failed';

export type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'language'; readonly visit: Begun }
  | { readonly kind: 'purpose'; readonly visit: Begun }
  | {
      readonly kind: 'documents';
      readonly visit: Begun;
      readonly travelDocument: ReadDocument | null;
      readonly problem: DocumentProblem | null;
      readonly attempt: number;
    }
  | { readonly kind: 'consent'; readonly visit: Identified }
  | { readonly kind: 'contact'; readonly visit: Consented }
  | {
      readonly kind: 'fingers';
      readonly visit: Fingered;
      readonly position: FingerPosition;
      readonly remaining: readonly FingerPosition[];
      readonly live: FingerLive;
    }
  | { readonly kind: 'face'; readonly visit: Fingered; readonly live: FaceLive }
  | { readonly kind: 'comparing'; readonly visit: Captured }
  | { readonly kind: 'review'; readonly visit: Compared }
  | { readonly kind: 'submitting'; readonly visit: Compared }
  | {
      readonly kind: 'receipt';
      readonly visit: Begun;
      readonly packetId: string;
      readonly delivery: Delivery;
      readonly officerNeeded: boolean;
      readonly lookup: {
        readonly state: Lookup['state'];
        readonly onFile: { face: boolean; finger: boolean } | null;
      };
    }
  | {
      readonly kind: 'refused';
      readonly visit: Begun;
      readonly reason: RefusalReason;
      readonly problem: DocumentProblem | null;
    }
  | { readonly kind: 'ended'; readonly reason: EndReason; readonly language: Language };

export type SessionEvent =
  | { readonly type: 'input'; readonly input: ScreenInput; readonly visitId: string; readonly at: string }
  | { readonly type: 'refuse'; readonly visitId: string; readonly reason: RefusalReason }
  | { readonly type: 'document_read'; readonly document: ReadDocument }
  | { readonly type: 'document_problem'; readonly problem: DocumentProblem }
  | { readonly type: 'record_looked_up'; readonly lookup: Lookup }
  | { readonly type: 'finger_live'; readonly live: FingerLive }
  | { readonly type: 'finger_taken'; readonly finger: TakenFinger }
  | { readonly type: 'finger_unreadable'; readonly position: FingerPosition }
  | { readonly type: 'face_live'; readonly live: FaceLive }
  | { readonly type: 'face_taken'; readonly face: TakenFace }
  | { readonly type: 'compared'; readonly decision: Decision }
  | { readonly type: 'submitted'; readonly packetId: string }
  | { readonly type: 'delivery'; readonly packetId: string; readonly delivery: Delivery }
  | { readonly type: 'failed' }
  | { readonly type: 'time_out' };

/** What the law and the operator decide; pure, so that the machine stays so. */
export interface Policy {
  readonly languages: readonly Language[];
  readonly fingers: readonly FingerPosition[];
  readonly documentAttempts: number;
  /** SHA-256 and version of the consent text as shown in a language. */
  consentText(language: Language): { readonly textVersion: string; readonly textSha256: string };
  /** Null when this person may register level 2 here today. */
  refusal(
    travelDocument: ReadDocument,
    residenceCard: ReadDocument,
  ): { reason: RefusalReason; fields: string[] } | null;
}

export const IDLE: State = { kind: 'idle' };

const NO_FINGER_YET: FingerLive = { attempt: 1, advice: null, qualityScore: null, imageVersion: 0 };
const NO_FACE_YET: FaceLive = { advice: null, outline: null, progress: 0, challenge: null };

/** The visit in front of the machine, if any. */
export const visitOf = (state: State): Begun | null => ('visit' in state ? state.visit : null);

/** Whether an officer has to look at the case: everything but a match, and but a person the database does not know. */
export const officerNeeded = (decision: Decision): boolean =>
  decision.outcome === 'no_match' || decision.outcome === 'inconclusive';

const withVisit = (state: State, change: Partial<Begun>): State =>
  'visit' in state ? ({ ...state, visit: { ...state.visit, ...change } } as State) : state;

const ended = (state: State, reason: EndReason): State => ({
  kind: 'ended',
  reason,
  language: visitOf(state)?.language ?? 'vi',
});

/**
 * The state after an event. An event that does not fit the state returns the very same state object: the caller can tell
 * "nothing happened" by identity, and a late result of an abandoned step can never revive it.
 */
export function next(state: State, event: SessionEvent, policy: Policy): State {
  switch (event.type) {
    case 'input':
      return onInput(state, event, policy);
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

type InputEvent = Extract<SessionEvent, { type: 'input' }>;

const begin = (id: string, language: Language): Begun => ({
  id,
  language,
  officerCalled: false,
  warned: false,
});

function onInput(state: State, event: InputEvent, policy: Policy): State {
  const { input } = event;
  if (input.type === 'start') {
    if (state.kind === 'ended') return { kind: 'language', visit: begin(event.visitId, state.language) };
    return state.kind === 'idle' ? { kind: 'language', visit: begin(event.visitId, 'vi') } : state;
  }
  const visit = visitOf(state);
  if (!visit) return state;
  if (input.type === 'cancel') return ended(state, state.kind === 'receipt' ? 'finished' : 'cancelled');
  if (input.type === 'call_officer') return withVisit(state, { officerCalled: true, warned: false });
  if (input.type === 'officer_done') return withVisit(state, { officerCalled: false, warned: false });
  if (input.type === 'still_here') return visit.warned ? withVisit(state, { warned: false }) : state;
  const after = onStepInput(state, event, policy);
  return after === state ? state : withVisit(after, { warned: false });
}

function onStepInput(state: State, { input, at }: InputEvent, policy: Policy): State {
  switch (state.kind) {
    case 'language':
      if (input.type !== 'language' || !policy.languages.includes(input.language)) return state;
      return { kind: 'purpose', visit: { ...state.visit, language: input.language } };
    case 'purpose':
      if (input.type !== 'purpose') return state;
      return { kind: 'documents', visit: state.visit, travelDocument: null, problem: null, attempt: 1 };
    case 'consent': {
      if (input.type !== 'consent') return state;
      if (!input.accepted)
        return { kind: 'refused', visit: bare(state.visit), reason: 'consent_refused', problem: null };
      const shown = policy.consentText(state.visit.language);
      // A hash of another text means the page showed something else than what would be recorded: not a consent.
      if (input.textSha256 !== shown.textSha256) return state;
      const consent: Consent = { ...shown, language: state.visit.language, givenAt: at };
      return { kind: 'contact', visit: { ...state.visit, consent } };
    }
    case 'contact':
      if (input.type !== 'contact') return state;
      return firstFinger({ ...state.visit, contact: { mobile: input.mobile, email: input.email } }, policy);
    case 'fingers':
      if (input.type !== 'finger_exception' || input.position !== state.position) return state;
      return nextFinger(state, {
        exceptions: [...state.visit.exceptions, { position: input.position, reason: input.reason }],
      });
    case 'review':
      return input.type === 'submit' ? { kind: 'submitting', visit: state.visit } : state;
    case 'receipt':
    case 'refused':
      return input.type === 'finish' ? ended(state, 'finished') : state;
    default:
      return state;
  }
}

/** What stays of a visit that ends early: no document, no sample. */
const bare = ({ id, language, officerCalled, warned }: Begun): Begun => ({
  id,
  language,
  officerCalled,
  warned,
});

function firstFinger(visit: Contactable, policy: Policy): State {
  const [position, ...remaining] = policy.fingers;
  const fingered: Fingered = { ...visit, fingers: [], exceptions: [] };
  return position
    ? { kind: 'fingers', visit: fingered, position, remaining, live: NO_FINGER_YET }
    : { kind: 'face', visit: fingered, live: NO_FACE_YET };
}

function nextFinger(
  state: Extract<State, { kind: 'fingers' }>,
  gained: Partial<Pick<Fingered, 'fingers' | 'exceptions'>>,
): State {
  const visit: Fingered = { ...state.visit, ...gained };
  const [position, ...remaining] = state.remaining;
  return position
    ? {
        kind: 'fingers',
        visit,
        position,
        remaining,
        live: { ...NO_FINGER_YET, imageVersion: state.live.imageVersion },
      }
    : { kind: 'face', visit, live: NO_FACE_YET };
}

function onLookup(state: State, lookup: Lookup): State {
  switch (state.kind) {
    case 'contact':
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
  | { type: 'time_out' }
  | { type: 'failed' }
  | { type: 'record_looked_up' }
  | { type: 'refuse' }
>;

function onResult(state: State, event: ResultEvent, policy: Policy): State {
  switch (state.kind) {
    case 'documents':
      if (event.type === 'document_read') return onDocument(state, event.document, policy);
      if (event.type === 'document_problem') return onDocumentProblem(state, event.problem, policy);
      return state;
    case 'fingers':
      if (event.type === 'finger_live') return { ...state, live: event.live };
      if (event.type === 'finger_taken' && event.finger.position === state.position) {
        return nextFinger(state, { fingers: [...state.visit.fingers, event.finger] });
      }
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
      return {
        kind: 'review',
        visit: { ...state.visit, lookup: state.visit.lookup, decision: event.decision },
      };
    case 'submitting':
      if (event.type !== 'submitted') return state;
      return {
        kind: 'receipt',
        visit: bare(state.visit),
        packetId: event.packetId,
        delivery: 'stored',
        officerNeeded: officerNeeded(state.visit.decision),
        lookup: {
          state: state.visit.lookup.state,
          onFile: state.visit.lookup.state === 'found' ? state.visit.lookup.onFile : null,
        },
      };
    case 'receipt':
      if (event.type !== 'delivery' || event.packetId !== state.packetId || event.delivery === state.delivery)
        return state;
      return { ...state, delivery: event.delivery };
    default:
      return state;
  }
}

type DocumentsState = Extract<State, { kind: 'documents' }>;

function onDocument(state: DocumentsState, read: ReadDocument, policy: Policy): State {
  const wantsTravelDocument = state.travelDocument === null;
  if ((read.document.kind === 'travel_document') !== wantsTravelDocument) {
    // The right document in the wrong order is no failed attempt; it is only asked for the other one again.
    return { ...state, problem: { reason: 'wrong_document', fields: [] } };
  }
  if (state.travelDocument === null) return { ...state, travelDocument: read, problem: null, attempt: 1 };
  const refusal = policy.refusal(state.travelDocument, read);
  if (refusal) {
    const problem =
      refusal.fields.length > 0 ? ({ reason: 'mismatch', fields: refusal.fields } as const) : null;
    return { kind: 'refused', visit: bare(state.visit), reason: refusal.reason, problem };
  }
  return {
    kind: 'consent',
    visit: { ...state.visit, travelDocument: state.travelDocument, residenceCard: read },
  };
}

function onDocumentProblem(state: DocumentsState, problem: DocumentProblem, policy: Policy): State {
  if (state.attempt >= policy.documentAttempts) {
    return { kind: 'refused', visit: bare(state.visit), reason: 'document_invalid', problem };
  }
  return { ...state, problem, attempt: state.attempt + 1 };
}

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
