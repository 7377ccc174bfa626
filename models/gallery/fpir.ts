import type { FmrPoint } from '../card.ts';
import { isBeyond } from '../finger/evidence.ts';
import { fmrOf } from '../finger/fuse.ts';
import { anyOf } from '../rates.ts';

/**
 * How often a search for somebody who is not in the gallery gives a candidate with this score or more (FPIR, ISO/IEC
 * 19795-1): 1 - (1 - FMR)^size, as though its comparisons were independent. Beyond what a card has measured its
 * strictest rate stands, so a large gallery says 1 rather than something nobody measured: see {@link isFpirBound}.
 * @param table of the embedding's card
 * @param size records in the gallery
 */
export const fpirOf = (table: readonly FmrPoint[], score: number, size: number): number =>
  size === 0 ? 0 : anyOf(fmrOf(table, score), size);

/** Whether `fpirOf` gives only a bound: the card has measured nothing that strict, and the rate may be far lower. */
export const isFpirBound = isBeyond;
