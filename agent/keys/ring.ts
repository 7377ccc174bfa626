import { createPublicKey, type KeyObject } from 'node:crypto';

/** One signing key of this kiosk (P-256). Where it lies, it stays. */
export interface RingKey {
  /** What people find it by: a file, a CKA_ID, a handle. */
  readonly name: string;
  readonly publicKey: KeyObject;
  /**
   * ES256 over the bytes: ECDSA over their SHA-256.
   * @returns r and s, 64 bytes (RFC 7518 section 3.4)
   * @throws KeyError
   */
  sign(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array>;
}

/**
 * Where signing keys of this kiosk lie. There is room for two: the one in use, and beside it the one that comes next or
 * the one that served before. The certificate decides which is used, so a rotation is the replacement of one file.
 */
export interface KeyRing {
  readonly holder: 'file' | 'pkcs11' | 'tpm2';
  /** @throws KeyError */
  list(signal: AbortSignal): Promise<readonly RingKey[]>;
  /** Makes a key in a free place. @throws KeyError */
  make(signal: AbortSignal): Promise<RingKey>;
  /** Destroys a key for good. @throws KeyError */
  remove(key: RingKey, signal: AbortSignal): Promise<void>;
}

/** A P-256 public key from its coordinates, 32 bytes each. */
export const publicKeyOf = (x: Uint8Array, y: Uint8Array): KeyObject =>
  createPublicKey({
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: Buffer.from(x).toString('base64url'),
      y: Buffer.from(y).toString('base64url'),
    },
    format: 'jwk',
  });
