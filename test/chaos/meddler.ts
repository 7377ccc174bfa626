/** The ways of meddling with a packet, each with the codes that a refusal may give for it. */
import { generateKeyPairSync } from 'node:crypto';
import { CompactEncrypt, importJWK, type JWK } from 'jose';
import { joinContainer, splitContainer } from '../../backend/sealed/container.ts';
import type { SealedCode } from '../../backend/sealed/error.ts';
import { forgedSigner } from '../../backend/sealed/jws.ts';
import type { Rng } from '../../sim/people/finger/rng.ts';
import { newId } from './kiosk.ts';
import { chunkOf, type KioskName, type MadePacket, type Workshop } from './workshop.ts';

/** What comes to the backend. */
interface Meddled {
  readonly office: string;
  /** Whose topic it comes on. */
  readonly kiosk: KioskName;
  /** Id in the chunk. */
  readonly id: string;
  readonly message: Uint8Array;
  /** For a judge without a memory; null where only a memory, or only the wire, can tell. */
  readonly container: Uint8Array | null;
}

export interface Mutation {
  readonly kind: string;
  /** `repeated`: known already, answered as before, and of no effect. */
  readonly codes: readonly (SealedCode | 'repeated')[];
  make(workshop: Workshop, rng: Rng): Promise<Meddled>;
}

/** How far behind the highest number a packet may be. */
export const SEQUENCE_WINDOW = 1_000;
/** Magic and length before the JWE (agent/packet/README.md, "Container"). */
const HEADER_BYTES = 8;

/** A packet put on the wire whole, so that its chunk is in order. */
const whole = (packet: MadePacket, over: Partial<Meddled> = {}): Meddled => ({
  office: packet.office,
  kiosk: packet.kiosk,
  id: packet.id,
  message: chunkOf({ id: over.id ?? packet.id, container: packet.container }),
  container: packet.container,
  ...over,
});

const withContainer = (packet: MadePacket, container: Uint8Array): Meddled => whole({ ...packet, container });

function flipped(bytes: Uint8Array, from: number, to: number, rng: Rng): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[from + rng.integer(to - from)]! ^= 1 << rng.integer(8);
  return copy;
}

const jweBytes = (container: Uint8Array): number =>
  container.length - HEADER_BYTES - splitContainer(container).sealed.length;

/** The same packet as the last good one, but under other keys, so that its bytes are others. */
const again = (workshop: Workshop, over: { id?: string; sequence?: number }): Promise<MadePacket> =>
  workshop.make({ id: over.id ?? newId(), sequence: over.sequence ?? workshop.last.sequence });

/** Signed properly by a kiosk that must not be believed. */
const signedBy =
  (kiosk: KioskName): Mutation['make'] =>
  async workshop =>
    whole(await workshop.make({ kiosk }));

const strangerJwk = (): JWK =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }) as JWK;

