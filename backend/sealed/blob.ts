import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { isStrictBase64url } from './base64url.ts';
import { SealedError } from './error.ts';

/** AES-GCM tag, bytes (NIST SP 800-38D). */
const TAG_BYTES = 16;
/** AES-GCM nonce, bytes. */
const NONCE_BYTES = 12;

/** A part of a message in the clear. */
export interface ClearBlob {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** What the manifest says of one sealed part. */
export interface BlobEntry {
  readonly name: string;
  readonly mediaType: string;
  /** Length of the clear bytes. */
  readonly bytes: number;
  readonly sha256: string;
  readonly nonce: string;
}

/** Seals one blob: AES-256-GCM, associated data `<id>|<name>`, tag appended. */
export function sealBlob(
  id: string,
  contentKey: Buffer,
  blob: ClearBlob,
): { entry: BlobEntry; sealed: Uint8Array } {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', contentKey, nonce);
  cipher.setAAD(Buffer.from(`${id}|${blob.name}`, 'utf8'));
  const sealed = Buffer.concat([cipher.update(blob.bytes), cipher.final(), cipher.getAuthTag()]);
  const sha256 = createHash('sha256').update(blob.bytes).digest('hex');
  const { name, mediaType } = blob;
  return {
    entry: { name, mediaType, bytes: blob.bytes.length, sha256, nonce: nonce.toString('base64url') },
    sealed,
  };
}

/**
 * Opens all blobs of a message and holds each to its entry.
 * @throws SealedError `blob_duplicate`, `blob_nonce_reused`, `blob_length_mismatch`, `blob_decrypt_failed`,
 *   `blob_hash_mismatch`, `manifest_malformed`.
 */
export function openBlobs(
  id: string,
  contentKey: string,
  entries: readonly BlobEntry[],
  sealed: Uint8Array,
): Map<string, Uint8Array> {
  if (new Set(entries.map(entry => entry.name)).size !== entries.length)
    throw new SealedError('blob_duplicate');
  // Two plaintexts under one key and nonce would reveal each other: no writer may do that.
  if (new Set(entries.map(entry => entry.nonce)).size !== entries.length)
    throw new SealedError('blob_nonce_reused');
  const expected = entries.reduce((sum, entry) => sum + entry.bytes + TAG_BYTES, 0);
  if (expected !== sealed.length) throw new SealedError('blob_length_mismatch', 'bytes behind the JWE');
  if (!isStrictBase64url(contentKey)) throw new SealedError('manifest_malformed', 'contentKey');
  const key = Buffer.from(contentKey, 'base64url');
  const opened = new Map<string, Uint8Array>();
  let offset = 0;
  for (const entry of entries) {
    const part = sealed.subarray(offset, offset + entry.bytes + TAG_BYTES);
    offset += part.length;
    opened.set(entry.name, openBlob(id, key, entry, part));
  }
  return opened;
}

function openBlob(id: string, key: Buffer, entry: BlobEntry, part: Uint8Array): Uint8Array {
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(entry.nonce, 'base64url'), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(`${id}|${entry.name}`, 'utf8'));
  decipher.setAuthTag(part.subarray(entry.bytes));
  const clear = decipher.update(part.subarray(0, entry.bytes));
  try {
    decipher.final();
  } catch (cause) {
    throw new SealedError('blob_decrypt_failed', entry.name, cause);
  }
  if (createHash('sha256').update(clear).digest('hex') !== entry.sha256)
    throw new SealedError('blob_hash_mismatch', entry.name);
  return new Uint8Array(clear);
}
