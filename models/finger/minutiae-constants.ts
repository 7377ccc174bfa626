/**
 * Constants of the comparison of minutiae alone, from the file beside its card, which says what they were set on. Lengths are pixels
 * at 500 ppi.
 */
export interface MinutiaeConstants {
  /** Prints with fewer minutiae share too little to be told apart: they score 0. */
  readonly minMinutiae: number;
  /** Candidate pairs kept. */
  readonly pairs: number;
  /** Of the dual softmax over likenesses. */
  readonly sharpness: number;
  /** Of relaxation. */
  readonly rounds: number;
  /** How far two pairs may disagree: px, and px a px of distance. */
  readonly spreadPx: number;
  readonly spreadGrowth: number;
  /** Of 1 - cos of the disagreement in rotation. */
  readonly rotationSpread: number;
  /** Support that is worth half a weight. */
  readonly halfSupport: number;
  /** Share of its weight that a pair keeps beside a stronger one of the same minutia. */
  readonly rivalShare: number;
  readonly minWeight: number;
  /** Of a pair's directions beside its positions in the rigid fit, px^2. */
  readonly directionWeightPx2: number;
  /** Of pairing after alignment. */
  readonly looseSpreadPx: number;
  /** A minutia this near to one of the other print lies in the overlap. */
  readonly overlapPx: number;
  readonly overlapSoftnessPx: number;
  /** Score of two prints that share nothing and do not overlap; keeps most strangers above 0, so that they can be told apart. */
  readonly base: number;
  /** Of the score's terms beside the logarithm of the pairs' strength. */
  readonly supportWeight: number;
  readonly shareWeight: number;
  readonly overlapWeight: number;
}
