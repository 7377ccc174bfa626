import type { Trust } from '../packet/certificates.ts';
import { PacketError } from '../packet/errors.ts';
import { requireReceiptOf, verifyReceipt } from '../packet/receipt.ts';
import type { OutboxStore } from './store.ts';

export interface TakenReceipts {
  readonly applied: number;
  /** Genuine, but they changed nothing. */
  readonly unchanged: number;
  /** Receipts that were not believed, by code. */
  readonly refused: Readonly<Record<string, number>>;
}

/**
 * Applies receipts that came on a medium, believed as those of the wire are and no more; what they let go is deleted, and
 * what was refused is noted in the audit chain.
 *
 * @param receipts compact JWS
 * @throws OutboxError
 */
export function takeReceipts(
  store: OutboxStore,
  receipts: readonly string[],
  reader: { readonly trust: Trust; readonly now: Date },
  self: { readonly office: string; readonly kiosk: string },
): TakenReceipts {
  const nowMs = reader.now.getTime();
  let [applied, unchanged] = [0, 0];
  const refused: Record<string, number> = {};
  for (const jws of receipts) {
    try {
      const receipt = verifyReceipt(jws, reader, self);
      const row = store.call('find', { id: receipt.packetId });
      requireReceiptOf(receipt, row ?? { id: '', manifestSha256: '' });
      const { packetId: id, state, code } = receipt;
      const effect =
        state === 'resend' ? 'unchanged' : store.call('apply', { outcome: { id, state, code }, nowMs });
      if (effect === 'applied') applied += 1;
      else unchanged += 1;
    } catch (error) {
      if (!(error instanceof PacketError)) throw error;
      refused[error.code] = (refused[error.code] ?? 0) + 1;
    }
  }
  for (const [code, count] of Object.entries(refused))
    store.call('record', { event: { event: 'message_refused', topic: 'medium', code, count }, nowMs });
  store.settle(nowMs);
  return { applied, unchanged, refused };
}
