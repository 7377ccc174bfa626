import { createHash, verify } from 'node:crypto';
import { fromBase64url, toBase64url } from './base64url.ts';
import { type Trust, type VerifiedSigner, verifyChain } from './certificates.ts';
import { PacketError } from './errors.ts';
import type { Signer } from './signer.ts';

/**
 * A compact JWS (RFC 7515) with ES256 and x5c. Written out here rather than through jose, whose signing wants the key
 * itself: a {@link Signer} may be a chip that only gives signatures.
 */
export async function signJws(type: string, payload: string, signer: Signer): Promise<string> {
  const header = {
    alg: 'ES256',
    typ: type,
    // x5c alone of all JOSE members is base64 with padding, not base64url (RFC 7515 section 4.1.6).
    x5c: signer.certificates.map(der => Buffer.from(der).toString('base64')),
  };
  const input = `${toBase64url(JSON.stringify(header))}.${toBase64url(payload)}`;
  return `${input}.${toBase64url(await signer.sign(Buffer.from(input, 'ascii')))}`;
}

/**
 * Verifies a compact JWS: form, algorithm, type, the signer's chain, then the signature.
 * @param now the time the certificates must be valid at
 * @throws PacketError PACKET_JWS_MALFORMED, PACKET_JWS_ALGORITHM, PACKET_SIGNATURE, and those of verifyChain
 */
export function verifyJws(
  jws: string,
  type: string,
  trust: Trust,
  now: Date,
): { payload: string; signer: VerifiedSigner } {
  const parts = jws.split('.');
  const [header64, payload64, signature64] = parts;
  const payload = fromBase64url(payload64 ?? '');
  const signature = fromBase64url(signature64 ?? '');
  if (parts.length !== 3 || payload === null || signature === null) throw malformed('not a compact JWS');
  const chain = readHeader(header64 ?? '', type);
  const signer = verifyChain(chain, trust, now);
  const input = Buffer.from(`${header64}.${payload64}`, 'ascii');
  const key = { key: signer.publicKey, dsaEncoding: 'ieee-p1363' as const };
  if (signature.length !== 64 || !verify('sha256', input, key, signature)) {
    throw new PacketError('PACKET_SIGNATURE', 'the signature does not fit');
  }
  return { payload: Buffer.from(payload).toString('utf8'), signer };
}

/** Hash that receipts name: SHA-256 of the JWS's ASCII bytes, lower-case hex. */
export const jwsSha256 = (jws: string): string => createHash('sha256').update(jws, 'latin1').digest('hex');

function readHeader(header64: string, type: string): Uint8Array[] {
  const header = parseJson(fromBase64url(header64));
  if (header === null) throw malformed('its header is no JSON');
  if (header.alg !== 'ES256') throw new PacketError('PACKET_JWS_ALGORITHM', 'not signed with ES256');
  if ('crit' in header) throw malformed('its header asks for what this reader does not know');
  if (header.typ !== type) throw new PacketError('PACKET_TYPE', 'a signed message of another type');
  const x5c = header.x5c;
  if (!Array.isArray(x5c) || !x5c.every(one => typeof one === 'string'))
    throw malformed('its header has no x5c');
  return x5c.map(one => Buffer.from(one, 'base64'));
}

function parseJson(bytes: Uint8Array | null): Record<string, unknown> | null {
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const malformed = (why: string): PacketError =>
  new PacketError('PACKET_JWS_MALFORMED', `signed message refused: ${why}`);
