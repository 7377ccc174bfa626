import { type Message, type SigningKey, signMessage } from './sealed/jws.ts';
import type { SchemaCheck } from './sealed/schema.ts';

export type ReceiptState = 'received' | 'verified' | 'accepted' | 'rejected' | 'resend' | 'recapture';

/** What a receipt says, apart from what every receipt says. */
export interface ReceiptWord {
  readonly packetId: string;
  readonly office: string;
  readonly kiosk: string;
  readonly state: ReceiptState;
  /** Null where the packet could not be opened. */
  readonly manifestSha256: string | null;
  readonly code?: string;
  readonly chunks?: readonly number[];
  /** What is to be captured again, with `recapture`. */
  readonly modality?: 'finger' | 'face';
}

/**
 * Writes one receipt as compact JWS.
 * @throws when it would not be as `receipt.schema.json` says: a bug of the simulation
 */
export function writeReceipt(
  word: ReceiptWord,
  signer: SigningKey,
  schema: SchemaCheck,
  at: Date,
): Promise<string> {
  const receipt: Message = {
    type: 'vantay.receipt',
    schemaVersion: 1,
    packetId: word.packetId,
    office: word.office,
    kiosk: word.kiosk,
    manifestSha256: word.manifestSha256,
    state: word.state,
    code: word.code ?? null,
    chunks: word.chunks ?? null,
    ...(word.modality && { modality: word.modality }),
    issuedAt: at.toISOString(),
  };
  const fault = schema(receipt);
  if (fault !== null) throw new Error(`the receipt is not as its schema says: ${fault}`);
  return signMessage(receipt, signer);
}
