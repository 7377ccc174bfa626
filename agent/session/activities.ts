/** What has to be going on in a state. Derived, never stored: two states with the same key share the running activity. */
import type { FingerPosition } from '../contract/common.ts';
import type { Biometric } from '../ops/biometric.ts';
import type { State } from './state.ts';
import type { Captured, Compared, Consented, Lookup, References, TakenFinger } from './visit.ts';

export type Activity =
  | {
      readonly kind: 'read_document';
      readonly key: string;
      readonly wanted: 'travel_document' | 'residence_card' | 'representative_document';
    }
  | { readonly kind: 'look_up'; readonly key: string; readonly visit: Consented }
  | {
      readonly kind: 'take_finger';
      readonly key: string;
      readonly position: FingerPosition;
      readonly remaining: readonly FingerPosition[];
      readonly taken: readonly TakenFinger[];
      /** What the record holds, where the registry had answered when the finger was asked for. */
      readonly references: Biometric<References> | null;
      readonly imageVersion: number;
    }
  | { readonly kind: 'take_face'; readonly key: string }
  | { readonly kind: 'compare'; readonly key: string; readonly visit: Captured; readonly lookup: Lookup }
  | {
      readonly kind: 'print_slip';
      readonly key: string;
      readonly receipt: Extract<State, { kind: 'receipt' }>;
    }
  | { readonly kind: 'submit'; readonly key: string; readonly visit: Compared };

export function activitiesOf(state: State): readonly Activity[] {
  switch (state.kind) {
    case 'documents': {
      const wanted = state.travelDocument ? 'residence_card' : 'travel_document';
      return [{ kind: 'read_document', key: `read:${state.visit.id}:${wanted}`, wanted }];
    }
    case 'representative': {
      const key = `read:${state.visit.id}:representative`;
      return [{ kind: 'read_document', key, wanted: 'representative_document' }];
    }
    case 'contact':
    case 'sim':
    case 'integrate':
      return lookUp(state.visit);
    case 'fingers':
      return [
        ...lookUp(state.visit),
        {
          kind: 'take_finger',
          key: `finger:${state.visit.id}:${state.position}`,
          position: state.position,
          remaining: state.remaining,
          taken: state.visit.fingers,
          references: state.visit.lookup?.state === 'found' ? state.visit.lookup.references : null,
          imageVersion: state.live.imageVersion,
        },
      ];
    case 'face':
      return [...lookUp(state.visit), { kind: 'take_face', key: `face:${state.visit.id}` }];
    case 'comparing': {
      const { lookup } = state.visit;
      if (!lookup) return lookUp(state.visit);
      return [{ kind: 'compare', key: `compare:${state.visit.id}`, visit: state.visit, lookup }];
    }
    case 'submitting':
      return [{ kind: 'submit', key: `submit:${state.visit.id}`, visit: state.visit }];
    case 'receipt':
      return state.slip === 'printing'
        ? [{ kind: 'print_slip', key: `print:${state.packetId}`, receipt: state }]
        : [];
    default:
      return [];
  }
}

/** The record is asked for once consent is given, while the applicant is busy with fingers and face. */
const lookUp = (visit: Consented): readonly Activity[] =>
  visit.lookup ? [] : [{ kind: 'look_up', key: `lookup:${visit.id}`, visit }];
