/** Who else the applicant may be: a search among the kept faces, each candidate compared 1:1 in face and fingers. */
import { anyOf, fmrOf, jointRate } from '../../models/index.ts';
import type { Decision } from '../contract/packet.ts';
import { Biometric } from '../ops/biometric.ts';
import type { Candidate, Captured, Identification, Lookup } from '../session/visit.ts';
import { AttemptLimit } from './attempts.ts';
import type { KeptRecord } from './cache/types.ts';
import { type Comparer, compareReferences, compareVisit } from './compare.ts';
import { barredDecision, type Comparison, modalityResult } from './decide.ts';

/** The records that are searched, on this kiosk or elsewhere. */
export interface Known {
  /** Rows of the likeliest records, and how many were searched; null when nothing can be searched now. */
  search(
    face: Float32Array,
    wanted: number,
    signal: AbortSignal,
  ): Promise<{ readonly size: number; readonly rows: readonly number[] } | null>;
  /** Null when it is gone. */
  at(row: number): Promise<KeptRecord | null>;
}

export interface IdentifyOptions {
  readonly comparer: Comparer;
  readonly known: Known;
  /** False positive identification rate (ISO/IEC 19795-1) asked of a whole search, 0..1. */
  readonly fpir: number;
}

interface DecideOptions extends Omit<IdentifyOptions, 'known'> {
  /** Null where nothing is kept. */
  readonly known: Known | null;
  /** Monotonic milliseconds. */
  nowMs(): number;
}

/** Candidates of the search that are compared 1:1. */
const WANTED = 20;
/** Longest a search may hold the visit up, in milliseconds; the 1:1 decision then stands alone. */
const SEARCH_LIMIT_MS = 5_000;

/**
 * Searches for others than the claimed record. Never accepts anybody: what it finds is for an officer to look at.
 * @returns null where nothing could be searched
 * @throws ModelError when the models fail for good; the abort reason
 */
async function identify(
  { comparer, known, fpir }: IdentifyOptions,
  visit: Captured,
  lookup: Lookup,
  signal: AbortSignal,
): Promise<Identification | null> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(SEARCH_LIMIT_MS)]);
  const found = await known.search(meanFace(visit), WANTED, limit);
  signal.throwIfAborted();
  if (!found) return null;
  const claimed = lookup.state === 'found' ? lookup.recordId : null;
  const candidates: Candidate[] = [];
  for (const row of found.rows) {
    const record = await known.at(row);
    if (!record || record.recordId === claimed) continue;
    const comparison = await compareReferences(comparer, visit, record.references, signal);
    const candidate = candidateOf(record, comparison, comparer, found.size);
    if (candidate.fpir <= fpir && candidate.finger !== 'no_match') candidates.push(candidate);
  }
  candidates.sort((a, b) => a.fpir - b.fpir);
  return { searched: found.size, fpirAsked: fpir, candidates: new Biometric(candidates) };
}

function candidateOf(
  record: KeptRecord,
  comparison: Comparison,
  { faceTable }: Comparer,
  size: number,
): Candidate {
  const { recordId, person, travelDocumentNumber, residenceCardNumber, references } = record;
  const { face, finger } = comparison;
  const rates = [
    ...(face.kind === 'scored' ? [Math.min(1, fmrOf(faceTable, face.score) * references.faces.length)] : []),
    // The fused score of the fingers is -log10 of its false match rate.
    ...(finger.kind === 'scored' ? [10 ** -finger.score] : []),
  ];
  return {
    ...{ recordId, person, travelDocumentNumber, residenceCardNumber },
    ...(references.portrait ? { portrait: references.portrait } : {}),
    fpir: anyOf(jointRate(rates), size),
    face: modalityResult(face).outcome,
    finger: modalityResult(finger).outcome,
  };
}

/** One probe for all frames of the portrait's window. */
function meanFace({ face }: Captured): Float32Array {
  const { embeddings } = face.sample.reveal();
  const mean = new Float32Array(embeddings[0]?.length ?? 0);
  for (const embedding of embeddings)
    for (const [at, value] of embedding.entries()) mean[at]! += value / embeddings.length;
  return mean;
}

/**
 * What compares an applicant with the claimed record and, where that is possible, with all that are kept; it counts how often a
 * claim fails. Errors as {@link identify}.
 */
export function deciderOf({ comparer, known, fpir, nowMs }: DecideOptions) {
  const attempts = new AttemptLimit();
  return async (
    visit: Captured,
    lookup: Lookup,
    signal: AbortSignal,
  ): Promise<{ readonly decision: Decision; readonly identification?: Identification }> => {
    if (lookup.state === 'found' && attempts.barred(visit, nowMs()))
      return { decision: barredDecision(comparer.models) };
    const decision = await compareVisit(comparer, visit, lookup, signal);
    attempts.note(visit, decision, nowMs());
    // Whoever only locks or unlocks an account was identified when it was made.
    if (!known || visit.purpose !== 'register_level_2') return { decision };
    const identification = await identify({ comparer, known, fpir }, visit, lookup, signal);
    return identification
      ? { decision: withCandidates(decision, identification), identification }
      : { decision };
  };
}

/** The decision with what the search found: whoever is known otherwise is never decided upon by the machine. */
function withCandidates(decision: Decision, found: Identification): Decision {
  if (found.candidates.reveal().length === 0) return decision;
  switch (decision.outcome) {
    case 'match':
      return { ...decision, outcome: 'inconclusive', reason: 'known_otherwise_too' };
    case 'no_match':
      return { ...decision, reason: 'known_otherwise_only' };
    default:
      return { ...decision, outcome: 'inconclusive', reason: 'may_be_known_otherwise' };
  }
}
