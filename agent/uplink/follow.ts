/** A packet's way after the visit, as long as somebody stands before the receipt. */
import type { Session } from '../session/run.ts';
import type { PacketFate } from './publisher.ts';

type Delivery = 'delivered' | 'accepted' | 'rejected';

export interface FollowOptions {
  fateOf(packetId: string, timeoutMs: number, signal: AbortSignal): Promise<PacketFate>;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  onFailure(error: unknown): void;
}

const WAIT_MS = 10_000;
/** Between looks at a packet that is verified but not accepted yet, in milliseconds. */
const LOOK_AGAIN_MS = 250;

/** Tells the visit what becomes of its packet, from the moment its receipt is shown until that is left. */
export function followReceipts(session: Session, options: FollowOptions, stopping: AbortSignal): void {
  session.onChange(({ state, previous }) => {
    if (state.kind !== 'receipt' || previous.kind === 'receipt') return;
    const { packetId } = state;
    const left = new AbortController();
    const unsubscribe = session.onChange(change => {
      if (change.state.kind === 'receipt') return;
      left.abort(new Error('the receipt was left'));
      unsubscribe();
    });
    const signal = AbortSignal.any([left.signal, stopping]);
    const tell = (delivery: Delivery) => session.dispatch({ type: 'delivery', packetId, delivery });
    followDelivery(packetId, tell, options, signal).catch((error: unknown) => {
      if (!signal.aborted) options.onFailure(error);
    });
  });
}

/** @throws the abort reason */
async function followDelivery(
  packetId: string,
  tell: (delivery: Delivery) => void,
  options: FollowOptions,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const fate = await options.fateOf(packetId, WAIT_MS, signal);
    if (fate.state !== 'pending') {
      if (fate.receiptState === 'accepted') return tell('accepted');
      // The authority wants another capture, or none at all: either way the applicant has to see an officer.
      if (fate.state === 'rejected' || ['rejected', 'recapture'].includes(fate.receiptState)) {
        return tell('rejected');
      }
      tell('delivered');
    }
    await options.sleep(LOOK_AGAIN_MS, signal);
  }
}
