/** One visit by the scripted hand: body and touches together, from the first touch until the screen is free again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Person, positionCode } from '../people/index.ts';
import { Body, type BodyOptions } from './body.ts';
import { ScreenClient, type View } from './screen-client.ts';
import { Trace, type TracedStage } from './trace.ts';

export interface VisitScript extends Omit<BodyOptions, 'person'> {
  readonly person: Person;
  readonly contact: { readonly mobile: string; readonly email: string | null };
  /** English when absent. */
  readonly language?: string;
  /** What the visitor comes for; to register when absent. */
  readonly purpose?: 'register_level_2' | 'lock' | 'unlock';
  /** What the person who came along is to the visitor; nobody came when absent. */
  readonly relation?: 'parent' | 'guardian';
  /** Fingers the visitor says cannot be placed, by ISO code. */
  readonly missing: ReadonlyMap<number, 'missing' | 'injured'>;
  /** Things that happen around the visitor: called at every view, once begun it runs beside the visit. */
  onView?(view: View): void;
  onStageEnd?(stage: TracedStage): void;
  /** Longest time of the visit, in milliseconds. */
  readonly deadlineMs: number;
  /** Whether the visitor waits at the receipt until the backend has accepted. */
  readonly waitForDelivery: boolean;
}

export interface VisitTrace {
  readonly stages: readonly TracedStage[];
  readonly deviceProblems: readonly string[];
  readonly packetId: string | null;
  /** Delivery as the screen said it last; null without a receipt. */
  readonly delivery: string | null;
  readonly refusal: { readonly reason: string; readonly problem: View['view']['problem'] } | null;
  readonly endReason: string | null;
  readonly touches: number;
}

export async function visit(address: string, script: VisitScript, signal: AbortSignal): Promise<VisitTrace> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(script.deadlineMs)]);
  const client = await ScreenClient.open(address, deadline);
  const trace = new Trace();
  using body = new Body(script);
  let touchedKey = '';
  let touches = 0;
  let packetId: string | null = null;
  let delivery: string | null = null;
  let refusal: VisitTrace['refusal'] = null;
  let endReason: string | null = null;
  let visitId: string | null = null;
  const closing = new AbortController();
  try {
    for await (const view of client.views(AbortSignal.any([deadline, closing.signal]))) {
      const { step } = view.view;
      if (body.failure) throw body.failure;
      if (visitId !== null && view.visitId !== visitId && step !== 'ended') break;
      visitId ??= view.visitId;
      const ended = trace.add(view);
      if (ended) script.onStageEnd?.(ended);
      script.onView?.(view);
      body.react(view);
      if (step === 'receipt') {
        packetId = view.view.packetId ?? null;
        delivery = view.view.delivery ?? null;
      }
      if (step === 'refused')
        refusal = { reason: view.view.reason ?? '', problem: view.view.problem ?? null };
      if (step === 'ended' && visitId !== null) {
        endReason = view.view.reason ?? null;
        break;
      }
      const input = touchFor(view, script);
      const key = `${step}:${view.view.position}`;
      if (!input || key === touchedKey) continue;
      touchedKey = key;
      touches += 1;
      await sleep(script.reactionMs, undefined, { signal: deadline });
      await client.send(input, deadline);
    }
  } finally {
    closing.abort();
  }
  deadline.throwIfAborted();
  if (visitId !== null && endReason === null)
    throw new Error('the screen went away in the middle of the visit');
  trace.end();
  const last = trace.stages.at(-1);
  if (last) script.onStageEnd?.(last);
  return {
    stages: trace.stages,
    deviceProblems: trace.deviceProblems,
    packetId,
    delivery,
    refusal,
    endReason,
    touches,
  };
}

/** The touch that brings the visit on, null while there is nothing to touch. */
function touchFor({ view }: View, script: VisitScript): object | null {
  switch (view.step) {
    case 'idle':
    case 'ended':
      return { type: 'start' };
    case 'language':
      return { type: 'language', language: script.language ?? 'en' };
    case 'purpose':
      return { type: 'purpose', purpose: script.purpose ?? 'register_level_2' };
    case 'bring':
      return { type: 'ready', represented: script.relation !== undefined };
    case 'ground':
      return { type: 'ground', ground: 'holder_request' };
    case 'relation':
      return { type: 'relation', relation: script.relation ?? null };
    case 'consent':
      return { type: 'consent', accepted: true, textSha256: view.textSha256 };
    case 'contact':
      return { type: 'contact', ...script.contact };
    case 'sim':
      return { type: 'sim', confirmed: true };
    case 'integrate':
      return { type: 'integrate', data: ['driving_licence'] };
    case 'fingers': {
      const reason = script.missing.get(positionCode(view.position ?? '') ?? 0);
      return reason ? { type: 'finger_exception', position: view.position, reason } : null;
    }
    case 'review':
      // An officer has to look at it first: there is nothing to touch.
      if (view.awaitsOfficer) return null;
      return { type: 'submit' };
    case 'receipt': {
      const final = view.delivery === 'accepted' || view.delivery === 'rejected';
      return final || !script.waitForDelivery ? { type: 'finish' } : null;
    }
    case 'refused':
      return { type: 'finish' };
    default:
      return null;
  }
}
