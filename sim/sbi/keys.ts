// First: @peculiar/x509 asks for a Reflect polyfill at import.
import 'reflect-metadata';
import { KeyObject, sign } from 'node:crypto';
import { BasicConstraintsExtension, type X509Certificate, X509CertificateGenerator } from '@peculiar/x509';

/** SBI 0.9.5 "Key management": RSA of 2048 bits, SHA-256. */
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
  modulusLength: 2048,
};
const DAY_MS = 86_400_000;

/** Somebody who signs: their certificate and key. */
export interface SbiSigner {
  readonly certificate: X509Certificate;
  readonly keys: CryptoKeyPair;
}

/** Keys of one device and those above it. */
export interface SbiKeys {
  readonly authority: SbiSigner;
  readonly provider: SbiSigner;
  /** Signs infos and samples. */
  readonly device: SbiSigner;
  /** Signs the digital ID: the chip's key on L1, the device key on L0. */
  readonly identity: SbiSigner;
}

/** @param days of validity from now; negative for a certificate that has ended */
export async function makeSigner(name: string, issuer: SbiSigner | null, days = 30): Promise<SbiSigner> {
  const keys = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const now = Date.now();
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: issuer?.certificate.subject ?? `CN=${name}`,
    notBefore: new Date(Math.min(now, now + days * DAY_MS) - DAY_MS),
    notAfter: new Date(now + days * DAY_MS),
    publicKey: keys.publicKey,
    signingKey: issuer?.keys.privateKey ?? keys.privateKey,
    signingAlgorithm: RSA,
    extensions: [new BasicConstraintsExtension(!name.startsWith('device'), undefined, true)],
  });
  return { certificate, keys };
}

export async function makeSbiKeys(level: 'L0' | 'L1'): Promise<SbiKeys> {
  const authority = await makeSigner('authority', null);
  const provider = await makeSigner('provider', authority);
  const device = await makeSigner('device', provider);
  const identity = level === 'L1' ? await makeSigner('device chip', provider) : device;
  return { authority, provider, device, identity };
}

/** A compact JWS (RFC 7515) with the signer's certificate in its header. */
export function signed(payload: object, { certificate, keys }: SbiSigner): string {
  const header = {
    x5c: [Buffer.from(certificate.rawData).toString('base64')],
    alg: 'RS256',
    typ: 'JWT',
  };
  const input = [header, payload]
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(input), KeyObject.from(keys.privateKey));
  return `${input}.${signature.toString('base64url')}`;
}