export const MUTATIONS: readonly Mutation[] = [
  {
    kind: 'bit flip in the envelope',
    codes: ['container_malformed', 'decrypt_failed'],
    make: async (workshop, rng) => {
      const packet = await workshop.make();
      return withContainer(packet, flipped(packet.container, 0, HEADER_BYTES, rng));
    },
  },
  {
    kind: 'bit flip in the manifest',
    codes: ['container_malformed', 'algorithm_refused', 'recipient_unknown', 'decrypt_failed'],
    make: async (workshop, rng) => {
      const packet = await workshop.make();
      const end = HEADER_BYTES + jweBytes(packet.container);
      return withContainer(packet, flipped(packet.container, HEADER_BYTES, end, rng));
    },
  },
  {
    kind: 'bit flip in a blob',
    codes: ['blob_decrypt_failed'],
    make: async (workshop, rng) => {
      const packet = await workshop.make();
      const from = HEADER_BYTES + jweBytes(packet.container);
      return withContainer(packet, flipped(packet.container, from, packet.container.length, rng));
    },
  },
  {
    kind: 'bit flip on the wire',
    codes: ['chunk_malformed', 'container_hash_mismatch', 'id_mismatch', 'message_too_large'],
    make: async (workshop, rng) => {
      const meddled = whole(await workshop.make());
      const message = flipped(meddled.message, 0, meddled.message.length, rng);
      return { ...meddled, message, container: null };
    },
  },
  {
    kind: 'truncation',
    codes: ['container_malformed', 'blob_length_mismatch'],
    make: async (workshop, rng) => {
      const packet = await workshop.make();
      return withContainer(packet, packet.container.slice(0, 1 + rng.integer(packet.container.length - 1)));
    },
  },
  {
    kind: 'truncation on the wire',
    codes: ['chunk_malformed'],
    make: async (workshop, rng) => {
      const meddled = whole(await workshop.make());
      const message = meddled.message.slice(0, 1 + rng.integer(meddled.message.length - 1));
      return { ...meddled, message, container: null };
    },
  },
  {
    kind: 'bytes added',
    codes: ['blob_length_mismatch'],
    make: async (workshop, rng) => {
      const packet = await workshop.make();
      return withContainer(packet, Buffer.concat([packet.container, new Uint8Array(1 + rng.integer(100))]));
    },
  },
  {
    kind: 'replay',
    codes: ['repeated'],
    make: async workshop => whole(workshop.last, { container: null }),
  },
  {
    kind: 'replay under another id',
    codes: ['id_mismatch'],
    make: async workshop => whole(workshop.last, { id: newId() }),
  },
  {
    kind: 'another packet under a used id',
    codes: ['packet_conflict'],
    make: async workshop => whole(await again(workshop, { id: workshop.last.id }), { container: null }),
  },
  {
    kind: 'another packet under a used counter',
    codes: ['sequence_reused'],
    make: async workshop => whole(await again(workshop, {}), { container: null }),
  },
  {
    kind: 'old counter',
    codes: ['sequence_old'],
    make: async (workshop, rng) => {
      const sequence = 1 + rng.integer(workshop.last.sequence - SEQUENCE_WINDOW - 1_000);
      return whole(await again(workshop, { sequence }), { container: null });
    },
  },
  {
    kind: 'swap between kiosks: on the topic of another',
    codes: ['topic_mismatch'],
    make: async workshop => whole(await workshop.make(), { kiosk: 'kiosk-2' }),
  },
  {
    kind: 'swap between kiosks: signed by another',
    codes: ['subject_mismatch'],
    make: async workshop => whole(await workshop.make({ signer: workshop.signer('kiosk-2') })),
  },
  {
    kind: 'swap of blobs between packets',
    codes: ['blob_decrypt_failed'],
    make: async workshop => {
      const [packet, other] = [await workshop.make(), await workshop.make({ kiosk: 'kiosk-2' })];
      const { jwe } = splitContainer(packet.container);
      return withContainer(packet, joinContainer(jwe, [splitContainer(other.container).sealed]));
    },
  },
  {
    kind: 'wrong recipient',
    codes: ['recipient_unknown'],
    make: async workshop => whole(await workshop.make({ recipient: workshop.registry })),
  },
  {
    kind: 'wrong recipient under the right name',
    codes: ['decrypt_failed'],
    make: async workshop =>
      whole(await workshop.make({ recipient: { ...strangerJwk(), kid: workshop.backend.kid! } })),
  },
  { kind: 'expired certificate', codes: ['certificate_expired'], make: signedBy('kiosk-expired') },
  { kind: 'revoked certificate', codes: ['certificate_revoked'], make: signedBy('kiosk-revoked') },
  { kind: 'certificate of a foreign root', codes: ['chain_untrusted'], make: signedBy('kiosk-foreign') },
  { kind: 'certificate of a foreign office', codes: ['chain_untrusted'], make: signedBy('kiosk-moved') },
  {
    kind: 'forged signature',
    codes: ['signature_invalid'],
    make: async workshop => whole(await workshop.make({ signer: forgedSigner(workshop.signer('kiosk-1')) })),
  },
  {
    kind: 'downgrade of the schema version',
    codes: ['schema_version_unsupported'],
    make: async workshop => whole(await workshop.make({ manifest: { schemaVersion: 0 } })),
  },
  {
    kind: 'downgrade of the format',
    codes: ['container_malformed'],
    make: async workshop => {
      const packet = await workshop.make();
      const container = Uint8Array.from(packet.container);
      container[3] = '0'.charCodeAt(0);
      return withContainer(packet, container);
    },
  },
  {
    kind: 'downgrade of the encryption',
    codes: ['algorithm_refused'],
    make: async workshop => {
      const packet = await workshop.make();
      const jwe = await new CompactEncrypt(Buffer.from('x'))
        .setProtectedHeader({
          alg: 'ECDH-ES+A128KW',
          enc: 'A128GCM',
          kid: workshop.backend.kid!,
          cty: 'JWS',
        })
        .encrypt(await importJWK(workshop.backend, 'ECDH-ES+A128KW'));
      return withContainer(packet, joinContainer(jwe, [splitContainer(packet.container).sealed]));
    },
  },
];
