/** What an officer is told of the kiosk: pure. Scores stand here, and nowhere the applicant sees. */
import type { Need, OfficerView } from '../contract/officer.ts';
import type { ScreenView } from '../contract/screen.ts';
import type { DeviceState } from '../contract/uplink.ts';
import { canForward, isOpen } from '../session/officer.ts';
import { type State, visitOf } from '../session/state.ts';
import { candidatesOf, type Identification } from '../session/visit.ts';

type OpenCase = NonNullable<OfficerView['openCase']>;

export interface OfficerViewContext {
  readonly kiosk: string;
  readonly office: string;
  readonly screen: ScreenView;
  readonly devices: readonly DeviceState[];
  readonly accountDecision: OfficerView['accountDecision'];
  /** Why no visit may begin; null when one may. */
  readonly refusal: string | null;
  /** Packets that the backend would not take. */
  readonly setAside: number;
  readonly pins: boolean;
  readonly secondOfficerFor: readonly string[];
  /** How long something has waited, in seconds; null when that is not known. */
  waited(need: Omit<Need, 'seconds'>): number | null;
}

export function officerViewOf(state: State, context: OfficerViewContext): OfficerView {
  const { kiosk, office, screen, devices, pins, accountDecision } = context;
  return {
    type: 'vantay.officer-view',
    ...{ kiosk, office, screen, pins, accountDecision },
    needs: needsOf(state, context).map(need => ({ ...need, seconds: context.waited(need) })),
    openCase: openCaseOf(state, context.secondOfficerFor),
    overrides: 'visit' in state && 'overrides' in state.visit ? [...state.visit.overrides] : [],
    allowed: allowedIn(state),
    devices: [...devices],
  };
}

/** Most urgent first: a person who waits comes before a machine that does. */
function needsOf(state: State, context: OfficerViewContext): Omit<Need, 'seconds'>[] {
  const { devices, refusal, setAside } = context;
  const needs: Omit<Need, 'seconds'>[] = [];
  if (state.kind === 'review' && isOpen(state.visit))
    needs.push({ kind: 'case', word: state.visit.decision.outcome });
  if (visitOf(state)?.officerCalled) needs.push({ kind: 'call', word: null });
  for (const { role, error } of devices) if (error) needs.push({ kind: 'device', word: role });
  if (refusal) needs.push({ kind: 'full', word: refusal });
  if (setAside > 0) needs.push({ kind: 'packets', word: String(setAside) });
  return needs;
}

function openCaseOf(state: State, secondOfficerFor: readonly string[]): OfficerView['openCase'] {
  if (state.kind !== 'review' || !isOpen(state.visit)) return null;
  const { decision, face, lookup, identification } = state.visit;
  const record = lookup.state === 'found' && lookup.references.reveal().portrait !== undefined;
  return {
    decision,
    pad: face.pad,
    faces: { taken: true, record },
    search: searchOf(identification),
    candidates: candidatesOf(state.visit).map(({ portrait, ...candidate }) => ({
      ...candidate,
      picture: portrait !== undefined,
    })),
    secondOfficer: secondOfficerFor.includes(decision.outcome),
  };
}

function searchOf(identification: Identification | undefined): OpenCase['search'] {
  if (identification?.state !== 'searched') return identification?.state ?? 'not_due';
  const [modality, other] = identification.modalities;
  return other || !modality ? 'searched' : `${modality}_only`;
}

function allowedIn(state: State): OfficerView['allowed'] {
  const visit = visitOf(state);
  if (!visit) return [];
  const allowed: OfficerView['allowed'] = state.kind === 'submitting' ? [] : ['end_visit'];
  if (visit.officerCalled) allowed.push('answer_call');
  if (state.kind === 'fingers') {
    allowed.push('except_finger');
    if (state.visit.fingers.length + state.visit.exceptions.length > 0) allowed.push('recapture');
  }
  if (state.kind === 'review') allowed.push('recapture');
  if (state.kind === 'review' && isOpen(state.visit)) allowed.push('decide');
  if (state.kind === 'review' && canForward(state.visit)) allowed.push('forward');
  return allowed;
}
