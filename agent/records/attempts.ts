/** How often a claim may be tried: NIST SP 800-63B-4 section 3.2.3 asks for a limit on failed biometric comparisons. */
import { createHmac, randomBytes } from 'node:crypto';
import type { KeptAttempts } from '../contract/attempts.ts';
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

/** Counts failed comparisons with one claimed identity, over visits; claims are keyed hashes. Time is passed in, of one clock. */
export class AttemptLimit {
  readonly #key: Uint8Array;
  /** In the order of their last failure. */
  readonly #rows: Map<string, Row>;

  /** @param key of the hashes; without one that is kept, counts end with this process */
  constructor(key: Uint8Array = randomBytes(32), rows: KeptAttempts = []) {
    this.#key = key;
    this.#rows = new Map(rows.map(({ claim, ...row }) => [claim, row]));
  }

  get rows(): KeptAttempts {
    return [...this.#rows].map(([claim, row]) => ({ claim, ...row }));
  }

  /** Whether nothing may be compared with this claim now. */
  barred(claimant: Claimant, nowMs: number): boolean {
    const row = this.#rows.get(this.#nameOf(claimant));
    if (!row || sinceMs(row, nowMs) >= FORGET_MS || row.failures < FREE_FAILURES) return false;
    return row.failures >= MOST_FAILURES || sinceMs(row, nowMs) < PAUSE_MS;
  }

  /** Takes what a comparison came to; a match ends the row of failures. */
  note(claimant: Claimant, decision: Decision, nowMs: number): void {
    const name = this.#nameOf(claimant);
    const row = this.#rows.get(name);
    if (decision.outcome === 'match') this.#rows.delete(name);
    if (!failed(decision)) return;
    const before = row && sinceMs(row, nowMs) < FORGET_MS ? row.failures : 0;
    this.#rows.delete(name);
    this.#rows.set(name, { failures: before + 1, lastMs: nowMs });
    if (this.#rows.size > MOST_CLAIMS) this.#rows.delete(this.#rows.keys().next().value ?? '');
  }

  #nameOf({ travelDocument: { document, person } }: Claimant): string {
    const claim = [person.nationality, document.number, person.birthDate];
    return createHmac('sha256', this.#key).update(JSON.stringify(claim)).digest('base64');
  }
}

/** A clock that was set back must not make a pause longer. */
const sinceMs = ({ lastMs }: Row, nowMs: number): number => Math.abs(nowMs - lastMs);

/** Whether something was compared and did not match: where nothing could be compared, nobody tried anything. */
const failed = ({ outcome, face, finger }: Decision): boolean =>
  outcome !== 'match' &&
  [face.outcome, finger.outcome].some(one => one === 'no_match' || one === 'inconclusive');
