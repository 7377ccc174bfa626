/** Does what a state of the visit asks for: each activity is one line of stages, its findings reported as events. */

import type { GrayImage } from '../../drivers/device.ts';
import type { Decision } from '../contract/packet.ts';
import type { Biometric } from '../ops/biometric.ts';
import type { DocumentOutcome } from '../pipeline/document.ts';
import type { FaceStage } from '../pipeline/face.ts';
import { takeFace } from '../pipeline/face.ts';
import { type FingerStage, takeFinger } from '../pipeline/finger.ts';
import type { Activity } from './activities.ts';
import type { SessionEvent, State } from './state.ts';
import type { Captured, Compared, Consented, Identification, Lookup } from './visit.ts';

export interface Stages {
  readonly finger: FingerStage;
  readonly face: FaceStage;
  readDocument(signal: AbortSignal): Promise<DocumentOutcome>;
  lookUp(visit: Consented, signal: AbortSignal): Promise<Lookup>;
  compare(
    visit: Captured,
    lookup: Lookup,
    signal: AbortSignal,
  ): Promise<{ readonly decision: Decision; readonly identification?: Identification }>;
  /** Seals and stores; resolves with the packet's id and the day in Vietnam once it is durable. */
  submit(visit: Compared, signal: AbortSignal): Promise<{ packetId: string; handedIn: string }>;
  /** False when the printer did not take it: the receipt on the screen still stands. */
  printSlip(receipt: Extract<State, { kind: 'receipt' }>, signal: AbortSignal): Promise<boolean>;
  /** Told of each finger image for the screen. */
  showFinger(image: Biometric<GrayImage>): void;
}

type Report = (event: SessionEvent) => void;

export async function perform(
  stages: Stages,
  activity: Activity,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  switch (activity.kind) {
    case 'read_document':
      return performReading(stages, report, signal);
    case 'look_up':
      return report({ type: 'record_looked_up', lookup: await stages.lookUp(activity.visit, signal) });
    case 'take_finger':
      return performFinger(stages, activity, report, signal);
    case 'take_face':
      for await (const progress of takeFace(stages.face, signal)) {
        report(
          progress.kind === 'live'
            ? { type: 'face_live', live: progress.live }
            : { type: 'face_taken', face: progress.face },
        );
      }
      return;
    case 'compare':
      return report({
        type: 'compared',
        ...(await stages.compare(activity.visit, activity.lookup, signal)),
      });
    case 'submit':
      return report({ type: 'submitted', ...(await stages.submit(activity.visit, signal)) });
    case 'print_slip':
      return report({ type: 'slip', printed: await stages.printSlip(activity.receipt, signal) });
  }
}

/** On and on until the step is left: what was read may be a code, or another document than the one that is asked for. */
export async function performReading(
  stages: Pick<Stages, 'readDocument'>,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) report(readingEvent(await stages.readDocument(signal)));
}

function readingEvent(outcome: DocumentOutcome): SessionEvent {
  switch (outcome.kind) {
    case 'document':
      return { type: 'document_read', document: outcome.document };
    case 'appointment':
      return { type: 'appointment_read', code: outcome.code };
    case 'problem':
      return { type: 'document_problem', problem: outcome.problem };
  }
}

async function performFinger(
  stages: Stages,
  activity: Extract<Activity, { kind: 'take_finger' }>,
  report: Report,
  signal: AbortSignal,
): Promise<void> {
  for await (const progress of takeFinger(stages.finger, activity, signal)) {
    if (progress.kind === 'live') {
      if (progress.image) stages.showFinger(progress.image);
      report({ type: 'finger_live', live: progress.live });
    } else if (progress.kind === 'taken') {
      report({ type: 'finger_taken', finger: progress.finger });
    } else {
      report({ type: 'finger_unreadable', position: activity.position });
    }
  }
}
