/** Advice that flickers helps nobody: what the applicant reads stays until it could be read. */

/** Shortest time one piece of advice stays, in milliseconds (about the time a short line takes to read). */
export const ADVICE_HOLD_MS = 700;

export interface HeldAdvice<Word> {
  readonly word: Word | null;
  readonly sinceMs: number;
}

/**
 * The advice to show after a new observation.
 * @param held what is shown, null before the first
 * @param word what the newest observation asks for, null when nothing is wrong
 * @param nowMs monotonic milliseconds
 */
export function holdAdvice<Word>(
  held: HeldAdvice<Word> | null,
  word: Word | null,
  nowMs: number,
): HeldAdvice<Word> {
  if (!held) return { word, sinceMs: nowMs };
  if (held.word === word) return held;
  return nowMs - held.sinceMs < ADVICE_HOLD_MS ? held : { word, sinceMs: nowMs };
}
