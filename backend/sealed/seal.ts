import { createHash, randomBytes } from 'node:crypto';
import { CompactEncrypt, importJWK, type JWK } from 'jose';
import { type ClearBlob, sealBlob } from './blob.ts';
import { joinContainer } from './container.ts';
import { type Message, type SigningKey, signMessage } from './jws.ts';

/** Content encryption key of AES-256-GCM, bytes. */
const CONTENT_KEY_BYTES = 32;

export interface SealInput {
  /** `packetId` or `requestId`: part of every blob's associated data. */
  readonly id: string;
  /** The manifest without `contentKey` and `blobs`, which sealing adds. */
  readonly manifest: Message;
  readonly blobs: readonly ClearBlob[];
  readonly signer: SigningKey;
  /** Public P-256 key of the reader, with `kid`. */
  readonly recipient: JWK;
}

export interface SealedMessage {
  readonly container: Uint8Array;
  readonly manifestSha256: string;
}

/** Seals a message: sign the manifest, encrypt it to the recipient, append the encrypted blobs. */
export async function sealMessage(input: SealInput): Promise<SealedMessage> {
  const contentKey = randomBytes(CONTENT_KEY_BYTES);
  const parts = input.blobs.map(blob => sealBlob(input.id, contentKey, blob));
  const jws = await signMessage(
    { ...input.manifest, contentKey: contentKey.toString('base64url'), blobs: parts.map(part => part.entry) },
    input.signer,
  );
  const container = joinContainer(
    await encryptJws(jws, input.recipient),
    parts.map(part => part.sealed),
  );
  return { container, manifestSha256: createHash('sha256').update(jws, 'latin1').digest('hex') };
}

/** Encrypts a signed manifest to one reader (RFC 7516 compact). */
export async function encryptJws(jws: string, recipient: JWK): Promise<string> {
  if (recipient.kid === undefined) throw new Error('the recipient key has no kid');
  return new CompactEncrypt(Buffer.from(jws, 'latin1'))
    .setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', kid: recipient.kid, cty: 'JWS' })
    .encrypt(await importJWK(recipient, 'ECDH-ES+A256KW'));
}
