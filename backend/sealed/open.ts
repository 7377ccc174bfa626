import { createHash } from 'node:crypto';
import { compactDecrypt, decodeProtectedHeader, importJWK, type JWK } from 'jose';
import type { Signatory, Trust } from './chain.ts';
import { splitContainer } from './container.ts';
import { SealedError } from './error.ts';
import { verifyMessage } from './jws.ts';
import type { SchemaCheck } from './schema.ts';

/** Version of the messages this reader knows; another is refused, never guessed at. */
const SCHEMA_VERSION = 1;

export interface OpenContext {
  /** Private P-256 keys of this reader, each with `kid`; several while keys rotate. */
  readonly keys: readonly JWK[];
  readonly trust: Trust;
  /** The manifest's `type`, or those that it may have. */
  readonly type: string | readonly string[];
  readonly schema: SchemaCheck;
  /** Time at which the certificates have to be valid. */
  readonly at: Date;
}

export interface OpenedManifest {
  /** As the JSON Schema describes it. */
  readonly manifest: Record<string, unknown>;
  /** SHA-256 of the JWS, lower-case hex: what receipts speak of. */
  readonly manifestSha256: string;
  readonly signatory: Signatory;
  /** The still sealed blobs, back to back. */
  readonly sealed: Uint8Array;
}

/** Opens a container down to its verified manifest; the blobs stay sealed. @throws SealedError */
export async function openManifest(container: Uint8Array, context: OpenContext): Promise<OpenedManifest> {
  const { jwe, sealed } = splitContainer(container);
  const jws = await decryptJws(jwe, context.keys);
  const manifestSha256 = createHash('sha256').update(jws, 'latin1').digest('hex');
  try {
    const { message, signatory } = await verifyMessage(jws, context.type, context.trust, context.at);
    if (message.schemaVersion !== SCHEMA_VERSION) throw new SealedError('schema_version_unsupported');
    const fault = context.schema(message);
    if (fault !== null) throw new SealedError('schema_invalid', fault);
    return { manifest: message, manifestSha256, signatory, sealed };
  } catch (error) {
    if (error instanceof SealedError) error.manifestSha256 = manifestSha256;
    throw error;
  }
}

async function decryptJws(jwe: string, keys: readonly JWK[]): Promise<string> {
  const header = headerOf(jwe);
  // `zip` would let a small message grow without bound; the format does not have it.
  if (header.alg !== 'ECDH-ES+A256KW' || header.enc !== 'A256GCM' || header.cty !== 'JWS' || 'zip' in header)
    throw new SealedError('algorithm_refused', 'JWE header');
  const jwk = keys.find(candidate => candidate.kid !== undefined && candidate.kid === header.kid);
  if (jwk === undefined) throw new SealedError('recipient_unknown');
  const key = await importJWK(jwk, 'ECDH-ES+A256KW');
  const options = { keyManagementAlgorithms: ['ECDH-ES+A256KW'], contentEncryptionAlgorithms: ['A256GCM'] };
  const { plaintext } = await compactDecrypt(jwe, key, options).catch((cause: unknown) => {
    throw new SealedError('decrypt_failed', '', cause);
  });
  return Buffer.from(plaintext).toString('latin1');
}

function headerOf(jwe: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    return decodeProtectedHeader(jwe);
  } catch (cause) {
    throw new SealedError('container_malformed', 'JWE header', cause);
  }
}
