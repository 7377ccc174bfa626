/** How often a claim may be tried: NIST SP 800-63B-4 section 3.2.3 asks for a limit on failed biometric comparisons. */
import { createHmac, randomBytes } from 'node:crypto';
import type { Decision } from '../contract/packet.ts';
import type { Consented } from '../session/visit.ts';

/** Failures in a row after which a pause is due before each further try. */
const FREE_FAILURES = 5;
/** Failures in a row after which nothing is compared until the count is over. */
const MOST_FAILURES = 50;
/** The pause, milliseconds. */
const PAUSE_MS = 30_000;
/** A row of failures is forgotten so long after its last one, milliseconds. */
const FORGET_MS = 24 * 3_600_000;
/** Claims remembered; the one that failed longest ago goes first. */
const MOST_CLAIMS = 10_000;

type Claimant = Pick<Consented, 'travelDocument'>;

interface Row {
  readonly failures: number;
  readonly lastMs: number;
}

/**
 * Counts failed comparisons with one claimed identity, over visits. In memory alone, under a key of this run: who claimed
 * what is written nowhere. Time is passed in.
 */
export class AttemptLimit {
  readonly #key = randomBytes(32);
  /** In the order of their last failure. */
  readonly #rows = new Map<string, Row>();

  /** Whether nothing may be compared with this claim now. */
  barred(claimant: Claimant, nowMs: number): boolean {
    const row = this.#rows.get(this.#nameOf(claimant));
    if (!row || nowMs - row.lastMs >= FORGET_MS || row.failures < FREE_FAILURES) return false;
    return row.failures >= MOST_FAILURES || nowMs - row.lastMs < PAUSE_MS;
  }

  /** Takes what a comparison came to; a match ends the row of failures. */
  note(claimant: Claimant, decision: Decision, nowMs: number): void {
    const name = this.#nameOf(claimant);
    const row = this.#rows.get(name);
    if (decision.outcome === 'match') this.#rows.delete(name);
    if (!failed(decision)) return;
    const before = row && nowMs - row.lastMs < FORGET_MS ? row.failures : 0;
    this.#rows.delete(name);
    this.#rows.set(name, { failures: before + 1, lastMs: nowMs });
    if (this.#rows.size > MOST_CLAIMS) this.#rows.delete(this.#rows.keys().next().value ?? '');
  }

  #nameOf({ travelDocument: { document, person } }: Claimant): string {
    const claim = [person.nationality, document.number, person.birthDate];
    return createHmac('sha256', this.#key).update(JSON.stringify(claim)).digest('base64');
  }
}

/** Whether something was compared and did not match: where nothing could be compared, nobody tried anything. */
const failed = ({ outcome, face, finger }: Decision): boolean =>
  outcome !== 'match' &&
  [face.outcome, finger.outcome].some(one => one === 'no_match' || one === 'inconclusive');
