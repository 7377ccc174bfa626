/** A packet's way after the visit, as long as somebody stands before the receipt. */
import type { PacketFate } from './publisher.ts';

export interface FollowOptions {
  fateOf(packetId: string, timeoutMs: number, signal: AbortSignal): Promise<PacketFate>;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Called on every change, ending with 'accepted' or 'rejected'. */
  onDelivery(delivery: 'delivered' | 'accepted' | 'rejected'): void;
}

const WAIT_MS = 10_000;
/** Between looks at a packet that is verified but not accepted yet, in milliseconds. */
const LOOK_AGAIN_MS = 250;

/** @throws the abort reason */
export async function followDelivery(
  packetId: string,
  options: FollowOptions,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const fate = await options.fateOf(packetId, WAIT_MS, signal);
    if (fate.state !== 'pending') {
      if (fate.receiptState === 'accepted') return options.onDelivery('accepted');
      // The authority wants another capture, or none at all: either way the applicant has to see an officer.
      if (fate.state === 'rejected' || ['rejected', 'recapture'].includes(fate.receiptState)) {
        return options.onDelivery('rejected');
      }
      options.onDelivery('delivered');
    }
    await options.sleep(LOOK_AGAIN_MS, signal);
  }
}
