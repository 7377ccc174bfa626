import type { PacketManifest } from '../../backend/judge.ts';
import type { ReceiptState } from '../../backend/receipts.ts';
import type { ServiceKeyFiles } from '../../backend/sealed/keys.ts';
import type { ReassemblyLimits } from '../../backend/sealed/reassembly.ts';
import type { StoredPacket } from '../../backend/store.ts';
import type { BrokerAccess } from '../broker/client.ts';
import type { KioskAddress } from '../broker/topics.ts';
import type { BackendFault } from './faults.ts';

/** What a backend tells of its work. Never a name, a number of a document or a biometric. */
export interface BackendLogEntry {
  readonly event: 'accepted' | 'repeated' | 'refused' | 'receipt';
  readonly office: string;
  readonly kiosk: string;
  readonly packetId: string | null;
  readonly state?: ReceiptState;
  readonly code?: string;
  readonly detail?: string;
  readonly bytes?: number;
}

export interface BackendOptions {
  readonly broker: BrokerAccess;
  readonly keys: ServiceKeyFiles;
  /** SQLite file that makes acceptance survive a crash; in memory without it. */
  readonly store?: string;
  /** False keeps only what de-duplication needs, not the sealed bytes (long benches). */
  readonly keepContainers?: boolean;
  readonly fault?: BackendFault | null;
  readonly clock?: () => Date;
  readonly clientId?: string;
  readonly limits?: ReassemblyLimits;
  /** Silence within an unfinished packet after which the missing chunks are asked for, milliseconds. */
  readonly resendAfterMs?: number;
  /** How far behind the highest sequence number of a kiosk a new packet may be. */
  readonly sequenceWindow?: number;
  /** Serial numbers (hex) of revoked certificates. */
  readonly revoked?: readonly string[];
  readonly log?: (entry: BackendLogEntry) => void;
  /** Called when the `kill` fault struck; a process of its own then kills itself. */
  readonly onKill?: () => void;
}

/** One accepted packet as a caller sees it. */
export interface AcceptedPacket extends StoredPacket {
  /** Null when containers are not kept. Holds personal data. */
  readonly manifest: PacketManifest | null;
  readonly blobs: readonly { readonly name: string; readonly bytes: number }[];
  /** Receipts sent by this run, in order, repeated ones included. */
  readonly receiptStates: readonly ReceiptState[];
}

export interface Refusal extends KioskAddress {
  readonly packetId: string | null;
  readonly code: string;
}
