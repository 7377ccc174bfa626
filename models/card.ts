import { readFile } from 'node:fs/promises';
import type { LlrMapping } from './llr.ts';

/** A measured point of a score distribution: comparisons scoring `threshold` or more are false matches at rate `fmr`. */
export interface FmrPoint {
  /** False match rate, 0..1 (ISO/IEC 19795-1). */
  readonly fmr: number;
  readonly threshold: number;
  /** Upper end of the 95 % confidence interval of `fmr`. */
  readonly fmrUpper95?: number;
}

/** What is known of one model, told honestly; committed beside its weights as `<id>.card.json`. */
export interface ModelCard {
  readonly id: string;
  readonly version: string;
  readonly task: string;
  /** File name of the weights, relative to the card or as the card's `location` says. */
  readonly file: string;
  readonly sha256: string;
  readonly licence: string;
  readonly source: string;
  readonly trainingData: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly limits: readonly string[];
  /** Only on cards of models whose score decides: from the strictest FMR to the loosest. */
  readonly fmrTable?: readonly FmrPoint[];
  /** Only beside `fmrTable`, where genuine scores were measured too: what a score of one comparison says. */
  readonly llr?: LlrMapping;
  /** Only on cards of passive liveness networks: the least mean score that an operator accepts, 0..1; absent: evidence alone. */
  readonly passiveThreshold?: number;
  readonly [more: string]: unknown;
}

export const readCard = async (path: string): Promise<ModelCard> =>
  JSON.parse(await readFile(path, 'utf8')) as ModelCard;

/**
 * The score to ask for at a false match rate: that of the loosest measured point whose FMR is not above what is asked.
 * @throws RangeError when the card has measured nothing that strict: a threshold is never extrapolated
 */
export function thresholdAt(table: readonly FmrPoint[], fmr: number): number {
  const strictEnough = table.filter(point => point.fmr <= fmr).sort((a, b) => b.fmr - a.fmr);
  const point = strictEnough[0];
  if (!point) throw new RangeError(`no threshold measured for FMR ${fmr}`);
  return point.threshold;
}
