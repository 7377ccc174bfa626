/** How a visit ended, as `npm run visit -- --json` prints it. */
import type { AcceptedPacket } from '../backend/options.ts';
import type { TracedStage } from '../visitor/trace.ts';
import type { VisitTrace } from '../visitor/visit.ts';

interface Liveness {
  readonly mode: string;
  readonly challenge: string | null;
  readonly passed: boolean | null;
  readonly score: number | null;
  readonly injection: readonly string[];
}

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
    /** What compared each finger, as the packet names its models. */
    readonly fingers: readonly { readonly position: string; readonly model: string }[];
  } | null;
  /** What came of the challenge before the camera; null without a packet. */
  readonly liveness: Liveness | null;
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
  readonly decision: NonNullable<VisitResult['decision']>;
  readonly exceptions: VisitResult['exceptions'];
  readonly samples: readonly { readonly modality: string; readonly pad?: Liveness }[];
}

export function resultOf(scenario: string, trace: VisitTrace, packet: AcceptedPacket | null): VisitResult {
  const told = (packet?.manifest ?? null) as Told | null;
  const decision = told && {
    outcome: told.decision.outcome,
    reason: told.decision.reason,
    face: told.decision.face,
    finger: told.decision.finger,
    fingers: told.decision.fingers.map(({ position, model }) => ({ position, model })),
  };
  return {
    scenario,
    outcome: decision?.outcome ?? (trace.refusal ? 'refused' : (trace.endReason ?? 'unknown')),
    stages: trace.stages,
    decision,
    liveness: livenessOf(told),
    exceptions: told?.exceptions ?? [],
    refusal: trace.refusal,
    deviceProblems: trace.deviceProblems,
    packetId: trace.packetId,
    packetBytes: packet?.bytes ?? null,
    receipt: trace.delivery ? { state: trace.delivery } : null,
    touches: trace.touches,
  };
}

function livenessOf(told: Told | null): Liveness | null {
  const pad = told?.samples.find(({ modality }) => modality === 'face')?.pad;
  if (!pad) return null;
  const { mode, challenge, passed, score, injection } = pad;
  return { mode, challenge, passed, score, injection };
}
