/** The shapes of a visit as a state machine: what it can be in, what can happen to it, and who decides. */
import type { Challenge, FingerPosition, Language, Purpose, Relation } from '../contract/common.ts';
import type { Decision } from '../contract/packet.ts';
import type { Advice, Comfort, DocumentProblem, RefusalReason, ScreenInput } from '../contract/screen.ts';
import type { OfficerAct } from './officer.ts';
import type {
  Begun,
  Captured,
  Compared,
  Consented,
  Fingered,
  Identification,
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

/** What a lookup said, without the references it brought. */
export interface LookupState {
  readonly state: Lookup['state'];
  readonly onFile: { readonly face: boolean; readonly finger: boolean } | null;
}

/** What has become of the printed receipt; none where the kiosk has no printer. */
export type Slip = 'none' | 'offered' | 'printing' | 'printed' | 'failed';

/** The applicant's own two documents. */
export interface Papers {
  readonly travelDocument: ReadDocument;
  readonly residenceCard: ReadDocument;
}

export type EndReason = 'finished' | 'cancelled' | 'time_out' | 'failed';

export type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'language'; readonly visit: Begun }
  | { readonly kind: 'purpose'; readonly visit: Begun }
  | { readonly kind: 'bring'; readonly visit: Begun }
  | { readonly kind: 'ground'; readonly visit: Begun }
  | {
      readonly kind: 'documents';
      readonly visit: Begun;
      readonly travelDocument: ReadDocument | null;
      readonly problem: DocumentProblem | null;
      readonly attempt: number;
    }
  | { readonly kind: 'relation'; readonly visit: Begun; readonly papers: Papers }
  | {
      readonly kind: 'representative';
      readonly visit: Begun;
      readonly papers: Papers;
      readonly relation: Relation;
      readonly problem: DocumentProblem | null;
      readonly attempt: number;
    }
  | { readonly kind: 'consent'; readonly visit: Identified }
  | { readonly kind: 'contact'; readonly visit: Consented }
  | { readonly kind: 'sim'; readonly visit: Consented }
  | { readonly kind: 'integrate'; readonly visit: Consented }
  | {
      readonly kind: 'fingers';
      readonly visit: Fingered;
      readonly position: FingerPosition;
      readonly remaining: readonly FingerPosition[];
      readonly live: FingerLive;
    }
  | {
      readonly kind: 'face';
      readonly visit: Fingered;
      readonly live: FaceLive;
      /** Of the last finger image: versions go on from here if a finger is taken again. */
      readonly imageVersion: number;
    }
  | { readonly kind: 'comparing'; readonly visit: Captured }
  | { readonly kind: 'review'; readonly visit: Compared }
  | { readonly kind: 'submitting'; readonly visit: Compared }
  | {
      readonly kind: 'receipt';
      readonly visit: Begun;
      readonly packetId: string;
      readonly delivery: Delivery;
      readonly officerNeeded: boolean;
      readonly lookup: LookupState;
      /** Calendar date in Vietnam. */
      readonly handedIn: string;
      readonly slip: Slip;
    }
  | {
      readonly kind: 'refused';
      readonly visit: Begun;
      readonly reason: RefusalReason;
      readonly problem: DocumentProblem | null;
    }
  | {
      readonly kind: 'ended';
      readonly reason: EndReason;
      readonly language: Language;
      readonly comfort: Comfort;
    };

export type SessionEvent =
  | { readonly type: 'input'; readonly input: ScreenInput; readonly visitId: string; readonly at: string }
  | { readonly type: 'officer'; readonly visitId: string; readonly act: OfficerAct }
  | { readonly type: 'refuse'; readonly visitId: string; readonly reason: RefusalReason }
  | { readonly type: 'document_read'; readonly document: ReadDocument }
  | { readonly type: 'appointment_read'; readonly code: string }
  | { readonly type: 'document_problem'; readonly problem: DocumentProblem }
  | { readonly type: 'record_looked_up'; readonly lookup: Lookup }
  | { readonly type: 'finger_live'; readonly live: FingerLive }
  | { readonly type: 'finger_taken'; readonly finger: TakenFinger }
  | { readonly type: 'finger_unreadable'; readonly position: FingerPosition }
  | { readonly type: 'face_live'; readonly live: FaceLive }
  | { readonly type: 'face_taken'; readonly face: TakenFace }
  | {
      readonly type: 'compared';
      readonly decision: Decision;
      readonly identification?: Identification;
    }
  | { readonly type: 'submitted'; readonly packetId: string; readonly handedIn: string }
  | { readonly type: 'slip'; readonly printed: boolean }
  | { readonly type: 'delivery'; readonly packetId: string; readonly delivery: Delivery }
  | { readonly type: 'failed' }
  | { readonly type: 'time_out' };

/** What the law and the operator decide; pure, so that the machine stays so. */
export interface Policy {
  readonly languages: readonly Language[];
  readonly documentAttempts: number;
  /** Whether a receipt can be printed. */
  readonly printer: boolean;
  /** Whether an officer at this kiosk decides what the machine cannot, before it is submitted. */
  readonly officerDecides: boolean;
  /** In the order they are asked for. */
  fingers(purpose: Purpose): readonly FingerPosition[];
  /** SHA-256 and version of the consent text as shown to this visitor. */
  consentText(visit: Identified): { readonly textVersion: string; readonly textSha256: string };
  /** Null when this person may be served here today. */
  refusal(papers: Papers, purpose: Purpose): { reason: RefusalReason; fields: string[] } | null;
  /** Whether the law asks for a representative at the applicant's side. */
  needsRepresentative(papers: Papers): boolean;
  /** Null when this person may act for the applicant. */
  representativeProblem(papers: Papers, representative: ReadDocument): DocumentProblem | null;
}

export const IDLE: State = { kind: 'idle' };

export const NO_FINGER_YET: FingerLive = { attempt: 1, advice: null, qualityScore: null, imageVersion: 0 };
export const NO_FACE_YET: FaceLive = { advice: null, outline: null, progress: 0, challenge: null };

/** The visit in front of the machine, if any. */
export const visitOf = (state: State): Begun | null => ('visit' in state ? state.visit : null);

/** Whether an officer has to look at the case: everything but a match, and but a person the database does not know. */
export const officerNeeded = (decision: Decision): boolean =>
  decision.outcome === 'no_match' || decision.outcome === 'inconclusive';

export const withVisit = (state: State, change: Partial<Begun>): State =>
  'visit' in state ? ({ ...state, visit: { ...state.visit, ...change } } as State) : state;

export const ended = (state: State, reason: EndReason): State => ({
  kind: 'ended',
  reason,
  language: visitOf(state)?.language ?? 'vi',
  comfort: visitOf(state)?.comfort ?? PLAIN,
});

/** How the page looks until somebody wants it otherwise. */
export const PLAIN: Comfort = { textPercent: 100, highContrast: false, readAloud: false };

export const begin = (id: string, language: Language, comfort: Comfort = PLAIN): Begun => ({
  id,
  language,
  comfort,
  officerCalled: false,
  warned: false,
  purpose: 'register_level_2',
  represented: false,
  ground: null,
  appointment: null,
});

/** What stays of a visit that ends early, or that goes back to before the documents: no document or code, no sample. */
export const bare = (visit: Begun): Begun => {
  const { id, language, comfort, officerCalled, warned, purpose, represented, ground } = visit;
  const kept = { id, language, comfort, officerCalled, warned, purpose, represented, ground };
  return { ...kept, appointment: null };
};
