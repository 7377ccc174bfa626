/** The fingers of a visit, in the order they are asked for: the next one, and the one before again. */
import type { FingerPosition } from '../contract/common.ts';
import { NO_FACE_YET, NO_FINGER_YET, type State } from './state.ts';
import type { Consented, Fingered } from './visit.ts';

type Fingers = Extract<State, { kind: 'fingers' }>;

export function firstFinger(visit: Consented, order: readonly FingerPosition[]): State {
  return askFrom({ ...visit, fingers: [], exceptions: [] }, order, 0);
}

export function nextFinger(state: Fingers, gained: Partial<Pick<Fingered, 'fingers' | 'exceptions'>>): State {
  return askFrom({ ...state.visit, ...gained }, state.remaining, state.live.imageVersion);
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
  const others = <Taken extends { readonly position: FingerPosition }>(taken: readonly Taken[]) =>
    taken.filter(finger => finger.position !== previous);
  const without = { ...visit, fingers: others(visit.fingers), exceptions: others(visit.exceptions) };
  return askFrom(without, order.slice(index - 1), imageVersion);
}

function askFrom(visit: Fingered, order: readonly FingerPosition[], imageVersion: number): State {
  const [position, ...remaining] = order;
  return position
    ? { kind: 'fingers', visit, position, remaining, live: { ...NO_FINGER_YET, imageVersion } }
    : { kind: 'face', visit, live: NO_FACE_YET, imageVersion };
}
