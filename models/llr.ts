/** From scores to likelihood ratios: how many times likelier a score is for the same person than for somebody else. */
import type { FingerScores } from './finger/fuse.ts';

/**
 * Affine mapping of a score to a log-likelihood ratio by linear logistic regression (Brümmer and du Preez, Application-independent
 * evaluation of speaker detection, Computer Speech and Language 20, 2006). All in decades (log10).
 */
export interface LlrMapping {
  readonly offset: number;
  /** Decades a unit of score, above 0: a higher score never speaks less for the same person. */
  readonly slope: number;
  /** Ends beyond which the comparisons it was fitted on say nothing: the rule of three over their number. */
  readonly lowest: number;
  readonly highest: number;
}

/**
 * Log-likelihood ratio of one comparison in decades: 2 says that the score is a hundred times likelier for the same person.
 * @param references so many the score is the best of: as many tries somebody else had
 * @throws RangeError for a score that is no number: unknown is not 0
 */
export function llrOf({ offset, slope, lowest, highest }: LlrMapping, score: number, references = 1): number {
  if (Number.isNaN(score)) throw new RangeError('a score that is no number has no likelihood ratio');
  return Math.max(lowest, Math.min(highest, offset + slope * score) - Math.log10(references));
}

/**
 * The fingers of one person: the sum over those that could be compared, each the best of its references. It takes the fingers of a
 * person for independent, as `fuseFingers` does.
 * @returns undefined when no finger can be compared
 */
export function llrOfFingers(mapping: LlrMapping, fingers: readonly FingerScores[]): number | undefined {
  const compared = fingers.filter(scores => scores.length > 0);
  if (compared.length === 0) return undefined;
  return compared.reduce((sum, scores) => sum + llrOf(mapping, Math.max(...scores), scores.length), 0);
}
