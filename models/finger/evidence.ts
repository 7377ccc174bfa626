import type { FmrPoint } from '../card.ts';
import { fmrOf } from './fuse.ts';

/** Share of the strictest rate up to which the table gives the slope beyond its end: two decades. */
const SLOPE_FROM = 100;

/**
 * How much a score says, in decades: -log10 of its FMR on the card's table, and beyond the table's strictest point along
 * the slope of its last two decades. That part nobody has measured: it puts candidates in order and is never told as a rate.
 * @param table of (threshold, FMR), in any order
 */
export function evidenceOf(table: readonly FmrPoint[], score: number): number {
  const byRate = table.toSorted((a, b) => a.fmr - b.fmr);
  const strictest = byRate[0];
  const within = -Math.log10(fmrOf(table, score));
  if (!strictest || score <= strictest.threshold) return within;
  const loose = byRate.findLast(({ fmr }) => fmr <= strictest.fmr * SLOPE_FROM) ?? strictest;
  if (loose.threshold >= strictest.threshold) return within;
  const decades = Math.log10(loose.fmr / strictest.fmr);
  const slope = decades / (strictest.threshold - loose.threshold);
  return within + slope * (score - strictest.threshold);
}

/** Whether a score lies beyond what the card has measured: of its FMR only a bound is known. */
export const isBeyond = (table: readonly FmrPoint[], score: number): boolean =>
  score > Math.max(...table.map(({ threshold }) => threshold));
