// First: @peculiar/x509 asks for a Reflect polyfill at import.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const EC = { name: 'ECDSA', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };

/** What a certificate is for. `authority` signs certificates, `signer` messages, the others speak TLS. */
export type Role = 'authority' | 'signer' | 'tls-server' | 'tls-client';

export interface Wish {
  /** RFC 4514 text, e.g. `CN=kiosk-1, OU=hanoi, O=...`. */
  readonly subject: string;
  readonly role: Role;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** A certificate with the private key it speaks for. */
export interface Issued {
  readonly certificate: X509Certificate;
  readonly keys: CryptoKeyPair;
}

/** Makes a P-256 key and its certificate, signed by `issuer` or, without one, by itself. */
export async function issue(wish: Wish, issuer: Issued | null): Promise<Issued> {
  const keys = await crypto.subtle.generateKey(EC, true, ['sign', 'verify']);
  const subject = { keys, name: wish.subject };
  const authority = issuer && { keys: issuer.keys, name: issuer.certificate.subject };
  return { certificate: await certify(wish, keys.publicKey, authority ?? subject), keys };
}

/** A certificate for a key that somebody else holds. */
export async function certify(
  wish: Wish,
  publicKey: CryptoKey,
  authority: { readonly keys: CryptoKeyPair; readonly name: string },
): Promise<X509Certificate> {
  return X509CertificateGenerator.create({
    subject: wish.subject,
    issuer: authority.name,
    notBefore: wish.notBefore,
    notAfter: wish.notAfter,
    publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: SIGNATURE,
    extensions: [
      ...extensionsOf(wish.role),
      await SubjectKeyIdentifierExtension.create(publicKey),
      await AuthorityKeyIdentifierExtension.create(authority.keys.publicKey),
    ],
  });
}

/** RFC 5280 extensions, critical where that RFC asks for it. */
function extensionsOf(role: Role): Extension[] {
  if (role === 'authority')
    return [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ];
  const leaf: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
  ];
  if (role === 'tls-client') leaf.push(new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth]));
  if (role === 'tls-server')
    leaf.push(
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([
        { type: 'dns', value: 'localhost' },
        { type: 'ip', value: '127.0.0.1' },
        { type: 'ip', value: '::1' },
      ]),
    );
  return leaf;
}
