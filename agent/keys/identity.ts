/** Who this kiosk is: its certificates, and the key in the ring that they speak for. */
import { X509Certificate } from 'node:crypto';
import { type Trust, validUntil, verifyChain } from '../packet/certificates.ts';
import { requireSigner } from '../packet/message.ts';
import { KeyError } from './errors.ts';
import type { KeyRing, RingKey } from './ring.ts';

export interface Names {
  readonly office: string;
  readonly kiosk: string;
}

/** How long before its end a certificate or a recipient's last key is complained about, in milliseconds. */
export const NOTICE_MS = 14 * 86_400_000;

/** The key that the first certificate was made for. @throws KeyError */
export async function keyOfChain(
  ring: KeyRing,
  chain: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<RingKey> {
  const leaf = new X509Certificate(chain[0] ?? '');
  const key = (await ring.list(signal)).find(({ publicKey }) => publicKey.equals(leaf.publicKey));
  if (key === undefined) throw new KeyError('KEY_NOT_FOUND', `no ${ring.holder} key fits the certificate`);
  return key;
}

/**
 * What is wrong with a chain of this kiosk at a time: the code of a fault, of a warning (KEY_CERTIFICATE_ENDS), or null.
 */
export function chainFinding(
  chain: readonly Uint8Array[],
  trust: Trust,
  names: Names,
  now: Date,
): string | null {
  try {
    requireSigner(verifyChain(chain, trust, now), names);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'PACKET_CERTIFICATE';
    return OF_OUR_OWN[code] ?? code;
  }
  return validUntil(chain, trust).getTime() - now.getTime() < NOTICE_MS ? 'KEY_CERTIFICATE_ENDS' : null;
}

/** What a stranger's certificate is refused for, said of one's own. */
const OF_OUR_OWN: Readonly<Record<string, string>> = {
  PACKET_CERTIFICATE_EXPIRED: 'KEY_CERTIFICATE_ENDED',
  PACKET_CERTIFICATE_NOT_YET_VALID: 'KEY_CLOCK',
  PACKET_CERTIFICATE_REVOKED: 'KEY_CERTIFICATE_REVOKED',
};
