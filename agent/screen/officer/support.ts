/** What a likelihood ratio is called, so that nobody has to weigh a number. */

export interface Support {
  readonly strength: 'weak' | 'moderate' | 'strong' | 'very_strong';
  /** Whether it speaks for the person of the record or for somebody else. */
  readonly speaks: 'for' | 'against';
}

/**
 * The words of ENFSI's Guideline for Evaluative Reporting in Forensic Science (2015), with its moderately strong as moderate and its
 * extremely strong as very strong: weak up to 10 times likelier, moderate to 1,000, strong to 10,000.
 * @param llr in decades; null where it is unknown, which has no word
 */
export function supportOf(llr: number | null): Support | null {
  if (llr === null) return null;
  const decades = Math.abs(llr);
  const strength = decades < 1 ? 'weak' : decades < 3 ? 'moderate' : decades < 4 ? 'strong' : 'very_strong';
  return { strength, speaks: llr > 0 ? 'for' : 'against' };
}
