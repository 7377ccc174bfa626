import { createDecipheriv, createHash } from 'node:crypto';
import { compactDecrypt } from 'jose';
import type { SealedBlob } from '../contract/packet.ts';
import type { Trust, VerifiedSigner } from './certificates.ts';
import { decodeContainer, splitBody, TAG_BYTES } from './container.ts';
import { PacketError } from './errors.ts';
import { jwsSha256, verifyJws } from './jws.ts';
import {
  type ManifestOf,
  type ManifestType,
  messageId,
  parseManifest,
  requireKiosk,
  requireSigner,
  senderOf,
} from './message.ts';
import type { DecryptionKey } from './signer.ts';

/** What a reader expects of a message besides its being genuine. */
export interface Expectation<T extends ManifestType> {
  readonly type: T;
  /** The kiosk whose topic it came on; absent when read from a file. */
  readonly kiosk?: { readonly kiosk: string; readonly office: string };
  /** packetId or requestId. */
  readonly id?: string;
}

/** A message that was found genuine. */
export interface OpenedMessage<T extends ManifestType> {
  readonly manifest: ManifestOf<T>;
  /** Clear blobs by name. */
  readonly blobs: ReadonlyMap<string, Uint8Array>;
  /** SHA-256 of the manifest's JWS, lower-case hex. */
  readonly manifestSha256: string;
  readonly signer: VerifiedSigner;
}

/**
 * Opens a sealed message and believes nothing of it that is not proven: recipient, signer's chain, signature, form,
 * sender, and every blob's tag, length and hash.
 *
 * @param reader keys to open with (several while keys are exchanged), whom to trust, and the time that certificates must
 * be valid at
 * @throws PacketError each refusal with its own code; see PACKET_ERRORS
 */
export async function openSealed<T extends ManifestType>(
  container: Uint8Array,
  reader: { readonly keys: readonly DecryptionKey[]; readonly trust: Trust; readonly now: Date },
  expect: Expectation<T>,
): Promise<OpenedMessage<T>> {
  const { jwe, body } = decodeContainer(container);
  const jws = await decryptManifest(jwe, reader.keys);
  const { payload, signer } = verifyJws(jws, expect.type, reader.trust, reader.now);
  const manifest = parseManifest(payload, expect.type);
  requireSigner(signer, senderOf(manifest));
  if (expect.kiosk !== undefined) requireKiosk(manifest, expect.kiosk);
  const id = messageId(manifest);
  if (expect.id !== undefined && id !== expect.id)
    throw new PacketError('PACKET_WRONG_ID', 'answers something else');
  return { manifest, blobs: openBlobs(manifest, id, body), manifestSha256: jwsSha256(jws), signer };
}

async function decryptManifest(jwe: string, keys: readonly DecryptionKey[]): Promise<string> {
  const header = headerOf(jwe.slice(0, jwe.indexOf('.')));
  if (header === null) throw new PacketError('PACKET_JWE_MALFORMED', 'the manifest is no JWE');
  if (header.alg !== 'ECDH-ES+A256KW' || header.enc !== 'A256GCM' || 'zip' in header || 'crit' in header) {
    throw new PacketError('PACKET_JWE_ALGORITHM', 'the manifest is encrypted in another way');
  }
  const key = keys.find(candidate => candidate.kid === header.kid);
  if (key === undefined) throw new PacketError('PACKET_WRONG_RECIPIENT', 'sealed to somebody else');
  try {
    const { plaintext } = await compactDecrypt(jwe, key.privateKey);
    return Buffer.from(plaintext).toString('latin1');
  } catch (cause) {
    throw new PacketError('PACKET_DECRYPTION', 'the manifest does not decrypt', { cause });
  }
}

function headerOf(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function openBlobs(
  manifest: { contentKey: string; blobs: readonly SealedBlob[] },
  id: string,
  body: Uint8Array,
): Map<string, Uint8Array> {
  if (new Set(manifest.blobs.map(blob => blob.name)).size !== manifest.blobs.length) {
    throw new PacketError('PACKET_BLOB_NAME', 'two blobs have the same name');
  }
  const contentKey = Buffer.from(manifest.contentKey, 'base64url');
  const sealed = splitBody(
    body,
    manifest.blobs.map(blob => blob.bytes),
  );
  return new Map(
    manifest.blobs.map((blob, index) => [blob.name, openBlob(id, blob, sealed[index]!, contentKey)]),
  );
}

function openBlob(id: string, blob: SealedBlob, sealed: Uint8Array, contentKey: Uint8Array): Uint8Array {
  let clear: Uint8Array;
  try {
    const decipher = createDecipheriv('aes-256-gcm', contentKey, Buffer.from(blob.nonce, 'base64url'), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(`${id}|${blob.name}`, 'utf8'));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    clear = Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new PacketError('PACKET_BLOB', `blob ${blob.name} does not decrypt`, { cause });
  }
  if (createHash('sha256').update(clear).digest('hex') !== blob.sha256) {
    throw new PacketError('PACKET_BLOB_HASH', `blob ${blob.name} is not what the manifest names`);
  }
  return clear;
}
