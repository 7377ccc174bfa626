/** From scores to a decision, and nothing else: pure, so that every branch can be tested. */
import type { Decision, Pad } from '../contract/packet.ts';
import type { Lookup } from '../session/visit.ts';

type ModalityResult = Decision['face'];

/** What is known of one modality after the comparison. A score that is unknown is absent, never 0. */
export type Compared =
  | {
      readonly kind: 'scored';
      readonly score: number;
      readonly threshold: number;
      readonly fmr: number;
      readonly usable: boolean;
      /** Log-likelihood ratio in decades; null where the model's card has no calibration. */
      readonly llr: number | null;
    }
  | { readonly kind: 'not_compared' };

export interface Comparison {
  readonly face: Compared;
  readonly finger: Compared;
  /** One that matches another finger of the record makes the decision an officer's: the packet would name it wrongly. */
  readonly fingers: Decision['fingers'];
}

/**
 * One modality. Below the threshold it is a no-match only when the sample was good enough to have matched: a failed
 * capture says nothing about a person.
 */
export function modalityResult(compared: Compared): ModalityResult {
  if (compared.kind === 'not_compared')
    return { outcome: 'not_compared', score: null, threshold: null, fmr: null };
  const { score, threshold, fmr, usable } = compared;
  const outcome = score >= threshold ? 'match' : usable ? 'no_match' : 'inconclusive';
  return { outcome, score, threshold, fmr };
}

/**
 * Log-likelihood ratio of all that was compared, in decades: the sum, for face and fingers of a person are taken as independent.
 * A sample that was too poor to match may speak for a person, never against: then it takes no part. Null when nothing is left, or
 * something of it has no calibration.
 */
function togetherOf(compared: readonly Compared[]): number | null {
  const llrs = compared.flatMap(one =>
    one.kind === 'scored' && (one.usable || one.llr === null || one.llr > 0) ? [one.llr] : [],
  );
  if (llrs.length === 0) return null;
  return llrs.reduce((sum, llr) => (sum === null || llr === null ? null : sum + llr), 0);
}

/**
 * Whether face and fingers together reach the rate asked for, neither speaking against. Where a likelihood ratio is right, 10^n is
 * reached by strangers in not more than one comparison of 10^n, so the threshold is -log10 of the rate and comes from no table.
 */
function matchTogether(compared: readonly Compared[]): boolean {
  const llr = togetherOf(compared);
  return (
    llr !== null &&
    compared.every(one => one.kind === 'scored' && (one.llr ?? 0) > 0 && llr >= -Math.log10(one.fmr))
  );
}

/** Reasons as stable words; the officer's console has the sentence for each. */
function judge(
  lookup: Lookup['state'],
  face: ModalityResult['outcome'],
  finger: ModalityResult['outcome'],
  { rearranged, together }: { readonly rearranged: boolean; readonly together: boolean },
): Pick<Decision, 'outcome' | 'reason'> {
  if (lookup === 'not_found') return { outcome: 'no_record', reason: 'not_in_database' };
  if (lookup === 'unavailable') return { outcome: 'inconclusive', reason: 'database_not_reached' };
  if (lookup === 'several') return { outcome: 'inconclusive', reason: 'several_records' };
  if (lookup === 'locked') return { outcome: 'inconclusive', reason: 'account_locked' };
  if (rearranged) return { outcome: 'inconclusive', reason: 'fingers_rearranged' };
  const outcomes = [face, finger].filter(outcome => outcome !== 'not_compared');
  if (outcomes.length === 0) return { outcome: 'inconclusive', reason: 'nothing_to_compare' };
  const all = (wanted: ModalityResult['outcome']) => outcomes.every(outcome => outcome === wanted);
  if (all('match'))
    return {
      outcome: 'match',
      reason: outcomes.length === 2 ? 'face_and_fingers_match' : 'one_modality_matches',
    };
  if (all('no_match')) return { outcome: 'no_match', reason: 'nothing_matches' };
  if (outcomes.includes('match') && outcomes.includes('no_match')) {
    return { outcome: 'inconclusive', reason: 'face_and_fingers_disagree' };
  }
  // One matches and the other was too poor to: it may still add what it has.
  if (outcomes.includes('match') && together)
    return { outcome: 'match', reason: 'face_and_fingers_together' };
  return { outcome: 'inconclusive', reason: 'sample_too_poor' };
}

/** Where liveness is enforced, nobody matches without having shown it, nor with a stream that looks made. */
function onlyIfLive(judged: Pick<Decision, 'outcome' | 'reason'>, pad: Pad): typeof judged {
  if (pad.mode !== 'enforce' || judged.outcome !== 'match') return judged;
  if (pad.injection.length > 0) return { outcome: 'inconclusive', reason: 'camera_stream_suspect' };
  return pad.passed === true ? judged : { outcome: 'inconclusive', reason: 'liveness_not_shown' };
}

/** Of a claim that was tried too often: nothing was compared. */
export function barredDecision(models: Decision['models']): Decision {
  const none = modalityResult({ kind: 'not_compared' });
  const judged = { outcome: 'inconclusive', reason: 'too_many_attempts' } as const;
  return { ...judged, face: none, finger: none, llr: null, fingers: [], models };
}

/** The decision as it goes into the packet. */
export function decide(
  lookup: Lookup['state'],
  comparison: Comparison,
  models: Decision['models'],
  pad: Pad,
): Decision {
  const face = modalityResult(comparison.face);
  const finger = modalityResult(comparison.finger);
  const both = [comparison.face, comparison.finger];
  const rearranged = comparison.fingers.some(({ matchesInstead }) => matchesInstead !== null);
  return {
    ...onlyIfLive(
      judge(lookup, face.outcome, finger.outcome, { rearranged, together: matchTogether(both) }),
      pad,
    ),
    face,
    finger,
    // Fingers under wrong names were compared with others than their own: that says nothing.
    llr: rearranged ? null : togetherOf(both),
    fingers: comparison.fingers,
    models,
  };
}
