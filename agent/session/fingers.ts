/** The fingers of a visit, in the order they are asked for: the next one, and the one before again. */
import type { FingerPosition } from '../contract/common.ts';
import { fingered } from './keep.ts';
import { NO_FACE_YET, NO_FINGER_YET, type State } from './state.ts';
import type { Consented, Fingered, TakenFinger } from './visit.ts';

type Fingers = Extract<State, { kind: 'fingers' }>;

export function firstFinger(visit: Consented, order: readonly FingerPosition[]): State {
  return askFrom({ ...visit, fingers: [], exceptions: [], overrides: [] }, order, 0);
}

export function nextFinger(
  state: Fingers,
  gained: Partial<Pick<Fingered, 'fingers' | 'exceptions' | 'overrides'>>,
): State {
  return askFrom({ ...state.visit, ...gained }, state.remaining, state.live.imageVersion);
}

/** The finger that is asked for, or one that was still to come and lay beside it on a large glass. */
export function fingerTaken(state: Fingers, finger: TakenFinger): State {
  const fingers = [...state.visit.fingers, finger];
  if (finger.position === state.position) return nextFinger(state, { fingers });
  if (!state.remaining.includes(finger.position)) return state;
  const remaining = state.remaining.filter(position => position !== finger.position);
  return { ...state, visit: { ...state.visit, fingers }, remaining };
}

/** Takes the finger before `position` again, or the last one when all were done; null when there is none before. */
export function fingerAgain(
  visit: Fingered,
  position: FingerPosition | null,
  order: readonly FingerPosition[],
  imageVersion: number,
): State | null {
  const index = position ? order.indexOf(position) : order.length;
  const previous = order[index - 1];
  if (!previous) return null;
  const others = without(visit, previous);
  const open = order.slice(index - 1).filter(name => !isDone(others, name));
  return askFrom(others, open, imageVersion);
}

/** One finger that was asked for before, once more; those after it stay as they are. Null where it was not asked for yet. */
export function oneFingerAgain(state: State, position: FingerPosition): State | null {
  if (state.kind !== 'fingers' && state.kind !== 'review') return null;
  if (!isDone(fingered(state.visit), position)) return null;
  const order = state.kind === 'fingers' ? [position, state.position, ...state.remaining] : [position];
  const imageVersion = state.kind === 'fingers' ? state.live.imageVersion : 0;
  return askFrom(without(fingered(state.visit), position), order, imageVersion);
}

/** Those after a finger may have been taken with it. */
const isDone = ({ fingers, exceptions }: Fingered, position: FingerPosition): boolean =>
  [...fingers, ...exceptions].some(known => known.position === position);

function without(visit: Fingered, position: FingerPosition): Fingered {
  const others = <Known extends { readonly position: FingerPosition | null }>(known: readonly Known[]) =>
    known.filter(one => one.position !== position);
  const { fingers, exceptions, overrides } = visit;
  return {
    ...visit,
    fingers: others(fingers),
    exceptions: others(exceptions),
    overrides: others(overrides),
  };
}

function askFrom(visit: Fingered, order: readonly FingerPosition[], imageVersion: number): State {
  const [position, ...remaining] = order;
  return position
    ? { kind: 'fingers', visit, position, remaining, live: { ...NO_FINGER_YET, imageVersion } }
    : { kind: 'face', visit, live: NO_FACE_YET, imageVersion };
}
