import { X509Certificate } from 'node:crypto';
import { SealedError } from './error.ts';

/** Who signed, as its certificate says. */
export interface Signatory {
  readonly commonName: string;
  readonly organizationalUnit: string | null;
  /** Serial number of the leaf, upper-case hex. */
  readonly serialNumber: string;
}

export interface Trust {
  readonly root: X509Certificate;
  /** Serial numbers (hex) of revoked certificates. */
  readonly revoked?: readonly string[];
}

/** Longest chain without the root: leaf, office, and one more level. */
const MAX_CHAIN = 3;

/**
 * Verifies an `x5c` header (RFC 7515 section 4.1.6: base64 DER, leaf first) up to the trusted root.
 * @throws SealedError `chain_malformed`, `chain_untrusted`, `certificate_expired`, `certificate_revoked`.
 */
export function verifyChain(
  x5c: unknown,
  trust: Trust,
  at: Date,
): { leaf: X509Certificate; signatory: Signatory } {
  const chain = parseChain(x5c);
  const leaf = chain[0]!;
  if (chain.some(certificate => certificate.fingerprint256 === trust.root.fingerprint256))
    throw new SealedError('chain_malformed', 'the root stands in the chain');
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1] ?? trust.root;
    if (!issuer.ca || !certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
      throw new SealedError('chain_untrusted', `certificate ${index}`);
  }
  if (leaf.ca) throw new SealedError('chain_untrusted', 'the leaf is an authority');
  for (const [index, certificate] of [...chain, trust.root].entries()) {
    if (at < certificate.validFromDate || at > certificate.validToDate)
      throw new SealedError('certificate_expired', `certificate ${index}`);
    if (trust.revoked?.some(serial => serial.toUpperCase() === certificate.serialNumber) === true)
      throw new SealedError('certificate_revoked', `certificate ${index}`);
  }
  const signatory = signatoryOf(leaf);
  // Authorities belong to offices and sign for their own only: no other office's may speak for this one, and none for
  // the backend or the registry, whose leaves have no office.
  for (const [index, authority] of chain.slice(1).entries()) {
    const office = attribute(authority, 'OU');
    if (office === null || office !== signatory.organizationalUnit)
      throw new SealedError('chain_untrusted', `certificate ${index + 1} belongs to another office`);
  }
  return { leaf, signatory };
}

function parseChain(x5c: unknown): X509Certificate[] {
  if (!Array.isArray(x5c) || x5c.length === 0 || x5c.length > MAX_CHAIN)
    throw new SealedError('chain_malformed', 'length');
  return x5c.map((entry: unknown, index) => {
    if (typeof entry !== 'string') throw new SealedError('chain_malformed', `certificate ${index}`);
    try {
      return new X509Certificate(Buffer.from(entry, 'base64'));
    } catch (cause) {
      throw new SealedError('chain_malformed', `certificate ${index}`, cause);
    }
  });
}

function signatoryOf(leaf: X509Certificate): Signatory {
  const commonName = attribute(leaf, 'CN');
  if (commonName === null) throw new SealedError('chain_malformed', 'the leaf has no single common name');
  return { commonName, organizationalUnit: attribute(leaf, 'OU'), serialNumber: leaf.serialNumber };
}

/** One attribute of the subject; null when it is missing. @throws when it stands there more than once. */
function attribute(certificate: X509Certificate, name: 'CN' | 'OU'): string | null {
  const value: unknown = certificate.toLegacyObject().subject?.[name];
  if (Array.isArray(value)) throw new SealedError('chain_malformed', `${name} stands more than once`);
  return typeof value === 'string' ? value : null;
}
