import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import type { SealedBlob } from '../contract/packet.ts';
import { toBase64url } from './base64url.ts';
import { canonicalJson } from './canonical.ts';
import { encodeContainer } from './container.ts';
import { PacketError } from './errors.ts';
import { encryptJwe } from './jwe.ts';
import { jwsSha256, signJws } from './jws.ts';
import { type Manifest, messageId, requireManifest } from './message.ts';
import type { Recipient, Signer } from './signer.ts';

/** A clear part of a message before sealing. */
export interface ClearBlob {
  /** Unique within the message. */
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

type WithoutCrypto<T> = T extends Manifest ? Omit<T, 'contentKey' | 'blobs'> : never;
/** A manifest before sealing: what seal() adds is the content key and the list of blobs. */
export type ManifestDraft = WithoutCrypto<Manifest>;

/** A message ready for the wire. */
export interface SealedMessage {
  /** packetId or requestId. */
  readonly id: string;
  readonly container: Uint8Array;
  /** SHA-256 of the manifest's JWS, lower-case hex: what a receipt must name. */
  readonly manifestSha256: string;
}

/**
 * Signs and encrypts one message (README.md): a fresh content key, each blob under it with its own nonce, the manifest
 * signed by the sender and encrypted to the recipient.
 *
 * @throws PacketError PACKET_DRAFT, PACKET_BLOB_NAME; whatever the signer throws
 */
export async function seal(
  draft: ManifestDraft,
  blobs: readonly ClearBlob[],
  signer: Signer,
  recipient: Recipient,
): Promise<SealedMessage> {
  if (new Set(blobs.map(blob => blob.name)).size !== blobs.length) {
    throw new PacketError('PACKET_BLOB_NAME', 'two blobs have the same name');
  }
  const id = messageId(draft);
  const contentKey = randomBytes(32);
  const sealed = blobs.map(blob => sealBlob(id, blob, contentKey));
  const manifest = {
    ...draft,
    contentKey: toBase64url(contentKey),
    blobs: sealed.map(({ entry }) => entry),
  } as Manifest;
  requireManifest(manifest);
  const jws = await signJws(manifest.type, canonicalJson(manifest), signer);
  const jwe = encryptJwe(Buffer.from(jws, 'ascii'), recipient);
  const container = encodeContainer(
    jwe,
    sealed.flatMap(({ parts }) => parts),
  );
  return { id, container, manifestSha256: jwsSha256(jws) };
}

function sealBlob(
  id: string,
  blob: ClearBlob,
  contentKey: Uint8Array,
): { entry: SealedBlob; parts: readonly Uint8Array[] } {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', contentKey, nonce);
  cipher.setAAD(Buffer.from(`${id}|${blob.name}`, 'utf8'));
  // Joined once, with the rest of the container.
  const parts = [cipher.update(blob.bytes), cipher.final(), cipher.getAuthTag()];
  const entry: SealedBlob = {
    name: blob.name,
    mediaType: blob.mediaType,
    bytes: blob.bytes.length,
    sha256: createHash('sha256').update(blob.bytes).digest('hex'),
    nonce: toBase64url(nonce),
  };
  return { entry, parts };
}
