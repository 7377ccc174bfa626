import type { PacketMemory, StoredPacket } from '../../backend/store.ts';

/** What a simulated backend does wrong, one thing at a time. */
export type BackendFault =
  /** Takes packets and says nothing. */
  | { readonly kind: 'silent' }
  /** Says nothing about a packet the first time it comes. */
  | { readonly kind: 'drop-first-receipts' }
  /** Says everything twice. */
  | { readonly kind: 'duplicate-receipts' }
  /** Signs with a key that its certificate does not speak for. */
  | { readonly kind: 'forged-receipts' }
  /** Loses these chunks of every packet the first time and asks for them again. */
  | { readonly kind: 'lose-chunks'; readonly chunks: readonly number[] }
  /** Judges a good packet as told; nothing is kept. */
  | {
      readonly kind: 'answer';
      readonly state: 'rejected' | 'recapture';
      readonly code: string;
      readonly modality?: 'finger' | 'face';
    }
  /** Dies just before or just after the packet is committed, before any receipt. */
  | { readonly kind: 'kill'; readonly at: 'before-commit' | 'after-commit' };

/** A fault that took the place of a commit, or came right after it. */
export class Struck extends Error {
  override readonly name = 'Struck';
  readonly packet: StoredPacket;
  readonly fault: Extract<BackendFault, { kind: 'answer' | 'kill' }>;
  constructor(packet: StoredPacket, fault: Extract<BackendFault, { kind: 'answer' | 'kill' }>) {
    super(fault.kind);
    this.packet = packet;
    this.fault = fault;
  }
}

/** The backend's memory with a fault at the commit. @throws Struck from `add` */
export const faultyMemory = (store: PacketMemory, faultNow: () => BackendFault | null): PacketMemory => ({
  find: id => store.find(id),
  hasSequence: (office, kiosk, sequence) => store.hasSequence(office, kiosk, sequence),
  highestSequence: (office, kiosk) => store.highestSequence(office, kiosk),
  add(packet, container) {
    const fault = faultNow();
    if (fault?.kind === 'answer' || (fault?.kind === 'kill' && fault.at === 'before-commit'))
      throw new Struck(packet, fault);
    store.add(packet, container);
    if (fault?.kind === 'kill') throw new Struck(packet, fault);
  },
});
