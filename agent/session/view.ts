/** The state of a visit as the screen is told it: no score, no template, no image bytes. */
import type { Language } from '../contract/common.ts';
import type { ScreenView, StepView } from '../contract/screen.ts';
import { officerNeeded, type State, visitOf } from './machine.ts';
import type { Fingered, Lookup } from './visit.ts';

export type ExpectedDates = Extract<StepView, { step: 'receipt' }>['expected'];

export interface ViewContext {
  readonly languages: readonly Language[];
  consentText(language: Language): { text: string; textVersion: string; textSha256: string };
  /** Latest dates of the result if the dossier were accepted now. */
  expectedDates(lookup: {
    state: Lookup['state'];
    onFile: { face: boolean; finger: boolean } | null;
  }): ExpectedDates;
  readonly deviceProblems: ScreenView['deviceProblems'];
  readonly secondsLeft: number | null;
}

export function viewOf(state: State, context: ViewContext): ScreenView {
  const visit = visitOf(state);
  return {
    type: 'vantay.view',
    visitId: visit?.id ?? null,
    language: visit?.language ?? (state.kind === 'ended' ? state.language : 'vi'),
    view: stepView(state, context),
    officerCalled: visit?.officerCalled ?? false,
    secondsLeft: visit?.warned ? context.secondsLeft : null,
    deviceProblems: context.deviceProblems,
  };
}

const fingersDone = (visit: Fingered) =>
  visit.fingers.map(({ position, quality }) => ({ position, qualityScore: quality.score }));

function stepView(state: State, context: ViewContext): StepView {
  switch (state.kind) {
    case 'idle':
    case 'purpose':
    case 'comparing':
    case 'submitting':
      return { step: state.kind };
    case 'language':
      return { step: 'language', languages: [...context.languages] };
    case 'documents':
      return {
        step: 'documents',
        wanted: state.travelDocument ? 'residence_card' : 'travel_document',
        problem: state.problem,
        attempt: state.attempt,
      };
    case 'consent':
      return { step: 'consent', ...context.consentText(state.visit.language) };
    case 'contact':
      return {
        step: 'contact',
        person: state.visit.travelDocument.person,
        documents: [state.visit.travelDocument.document, state.visit.residenceCard.document],
      };
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
        contact: visit.contact,
        done: fingersDone(visit),
        exceptions: [...visit.exceptions],
        officerNeeded: officerNeeded(visit.decision),
        expected: context.expectedDates({ state: visit.lookup.state, onFile }),
      };
    }
    case 'receipt':
      return {
        step: 'receipt',
        packetId: state.packetId,
        delivery: state.delivery,
        officerNeeded: state.officerNeeded,
        expected: context.expectedDates(state.lookup),
      };
    case 'refused':
      return { step: 'refused', reason: state.reason, problem: state.problem };
    case 'ended':
      return { step: 'ended', reason: state.reason };
  }
}
