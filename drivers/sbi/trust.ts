/** Whom a signed message of an SBI device comes from: JWS with the signer's certificate, up to an authority we know. */
import { X509Certificate } from 'node:crypto';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { DeviceError } from '../device.ts';

export interface Signed {
  readonly payload: Uint8Array;
  /** SHA-256 of the signer's certificate. */
  readonly signer: string;
}

export interface Trust {
  /** Certificates of authorities, and of makers below them that devices do not send along. */
  readonly authorities: readonly X509Certificate[];
  readonly now: () => Date;
}

/** device <- provider <- adopter's authority, and one more. */
const LONGEST_CHAIN = 4;
/** SBI 0.9.5: keys of 2048 bits and more. */
const LEAST_KEY_BITS = 2048;

/** @returns the certificates of a PEM file; none where there are none @throws the error of node:crypto */
export const certificatesOf = (pem: string): X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []).map(
    text => new X509Certificate(text),
  );

/**
 * @param jws compact, RS256, with the signer's certificate as the first of `x5c` (MOSIP SBI 0.9.5, "Digital ID")
 * @throws DeviceError DEVICE_SIGNATURE, DEVICE_CERTIFICATE, DEVICE_CERTIFICATE_ENDED
 */
export async function openSigned(jws: string, { authorities, now }: Trust): Promise<Signed> {
  const [leaf, ...others] = chainIn(jws);
  if (leaf === undefined) throw new DeviceError('DEVICE_SIGNATURE', 'a message without a certificate');
  if ((leaf.publicKey.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_KEY_BITS)
    throw new DeviceError('DEVICE_SIGNATURE', 'a message signed with a key that is too short');
  const { payload } = await compactVerify(jws, leaf.publicKey, { algorithms: ['RS256'] }).catch(cause => {
    throw new DeviceError('DEVICE_SIGNATURE', 'the signature of a message does not hold', { cause });
  });
  checkChain(leaf, others, authorities, now());
  return { payload, signer: leaf.fingerprint256 };
}

function chainIn(jws: string): X509Certificate[] {
  try {
    const { x5c } = decodeProtectedHeader(jws);
    if (!Array.isArray(x5c) || x5c.length > LONGEST_CHAIN) return [];
    return x5c.map(der => new X509Certificate(Buffer.from(String(der), 'base64')));
  } catch (cause) {
    throw new DeviceError('DEVICE_SIGNATURE', 'a message that is not signed', { cause });
  }
}

function checkChain(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
  now: Date,
): void {
  const issuerOf = (of: X509Certificate) => (issuer: X509Certificate) =>
    issuer.ca && of.checkIssued(issuer) && of.verify(issuer.publicKey);
  let at = leaf;
  for (let length = 1; length <= LONGEST_CHAIN; length += 1) {
    checkValid(at, now);
    const authority = authorities.find(issuerOf(at));
    if (authority !== undefined) {
      checkValid(authority, now);
      return;
    }
    const issuer = others.find(issuerOf(at));
    if (issuer === undefined) break;
    at = issuer;
  }
  throw new DeviceError('DEVICE_CERTIFICATE', 'a certificate that leads to no known authority');
}

function checkValid({ validFromDate, validToDate }: X509Certificate, now: Date): void {
  if (now < validFromDate || now > validToDate)
    throw new DeviceError('DEVICE_CERTIFICATE_ENDED', 'a certificate that is not valid at this time');
}
