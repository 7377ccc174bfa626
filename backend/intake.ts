import { createHash } from 'node:crypto';
import { type JudgeContext, type JudgedPacket, judgePacket } from './judge.ts';
import { type ReceiptWord, writeReceipt } from './receipts.ts';
import { decodeChunk } from './sealed/chunk.ts';
import { SealedError } from './sealed/error.ts';
import type { SigningKey } from './sealed/jws.ts';
import type { ServiceKeys } from './sealed/keys.ts';
import { DEFAULT_LIMITS, Reassembly, type ReassemblyLimits } from './sealed/reassembly.ts';
import type { SchemaCheck } from './sealed/schema.ts';
import { contractSchema, submissionSchema } from './sealed/schemas.ts';
import type { PacketMemory, StoredPacket } from './store.ts';

/** The kiosk that a packet came from, as the broker's topic or the medium says. */
export interface KioskAddress {
  readonly office: string;
  readonly kiosk: string;
}

export interface IntakeOptions {
  readonly keys: ServiceKeys;
  readonly store: PacketMemory;
  /** False keeps only what de-duplication needs, not the sealed bytes. */
  readonly keepContainers?: boolean;
  /** Serial numbers (hex) of revoked certificates. */
  readonly revoked?: readonly string[];
  readonly limits?: ReassemblyLimits;
  /** How far behind the highest sequence number of a kiosk a new packet may be. */
  readonly sequenceWindow?: number;
  readonly clock?: () => Date;
}

/** What became of a chunk or a container. */
export type Verdict =
  /** More chunks are to come. */
  | { readonly kind: 'incomplete'; readonly packetId: string }
  /** Committed; `repeated` when it had been before. */
  | { readonly kind: 'accepted'; readonly packet: StoredPacket; readonly repeated: boolean }
  | {
      readonly kind: 'refused';
      readonly packetId: string | null;
      readonly manifestSha256: string | null;
      readonly code: SealedError['code'];
      /** Where in the message; never a value of it. */
      readonly detail: string;
      /** Not the packet's last word: another try may succeed, so no receipt ends it. */
      readonly passing: boolean;
    };

const SEQUENCE_WINDOW = 10_000;
const PASSING: readonly string[] = ['chunk_malformed', 'chunk_conflict', 'limit_exceeded'];

/**
 * Takes what kiosks send and says what to answer, whatever carries it: chunks of a broker or containers of a medium. One
 * call at a time; what is judged twice must have been committed once.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #packetSchema: SchemaCheck = submissionSchema();
  readonly #receiptSchema: SchemaCheck = contractSchema('receipt');
  readonly #reassembly: Reassembly;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#reassembly = new Reassembly(options.limits ?? DEFAULT_LIMITS);
  }

  /** Takes one chunk. Rejects only with what the store throws. */
  async chunk(address: KioskAddress, message: Uint8Array): Promise<Verdict> {
    try {
      const part = this.#reassembly.accept(senderOf(address), message);
      if (part.kind === 'incomplete') return { kind: 'incomplete', packetId: part.id };
      return await this.container(address, part.id, part.container);
    } catch (error) {
      return refused(error, idIn(message));
    }
  }

  /** Takes a whole container. Rejects only with what the store throws. */
  async container(address: KioskAddress, packetId: string, container: Uint8Array): Promise<Verdict> {
    const containerSha256 = createHash('sha256').update(container).digest('hex');
    const known = this.#options.store.find(packetId);
    // Bytes that were accepted once are answered as they were then, whatever has expired since.
    if (known?.containerSha256 === containerSha256)
      return { kind: 'accepted', packet: known, repeated: true };
    try {
      const judged = await judgePacket(container, this.context(), { ...address, id: packetId });
      const refusal = this.#history(judged);
      if (refusal !== null) {
        refusal.manifestSha256 = judged.manifestSha256;
        throw refusal;
      }
      return { kind: 'accepted', packet: this.#keep(judged, container, containerSha256), repeated: false };
    } catch (error) {
      return refused(error, packetId);
    }
  }

  /** Indices of the chunks that an unfinished packet lacks; empty when nothing of it is known. */
  missing(address: KioskAddress, packetId: string): number[] {
    return this.#options.store.find(packetId) === null
      ? this.#reassembly.missing(senderOf(address), packetId)
      : [];
  }

  /** One receipt as compact JWS. @param signer another than the backend's own is for who plays a forger */
  receipt(word: ReceiptWord, signer: SigningKey = this.#options.keys.signer): Promise<string> {
    return writeReceipt(word, signer, this.#receiptSchema, this.#now());
  }

  /** What packets are held to. @param at as of then, nothing revoked since counting; without it now */
  context(at?: Date): JudgeContext {
    const { keys, revoked } = this.#options;
    const trust = { root: keys.root, revoked: at === undefined ? (revoked ?? []) : [] };
    return { keys: keys.keys, trust, schema: this.#packetSchema, at: at ?? this.#now() };
  }

  /** What only the backend's memory can tell of a packet. */
  #history({ manifest, manifestSha256 }: JudgedPacket): SealedError | null {
    const { store, sequenceWindow } = this.#options;
    const { packetId, office, kiosk, sequence } = manifest;
    const known = store.find(packetId);
    if (known !== null)
      return new SealedError('packet_conflict', known.manifestSha256 === manifestSha256 ? 'resealed' : '');
    if (store.hasSequence(office, kiosk, sequence)) return new SealedError('sequence_reused');
    const oldest = store.highestSequence(office, kiosk) - (sequenceWindow ?? SEQUENCE_WINDOW);
    return sequence < oldest ? new SealedError('sequence_old') : null;
  }

  #keep(judged: JudgedPacket, container: Uint8Array, containerSha256: string): StoredPacket {
    const { packetId, office, kiosk, boot, sequence } = judged.manifest;
    const packet = {
      ...{ packetId, office, kiosk, boot, sequence, containerSha256 },
      manifestSha256: judged.manifestSha256,
      bytes: container.length,
      acceptedAt: this.#now().toISOString(),
    };
    this.#options.store.add(packet, this.#options.keepContainers === false ? null : container);
    return packet;
  }

  #now(): Date {
    return this.#options.clock?.() ?? new Date();
  }
}

/** What a verdict has the backend say, in the order in which it says it. */
export function wordsOf(address: KioskAddress, verdict: Verdict): ReceiptWord[] {
  const { office, kiosk } = address;
  if (verdict.kind === 'accepted') {
    const { packetId, manifestSha256 } = verdict.packet;
    const word = { packetId, office, kiosk, manifestSha256 };
    return (['received', 'verified', 'accepted'] as const).map(state => ({ ...word, state }));
  }
  if (verdict.kind === 'incomplete' || verdict.packetId === null || verdict.passing) return [];
  const { packetId, manifestSha256, code } = verdict;
  return [{ packetId, office, kiosk, manifestSha256, state: 'rejected', code }];
}

function refused(error: unknown, packetId: string | null): Verdict {
  if (!(error instanceof SealedError)) throw error;
  const { code, message: detail, manifestSha256 } = error;
  return { kind: 'refused', packetId, manifestSha256, code, detail, passing: PASSING.includes(code) };
}

/** The id in a chunk's header, whatever else is wrong with the chunk; null when there is none. */
function idIn(message: Uint8Array): string | null {
  try {
    return decodeChunk(message).id;
  } catch {
    return null;
  }
}

const senderOf = ({ office, kiosk }: KioskAddress): string => `${office}/${kiosk}`;
