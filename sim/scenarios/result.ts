/** How a visit ended, as `npm run visit -- --json` prints it. */
import type { AcceptedPacket } from '../backend/options.ts';
import type { TracedStage } from '../visitor/trace.ts';
import type { VisitTrace } from '../visitor/visit.ts';

interface Modality {
  readonly outcome: string;
  readonly score: number | null;
  readonly threshold: number | null;
  readonly fmr: number | null;
}

export interface VisitResult {
  readonly scenario: string;
  /** match, no_match, inconclusive, no_record; refused; or how the visit ended without either. */
  readonly outcome: string;
  readonly stages: readonly TracedStage[];
  readonly decision: {
    readonly outcome: string;
    readonly reason: string;
    readonly face: Modality;
    readonly finger: Modality;
  } | null;
  readonly exceptions: readonly { readonly position: string; readonly reason: string }[];
  readonly refusal: VisitTrace['refusal'];
  readonly deviceProblems: readonly string[];
  readonly packetId: string | null;
  /** Length of the sealed packet. */
  readonly packetBytes: number | null;
  /** State of the last receipt the screen showed: stored, delivered, accepted, rejected; null without a packet. */
  readonly receipt: { readonly state: string } | null;
  readonly touches: number;
}

/** What of a manifest the result tells; opened by the simulated backend with its own key. */
interface Told {
  readonly decision: VisitResult['decision'] & { readonly face: Modality; readonly finger: Modality };
  readonly exceptions: VisitResult['exceptions'];
}

export function resultOf(scenario: string, trace: VisitTrace, packet: AcceptedPacket | null): VisitResult {
  const told = (packet?.manifest ?? null) as Told | null;
  const decision = told && {
    outcome: told.decision.outcome,
    reason: told.decision.reason,
    face: told.decision.face,
    finger: told.decision.finger,
  };
  return {
    scenario,
    outcome: decision?.outcome ?? (trace.refusal ? 'refused' : (trace.endReason ?? 'unknown')),
    stages: trace.stages,
    decision,
    exceptions: told?.exceptions ?? [],
    refusal: trace.refusal,
    deviceProblems: trace.deviceProblems,
    packetId: trace.packetId,
    packetBytes: packet?.bytes ?? null,
    receipt: trace.delivery ? { state: trace.delivery } : null,
    touches: trace.touches,
  };
}
