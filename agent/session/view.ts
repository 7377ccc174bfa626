/** The state of a visit as the screen is told it: no score, no template, no image bytes. */
import type { Language, LockGround, Purpose } from '../contract/common.ts';
import type { ScreenView, StepView } from '../contract/screen.ts';
import { isOpen } from './officer.ts';
import { type LookupState, officerNeeded, PLAIN, type State, visitOf } from './state.ts';
import type { Fingered, Identified } from './visit.ts';

export type ExpectedDates = Extract<StepView, { step: 'receipt' }>['expected'];

export interface ViewContext {
  readonly languages: readonly Language[];
  consentText(visit: Identified): { text: string; textVersion: string; textSha256: string };
  /** Latest dates of the result if the dossier were accepted now. */
  expectedDates(lookup: LookupState, purpose: Purpose): ExpectedDates;
  /** What the holder may name as the reason of a lock. */
  readonly grounds: readonly LockGround[];
  /** How to find out in whose name a SIM is registered. */
  simCheck(travelDocumentNumber: string): { message: string; number: string };
  /** Whether an officer at this kiosk decides what the machine cannot. */
  readonly officerDecides: boolean;
  readonly deviceProblems: ScreenView['deviceProblems'];
  readonly secondsLeft: number | null;
}

export function viewOf(state: State, context: ViewContext): ScreenView {
  const visit = visitOf(state);
  return {
    type: 'vantay.view',
    visitId: visit?.id ?? null,
    language: visit?.language ?? (state.kind === 'ended' ? state.language : 'vi'),
    purpose: visit?.purpose ?? 'register_level_2',
    comfort: visit?.comfort ?? (state.kind === 'ended' ? state.comfort : PLAIN),
    canGoBack: visit !== null && CAN_GO_BACK.has(state.kind),
    view: stepView(state, context),
    officerCalled: visit?.officerCalled ?? false,
    secondsLeft: visit?.warned ? context.secondsLeft : null,
    deviceProblems: context.deviceProblems,
  };
}

/** Where `stepBefore` has an answer. */
const CAN_GO_BACK: ReadonlySet<State['kind']> = new Set([
  'language',
  'purpose',
  'bring',
  'ground',
  'documents',
  'relation',
  'representative',
  'consent',
  'contact',
  'sim',
  'integrate',
  'fingers',
  'face',
  'review',
]);

const numberOf = (visit: Identified) => (visit.representative ? 'representative' : 'applicant');

const fingersDone = (visit: Fingered) =>
  visit.fingers.map(({ position, quality }) => ({ position, qualityScore: quality.score }));

function stepView(state: State, context: ViewContext): StepView {
  switch (state.kind) {
    case 'idle':
    case 'purpose':
    case 'bring':
    case 'relation':
    case 'comparing':
    case 'submitting':
      return { step: state.kind };
    case 'language':
      return { step: 'language', languages: [...context.languages] };
    case 'ground':
      return { step: 'ground', grounds: [...context.grounds] };
    case 'documents':
      return {
        step: 'documents',
        wanted: state.travelDocument ? 'residence_card' : 'travel_document',
        problem: state.problem,
        attempt: state.attempt,
        appointmentRead: state.visit.appointment !== null,
      };
    case 'representative':
      return {
        step: 'documents',
        wanted: 'representative_document',
        problem: state.problem,
        attempt: state.attempt,
        appointmentRead: state.visit.appointment !== null,
      };
    case 'consent':
      return { step: 'consent', ...context.consentText(state.visit) };
    case 'contact':
      return {
        step: 'contact',
        person: state.visit.travelDocument.person,
        documents: [state.visit.travelDocument.document, state.visit.residenceCard.document],
        contact: state.visit.form.contact,
        numberOf: numberOf(state.visit),
      };
    case 'sim':
      return { step: 'sim', ...context.simCheck(state.visit.travelDocument.document.number) };
    case 'integrate':
      return { step: 'integrate', chosen: [...state.visit.form.integrate] };
    case 'fingers':
      return {
        step: 'fingers',
        position: state.position,
        ...state.live,
        done: fingersDone(state.visit),
        exceptions: [...state.visit.exceptions],
        remaining: [...state.remaining],
      };
    case 'face':
      return { step: 'face', ...state.live };
    case 'review': {
      const { visit } = state;
      const onFile = visit.lookup.state === 'found' ? visit.lookup.onFile : null;
      return {
        step: 'review',
        person: visit.travelDocument.person,
        documents: [visit.travelDocument.document, visit.residenceCard.document],
        representative: visit.representative?.person ?? null,
        ground: visit.ground,
        contact: visit.form.contact,
        integrate: [...visit.form.integrate],
        done: fingersDone(visit),
        exceptions: [...visit.exceptions],
        officerNeeded: officerNeeded(visit.decision) && visit.verdict !== 'confirmed',
        awaitsOfficer: context.officerDecides && isOpen(visit),
        expected: context.expectedDates({ state: visit.lookup.state, onFile }, visit.purpose),
      };
    }
    case 'receipt':
      return {
        step: 'receipt',
        packetId: state.packetId,
        delivery: state.delivery,
        officerNeeded: state.officerNeeded,
        expected: context.expectedDates(state.lookup, state.visit.purpose),
        handedIn: state.handedIn,
        slip: state.slip,
      };
    case 'refused':
      return { step: 'refused', reason: state.reason, problem: state.problem };
    case 'ended':
      return { step: 'ended', reason: state.reason };
  }
}
