/**
 * Why a sealed message was refused. Stable words: they travel in receipts (`code`) and tests key on them.
 * The catalogue with causes stands in `backend/README.md`.
 */
export type SealedCode =
  | 'chunk_malformed'
  | 'chunk_conflict'
  | 'limit_exceeded'
  | 'message_too_large'
  | 'container_hash_mismatch'
  | 'container_malformed'
  | 'algorithm_refused'
  | 'recipient_unknown'
  | 'decrypt_failed'
  | 'jws_malformed'
  | 'chain_malformed'
  | 'chain_untrusted'
  | 'certificate_expired'
  | 'certificate_revoked'
  | 'signature_invalid'
  | 'manifest_malformed'
  | 'manifest_not_canonical'
  | 'type_unexpected'
  | 'schema_version_unsupported'
  | 'schema_invalid'
  | 'subject_mismatch'
  | 'topic_mismatch'
  | 'id_mismatch'
  | 'blob_duplicate'
  | 'blob_unknown'
  | 'blob_nonce_reused'
  | 'blob_length_mismatch'
  | 'blob_decrypt_failed'
  | 'blob_hash_mismatch'
  | 'packet_conflict'
  | 'sequence_reused'
  | 'sequence_old';

/** A refused message. The text never holds a value of the message, only places in it. */
export class SealedError extends Error {
  override readonly name = 'SealedError';
  readonly code: SealedCode;
  /** Manifest hash, once the message was opened far enough to know it. */
  manifestSha256: string | null = null;

  constructor(code: SealedCode, detail = '', cause?: unknown) {
    super(detail === '' ? code : `${code}: ${detail}`, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
