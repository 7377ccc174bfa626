import {
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint } from 'jose';
import type { AnswerKey } from '../contract/record.ts';
import { requireP256 } from './certificates.ts';
import { PacketError } from './errors.ts';

const generateKeyPairAsync = promisify(generateKeyPair);

/** Whoever holds a signing key, be it a file or a chip that never gives the key away. */
export interface Signer {
  /** DER certificates, leaf first, root left out. */
  readonly certificates: readonly Uint8Array[];
  /** ES256 (ECDSA P-256 over SHA-256) over the bytes: r and s, 64 bytes (RFC 7518 section 3.4). */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

/** A private key that sealed messages are opened with. */
export interface DecryptionKey {
  /** Name of the key: its JWK's `kid`, by convention the RFC 7638 thumbprint. */
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** A public key that messages are sealed to. */
export interface Recipient {
  /** Name of the key: its JWK's `kid`, by convention the RFC 7638 thumbprint. */
  readonly kid: string;
  readonly publicKey: KeyObject;
}

/**
 * A key pair for one record request: the registry seals its answer to it, and it is forgotten with the answer, so that
 * no key that lies on a kiosk opens an answer that somebody recorded.
 */
export async function makeAnswerKey(): Promise<{ answerKey: AnswerKey; decryptionKey: DecryptionKey }> {
  const { publicKey, privateKey } = await generateKeyPairAsync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const answerKey = { kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' } as const;
  return { answerKey, decryptionKey: { kid: await thumbprint(publicKey), privateKey } };
}

/** JWK thumbprint (RFC 7638, SHA-256, base64url) of a key; private and public key have the same. */
export async function thumbprint(key: KeyObject): Promise<string> {
  const jwk = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  return calculateJwkThumbprint(jwk as Parameters<typeof calculateJwkThumbprint>[0], 'sha256');
}

/** A signer whose P-256 key lies in this process's memory: of the backend, of the registry, and in tests. */
export function keySigner(privateKey: KeyObject, certificates: readonly Uint8Array[]): Signer {
  return {
    certificates,
    // The digest and signature of 16 KB take about 0.1 ms, so no thread is asked.
    sign: async bytes => sign('sha256', bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' }),
  };
}

/**
 * A recipient from its published public JWK (P-256). The JWK's own `kid` names the key; without one, its thumbprint does.
 * @throws PacketError PACKET_KEY
 */
export async function recipientFromJwk(text: string): Promise<Recipient> {
  try {
    const jwk = JSON.parse(text) as JsonWebKey & { kid?: unknown };
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    requireP256(publicKey);
    return { kid: typeof jwk.kid === 'string' ? jwk.kid : await thumbprint(publicKey), publicKey };
  } catch (cause) {
    throw new PacketError('PACKET_KEY', 'no public JWK of a P-256 key', { cause });
  }
}

/**
 * The private half, for whoever opens packets: a private JWK (P-256), named as {@link recipientFromJwk} names it.
 * @throws PacketError PACKET_KEY
 */
export async function decryptionKeyFromJwk(text: string): Promise<DecryptionKey> {
  try {
    const jwk = JSON.parse(text) as JsonWebKey & { kid?: unknown };
    const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
    requireP256(privateKey);
    return { kid: typeof jwk.kid === 'string' ? jwk.kid : await thumbprint(privateKey), privateKey };
  } catch (cause) {
    throw new PacketError('PACKET_KEY', 'no private JWK of a P-256 key', { cause });
  }
}
