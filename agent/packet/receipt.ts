import { Receipt } from '../contract/packet.ts';
import type { Trust } from './certificates.ts';
import { PacketError } from './errors.ts';
import { verifyJws } from './jws.ts';
import { parseSigned, requireKiosk, requireSigner } from './message.ts';

/**
 * Longest a receipt is believed, milliseconds: longer than any packet may wait, removable media included, and short enough
 * that what was recorded long ago is worth nothing.
 */
const VALID_MS = 90 * 24 * 3_600_000;
/** How far a receipt's time may lie ahead of the kiosk's clock, milliseconds. */
const SKEW_MS = 24 * 3_600_000;

/**
 * Verifies the backend's receipt: chain, subject `CN=backend`, signature, form, and that it speaks to this kiosk. That
 * it speaks of a packet this kiosk sent is for {@link requireReceiptOf}, once the packet is known by its id.
 *
 * @throws PacketError of verifyJws and parseSigned; PACKET_WRONG_SIGNER, PACKET_WRONG_KIOSK, PACKET_RECEIPT_EXPIRED
 */
export function verifyReceipt(
  jws: string,
  reader: { readonly trust: Trust; readonly now: Date },
  kiosk: { readonly kiosk: string; readonly office: string },
): Receipt {
  const { payload, signer } = verifyJws(jws, 'vantay.receipt', reader.trust, reader.now);
  const receipt = parseSigned(payload, 'vantay.receipt', Receipt);
  requireSigner(signer, 'backend');
  requireKiosk(receipt, kiosk);
  const ageMs = reader.now.getTime() - Date.parse(receipt.issuedAt);
  if (ageMs > VALID_MS || ageMs < -SKEW_MS)
    throw new PacketError('PACKET_RECEIPT_EXPIRED', 'the receipt is too old, or of a time to come');
  return receipt;
}

/**
 * Holds a receipt to the packet it claims to speak of. A receipt without a manifest hash says that the backend could not
 * read the manifest; only `rejected` and `resend` may say so, since neither lets the kiosk delete anything.
 *
 * @throws PacketError PACKET_WRONG_ID, PACKET_WRONG_MANIFEST
 */
export function requireReceiptOf(
  receipt: Receipt,
  packet: { readonly id: string; readonly manifestSha256: string },
): void {
  if (receipt.packetId !== packet.id) throw new PacketError('PACKET_WRONG_ID', 'receipt of another packet');
  const unread =
    receipt.manifestSha256 === null && (receipt.state === 'rejected' || receipt.state === 'resend');
  if (!unread && receipt.manifestSha256 !== packet.manifestSha256) {
    throw new PacketError('PACKET_WRONG_MANIFEST', 'receipt of other content than was sent');
  }
}
