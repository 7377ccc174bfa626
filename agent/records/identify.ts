/** Who else the applicant may be: a search where it can be made, each candidate compared 1:1 in face and fingers. */
import { anyOf, fmrOf, jointRate, ModelError } from '../../models/index.ts';
import type { Decision } from '../contract/packet.ts';
import { Biometric } from '../ops/biometric.ts';
import type { Candidate, Captured, Identification, Lookup } from '../session/visit.ts';
import { abortable } from '../uplink/deadline.ts';
import { type Comparer, compareReferences, compareVisit } from './compare.ts';
import { barredDecision, type Comparison, modalityResult } from './decide.ts';
import { type AttemptMemory, forThisRun } from './kept-attempts.ts';
import { type Found, type FoundRecord, type Known, type Probe, probeOf } from './known.ts';

export interface IdentifyOptions {
  readonly comparer: Comparer;
  /** Asked one after the other, until one has searched. */
  readonly known: readonly Known[];
}

interface DecideOptions extends IdentifyOptions {
  readonly attempts?: AttemptMemory;
  /** Milliseconds of the clock that attempts are counted by. */
  nowMs(): number;
}

/** Candidates of the search that are compared 1:1. */
const WANTED = 20;

/**
 * Searches for others than the claimed record. Never accepts anybody: what it finds is for an officer to look at.
 * @throws ModelError when the models fail for good; the abort reason
 */
async function identify(
  { comparer, known }: IdentifyOptions,
  visit: Captured,
  lookup: Lookup,
  signal: AbortSignal,
): Promise<Identification> {
  const probe = probeOf(visit);
  for (const one of known) {
    const found = await searchAt(one, probe, signal);
    const candidates = found && (await judged(comparer, { visit, lookup, found, fpir: one.fpir }, signal));
    if (!candidates) continue;
    const { place, fpir } = one;
    return {
      state: 'searched',
      ...{ place, searched: found.size, modalities: found.modalities, fpirAsked: fpir },
      candidates: new Biometric(candidates),
    };
  }
  return { state: 'not_searched' };
}

/** Whoever cannot be searched for is still compared with the claimed record: only the visit's own end ends it. */
async function searchAt(known: Known, probe: Probe, signal: AbortSignal): Promise<Found | null> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(known.limitMs)]);
  try {
    return await abortable(known.search(probe, WANTED, limit), limit);
  } catch {
    signal.throwIfAborted();
    return null;
  }
}

interface Searched {
  readonly visit: Captured;
  readonly lookup: Lookup;
  readonly found: Found;
  readonly fpir: number;
}

/** Null where templates came that the models cannot read: what was found then says nothing. */
async function judged(
  comparer: Comparer,
  { visit, lookup, found, fpir }: Searched,
  signal: AbortSignal,
): Promise<Candidate[] | null> {
  const claimed = lookup.state === 'found' ? lookup.recordId : null;
  const candidates: Candidate[] = [];
  for (const record of found.records) {
    if (record.recordId === claimed) continue;
    try {
      const comparison = await compareReferences(comparer, visit, record.references, signal);
      const candidate = candidateOf(record, comparison, comparer, found.size);
      if (candidate.fpir <= fpir && candidate.finger !== 'no_match') candidates.push(candidate);
    } catch (error) {
      if (error instanceof ModelError && error.code === 'MODEL_INPUT') return null;
      throw error;
    }
  }
  return candidates.sort((a, b) => a.fpir - b.fpir);
}

function candidateOf(
  record: FoundRecord,
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

/**
 * What compares an applicant with the claimed record and, where that is possible, with all that are known; it counts how often a
 * claim fails. Errors as {@link identify}.
 */
export function deciderOf({ comparer, known, attempts = forThisRun(), nowMs }: DecideOptions) {
  return async (
    visit: Captured,
    lookup: Lookup,
    signal: AbortSignal,
  ): Promise<{ readonly decision: Decision; readonly identification?: Identification }> => {
    const limit = await attempts.load();
    if (lookup.state === 'found' && limit.barred(visit, nowMs()))
      return { decision: barredDecision(comparer.models) };
    const decision = await compareVisit(comparer, visit, lookup, signal);
    limit.note(visit, decision, nowMs());
    await attempts.keep(limit);
    // Whoever only locks or unlocks an account was identified when it was made.
    if (known.length === 0 || visit.purpose !== 'register_level_2') return { decision };
    const identification = await identify({ comparer, known }, visit, lookup, signal);
    return { decision: withCandidates(decision, identification), identification };
  };
}

/** The decision with what the search found: whoever is known otherwise is never decided upon by the machine. */
function withCandidates(decision: Decision, found: Identification): Decision {
  if (found.state === 'not_searched' || found.candidates.reveal().length === 0) return decision;
  switch (decision.outcome) {
    case 'match':
      return { ...decision, outcome: 'inconclusive', reason: 'known_otherwise_too' };
    case 'no_match':
      return { ...decision, reason: 'known_otherwise_only' };
    default:
      return { ...decision, outcome: 'inconclusive', reason: 'may_be_known_otherwise' };
  }
}
