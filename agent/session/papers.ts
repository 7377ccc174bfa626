/** What a document on the reader means to the visit: the applicant's two, and that of who acts for them; and a code. */
import type { DocumentProblem } from '../contract/screen.ts';
import { bare, type Papers, type Policy, type State, withVisit } from './state.ts';
import type { ReadDocument, Representative } from './visit.ts';

type DocumentsState = Extract<State, { kind: 'documents' }>;
type RepresentativeState = Extract<State, { kind: 'representative' }>;

export function onDocument(state: DocumentsState, read: ReadDocument, policy: Policy): State {
  const wantsTravelDocument = state.travelDocument === null;
  const { kind } = read.document;
  if (kind === 'identity_card' || (kind === 'travel_document') !== wantsTravelDocument) {
    // The right document in the wrong order is no failed attempt; it is only asked for the other one again.
    return { ...state, problem: { reason: 'wrong_document', fields: [] } };
  }
  if (state.travelDocument === null) return { ...state, travelDocument: read, problem: null, attempt: 1 };
  return identify(state, { travelDocument: state.travelDocument, residenceCard: read }, policy);
}

function identify({ visit }: DocumentsState, papers: Papers, policy: Policy): State {
  const refusal = policy.refusal(papers, visit.purpose);
  if (refusal) {
    const problem =
      refusal.fields.length > 0 ? ({ reason: 'mismatch', fields: refusal.fields } as const) : null;
    return { kind: 'refused', visit: bare(visit), reason: refusal.reason, problem };
  }
  if (!visit.represented && !policy.needsRepresentative(papers))
    return { kind: 'consent', visit: { ...visit, ...papers, representative: null } };
  // Locking and unlocking is the holder's own request (Decree 69/2024, Art. 15); for others an officer takes it.
  return visit.purpose === 'register_level_2'
    ? { kind: 'relation', visit: { ...visit, represented: true }, papers }
    : { kind: 'refused', visit: bare(visit), reason: 'representative_needed', problem: null };
}

/** The last code that was read is the one that counts. */
export const onAppointment = (state: DocumentsState | RepresentativeState, code: string): State =>
  state.visit.appointment === code ? state : withVisit(state, { appointment: code });

export function onRepresentative(state: RepresentativeState, read: ReadDocument, policy: Policy): State {
  const problem = policy.representativeProblem(state.papers, read);
  if (problem) return onRepresentativeProblem(state, problem, policy);
  const representative: Representative = { ...read, relation: state.relation };
  return { kind: 'consent', visit: { ...state.visit, ...state.papers, representative } };
}

export const onDocumentProblem = (state: DocumentsState, problem: DocumentProblem, policy: Policy): State =>
  state.attempt >= policy.documentAttempts
    ? { kind: 'refused', visit: bare(state.visit), reason: 'document_invalid', problem }
    : { ...state, problem, attempt: state.attempt + 1 };

export const onRepresentativeProblem = (
  state: RepresentativeState,
  problem: DocumentProblem,
  policy: Policy,
): State =>
  state.attempt >= policy.documentAttempts
    ? { kind: 'refused', visit: bare(state.visit), reason: 'representative_needed', problem }
    : { ...state, problem, attempt: state.attempt + 1 };
