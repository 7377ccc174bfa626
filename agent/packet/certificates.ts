// @peculiar/x509 resolves its parts through decorators and will not load without this.
import 'reflect-metadata';
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { PacketError } from './errors.ts';

/** Whom this side believes. */
export interface Trust {
  /** Root certificates, DER; several while roots are being exchanged. */
  readonly roots: readonly Uint8Array[];
  /** Serial numbers (lower-case hex, as openssl prints them) of certificates that were revoked. */
  readonly revokedSerials?: ReadonlySet<string>;
}

/** What a verified leaf certificate says of its holder. */
export interface VerifiedSigner {
  /** Subject CN: a kiosk's name, `registry` or `backend`. */
  readonly commonName: string;
  /** Subject OU: the office; null for registry and backend. */
  readonly office: string | null;
  /** P-256 public key of the leaf. */
  readonly publicKey: KeyObject;
}

/** Leaf, office, and one more in between; a longer chain has no place in the house's hierarchy. */
const MAX_CHAIN = 3;

interface Link {
  readonly native: X509Certificate;
  readonly parsed: x509.X509Certificate;
}

/** @throws PacketError PACKET_CERTIFICATE */
export function parseCertificates(pem: string): Uint8Array[] {
  try {
    return x509.PemConverter.decode(pem).map(der => new Uint8Array(der));
  } catch (cause) {
    throw new PacketError('PACKET_CERTIFICATE', 'no PEM certificates', { cause });
  }
}

/**
 * Reads a list of revoked certificates: a serial number a line, as `openssl x509 -serial` prints it (with `serial=` or
 * without, with colons or without); `#` begins a remark.
 * @throws PacketError PACKET_CERTIFICATE; half a list would believe whom it was made against
 */
export function parseRevoked(text: string): ReadonlySet<string> {
  const serials = new Set<string>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const serial = line
      .replace(/#.*/, '')
      .trim()
      .replace(/^serial=/i, '')
      .replaceAll(':', '');
    if (serial === '') continue;
    if (!/^([0-9a-f]{2}){1,20}$/i.test(serial)) throw bad(`line ${index + 1} is no serial number`);
    serials.add(serial.toLowerCase());
  }
  return serials;
}

/**
 * Verifies a signer's chain up to a trusted root: issuer names and signatures, validity, CA flags, path lengths, key
 * usage, revocation, and that nobody signs outside his office (README.md, "Container", 2).
 *
 * @param chain DER, leaf first, root left out
 * @param now the time the certificates must be valid at
 * @throws PacketError PACKET_CERTIFICATE, PACKET_UNTRUSTED, PACKET_CERTIFICATE_EXPIRED,
 * PACKET_CERTIFICATE_NOT_YET_VALID, PACKET_CERTIFICATE_REVOKED, PACKET_WRONG_SIGNER
 */
export function verifyChain(chain: readonly Uint8Array[], trust: Trust, now: Date): VerifiedSigner {
  const { links, signer } = prove(chain, trust.roots);
  for (const link of links) {
    requireValid(link, now);
    if (trust.revokedSerials?.has(link.native.serialNumber.toLowerCase())) {
      throw new PacketError('PACKET_CERTIFICATE_REVOKED', 'a certificate was revoked');
    }
  }
  return signer;
}

/** What holds of a chain at any time. */
interface Proof {
  /** Leaf first, with the root. */
  readonly links: readonly Link[];
  readonly signer: VerifiedSigner;
}

/**
 * Proofs that were made for a list of roots: the backend's chain stands in every receipt, and proving it anew took most
 * of the main process's time while a long queue drained. Nothing that depends on the time is kept, and no failure.
 */
const PROOFS = new WeakMap<readonly Uint8Array[], Map<string, Proof>>();
/** Chains remembered for a list of roots: backend, registry and the kiosk's own, old and new. */
const MAX_PROOFS = 8;

/** Proves names, signatures, authority, and that nobody signs outside his office. @throws PacketError as {@link verifyChain} */
function prove(chain: readonly Uint8Array[], roots: readonly Uint8Array[]): Proof {
  if (chain.length === 0 || chain.length > MAX_CHAIN) throw bad('a chain of impossible length');
  const known = PROOFS.get(roots) ?? new Map<string, Proof>();
  PROOFS.set(roots, known);
  const name = chain.map(der => createHash('sha256').update(der).digest('hex')).join();
  const proof = known.get(name) ?? proveAnew(chain, roots);
  // The one used last comes last, so that the first is the one to forget.
  known.delete(name);
  known.set(name, proof);
  if (known.size > MAX_PROOFS) known.delete(known.keys().next().value ?? '');
  return proof;
}

