/**
 * What the scores of one visit say of the order of its fingers. It reports; whoever asks decides whether a finger is taken
 * anew.
 */

/** Scores of captures (rows) with references (columns), as `FingerModels.match` gives them. */
export type ScoreMatrix = readonly (readonly number[])[];

/** How captures and references go together. Names are the callers' own: finger positions. */
export interface Arrangement<Name> {
  /**
   * 'as_labelled': no capture matches another finger's reference better than its own. 'rearranged': captures match, but under
   * other names. 'unclear': too little matches to tell.
   */
  readonly outcome: 'as_labelled' | 'rearranged' | 'unclear';
  /** Captures that match the reference of another finger, and not that of their own. */
  readonly moved: readonly { readonly from: Name; readonly to: Name; readonly score: number }[];
  /** Captures that match the reference of their own finger. */
  readonly inPlace: readonly Name[];
}

/**
 * Whether the captures match the references better in another arrangement than as they are labelled: hands swapped,
 * neighbours taken for each other, the same finger under two names.
 * @param captures names of the matrix's rows
 * @param references names of its columns; a name may stand several times, the best of its scores counts
 * @param scores captures x references
 * @param matchScore from the matching card: the threshold at the FMR asked of one pair. As every capture meets every
 *   reference, a whole visit is tried captures x references times
 * @throws RangeError when names and matrix disagree
 */
export function arrangementOf<Name>(
  captures: readonly Name[],
  references: readonly Name[],
  scores: ScoreMatrix,
  matchScore: number,
): Arrangement<Name> {
  if (scores.length !== captures.length || scores.some(row => row.length !== references.length))
    throw new RangeError('names and scores disagree');
  const moved: { from: Name; to: Name; score: number }[] = [];
  const inPlace: Name[] = [];
  captures.forEach((from, row) => {
    const byName = new Map<Name, number>();
    references.forEach((name, column) => {
      byName.set(name, Math.max(scores[row]![column]!, byName.get(name) ?? Number.NEGATIVE_INFINITY));
    });
    const own = byName.get(from) ?? Number.NEGATIVE_INFINITY;
    const [to, score] = [...byName].reduce((best, next) => (next[1] > best[1] ? next : best), [from, own]);
    if (own >= matchScore) inPlace.push(from);
    else if (to !== from && score >= matchScore) moved.push({ from, to, score });
  });
  const outcome = moved.length > 0 ? 'rearranged' : inPlace.length > 0 ? 'as_labelled' : 'unclear';
  return { outcome, moved, inPlace };
}
