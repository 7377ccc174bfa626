/** The law and the operator's settings as the machine asks for them, and as it is asked before a dossier leaves. */
import type { FingerPosition } from '../contract/common.ts';
import type { Config } from '../contract/config.ts';
import { missingContents, needsRepresentative, refusal, representativeProblem } from '../procedure/index.ts';
import { consentText } from '../screen/consent.ts';
import { OFFERED_LANGUAGES } from '../screen/messages/index.ts';
import type { Policy } from './state.ts';
import type { Compared } from './visit.ts';

/** @param today calendar date in Vietnam */
export function policyOf(config: Config, today: () => string): Policy {
  return {
    languages: OFFERED_LANGUAGES,
    printer: config.devices.printer !== undefined,
    officerDecides: config.officer !== undefined,
    fingers: purpose =>
      purpose === 'register_level_2' ? config.visit.fingers : verifying(config.visit.fingers),
    documentAttempts: config.visit.documentAttempts,
    consentText: visit => {
      const { textVersion, textSha256 } = consentText(visit);
      return { textVersion, textSha256 };
    },
    refusal: ({ travelDocument, residenceCard }, purpose) =>
      refusal(travelDocument, residenceCard, purpose, today()),
    needsRepresentative: ({ travelDocument }) => needsRepresentative(travelDocument.person, today()),
    representativeProblem: (papers, representative) => representativeProblem(papers, representative, today()),
  };
}

/** Fingers that people place best: enough where somebody is only verified, not enrolled. */
const INDEX_FINGERS: readonly FingerPosition[] = ['right_index', 'left_index'];

function verifying(fingers: readonly FingerPosition[]): readonly FingerPosition[] {
  const index = fingers.filter(position => INDEX_FINGERS.includes(position));
  return index.length > 0 ? index : fingers.slice(0, INDEX_FINGERS.length);
}

/** Level 2 without one of its contents would be a fault of this agent: it must not reach the authority. @throws Error */
export function checkComplete(visit: Compared, wanted: readonly FingerPosition[]): void {
  const { person, document: travelDocument } = visit.travelDocument;
  const fingers = visit.fingers.map(({ position }) => position);
  const dossier = { person, travelDocument, portrait: true, fingers, exceptions: visit.exceptions };
  const missing = missingContents(2, dossier, wanted);
  if (missing.length > 0) throw new Error(`the dossier lacks ${missing.join(', ')}`);
}