function proveAnew(chain: readonly Uint8Array[], roots: readonly Uint8Array[]): Proof {
  const links = chain.map(parse);
  const leaf = links[0]!;
  const root = roots.map(parse).find(candidate => issued(candidate, links.at(-1)!));
  if (root === undefined) throw new PacketError('PACKET_UNTRUSTED', 'chain ends at no trusted root');
  for (const [depth, link] of links.entries()) {
    const issuer = links[depth + 1] ?? root;
    if (!issued(issuer, link)) throw new PacketError('PACKET_UNTRUSTED', 'chain is broken');
    // `depth` intermediates stand below this issuer.
    requireAuthority(issuer, depth);
  }
  const office = subjectName(leaf, 'OU');
  for (const intermediate of links.slice(1)) {
    if (office === null || subjectName(intermediate, 'OU') !== office) {
      throw new PacketError('PACKET_WRONG_SIGNER', 'an office signed for somebody outside it');
    }
  }
  const signer = { commonName: requireLeaf(leaf), office, publicKey: leaf.native.publicKey };
  return { links: [...links, root], signer };
}

/**
 * Until when a chain and the root that it ends at are valid, all of them.
 * @throws PacketError PACKET_CERTIFICATE
 */
export function validUntil(chain: readonly Uint8Array[], trust: Trust): Date {
  const links = chain.map(parse);
  const last = links.at(-1);
  if (last === undefined) throw bad('a chain of impossible length');
  const roots = trust.roots.map(parse).filter(root => issued(root, last));
  return new Date(Math.min(...[...links, ...roots].map(({ native }) => native.validToDate.getTime())));
}

function parse(der: Uint8Array): Link {
  try {
    return { native: new X509Certificate(der), parsed: new x509.X509Certificate(new Uint8Array(der)) };
  } catch (cause) {
    throw new PacketError('PACKET_CERTIFICATE', 'a certificate cannot be read', { cause });
  }
}

function issued(issuer: Link, subject: Link): boolean {
  return subject.native.checkIssued(issuer.native) && subject.native.verify(issuer.native.publicKey);
}

function requireAuthority(issuer: Link, intermediatesBelow: number): void {
  const basic = issuer.parsed.getExtension(x509.BasicConstraintsExtension);
  if (basic?.ca !== true) throw bad('an issuer is no certificate authority');
  if (basic.pathLength !== undefined && basic.pathLength < intermediatesBelow)
    throw bad('a chain is too long for its issuer');
  const usage = issuer.parsed.getExtension(x509.KeyUsagesExtension);
  if (usage !== null && (usage.usages & x509.KeyUsageFlags.keyCertSign) === 0)
    throw bad('an issuer may not sign certificates');
  requireKnownExtensions(issuer);
}

function requireLeaf(leaf: Link): string {
  if (leaf.parsed.getExtension(x509.BasicConstraintsExtension)?.ca === true)
    throw bad('an authority signed itself');
  const usage = leaf.parsed.getExtension(x509.KeyUsagesExtension);
  if (usage !== null && (usage.usages & x509.KeyUsageFlags.digitalSignature) === 0)
    throw bad('a leaf may not sign');
  requireKnownExtensions(leaf);
  requireP256(leaf.native.publicKey);
  const commonName = subjectName(leaf, 'CN');
  if (commonName === null) throw bad('a leaf without a name');
  return commonName;
}

/** RFC 5280 section 4.2: a critical extension that is not understood makes a certificate unusable. */
function requireKnownExtensions({ parsed }: Link): void {
  for (const extension of parsed.extensions) {
    const known =
      extension instanceof x509.BasicConstraintsExtension ||
      extension instanceof x509.KeyUsagesExtension ||
      extension instanceof x509.ExtendedKeyUsageExtension;
    if (extension.critical && !known) throw bad('a critical extension is unknown');
  }
}

function requireValid({ native }: Link, now: Date): void {
  if (now < native.validFromDate) {
    throw new PacketError('PACKET_CERTIFICATE_NOT_YET_VALID', 'a certificate is not valid yet');
  }
  if (now > native.validToDate)
    throw new PacketError('PACKET_CERTIFICATE_EXPIRED', 'a certificate has expired');
}

/** @throws PacketError PACKET_CERTIFICATE */
export function requireP256(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw bad('a key is not P-256');
  }
}

function subjectName({ parsed }: Link, attribute: 'CN' | 'OU'): string | null {
  const values = parsed.subjectName.getField(attribute);
  if (values.length > 1) throw bad(`a subject with several ${attribute}`);
  return values[0] ?? null;
}

const bad = (why: string): PacketError => new PacketError('PACKET_CERTIFICATE', why);
