import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { X509Certificate as PeculiarCertificate } from '@peculiar/x509';
import { calculateJwkThumbprint, type JWK } from 'jose';
import type { Issued } from './certificate.ts';
import type { KeyPairPaths, ServicePaths } from './paths.ts';

const EC = { name: 'ECDSA', namedCurve: 'P-256' };

/** Writes a file for its owner only, whole or not at all. */
async function writePrivate(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const partial = `${path}.partial`;
  await writeFile(partial, text, { mode: 0o600 });
  await rename(partial, path);
}

const readText = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null);

/** Writes a key and the chain from its certificate up to, and without, the root. */
export async function writeIssued(
  paths: KeyPairPaths,
  issued: Issued,
  above: readonly Issued[] = [],
): Promise<void> {
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', issued.keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  await writePrivate(paths.key, key.export({ format: 'pem', type: 'pkcs8' }).toString());
  const chain = [issued, ...above].map(entry => `${entry.certificate.toString('pem')}\n`);
  await writePrivate(paths.chain, chain.join(''));
}

/**
 * Reads what stands on disk when it can still serve: key and certificate belong together, the issuer signed it (itself,
 * when there is none), the subject is as wished (null: any) and it stays valid until `validUntil`. Null otherwise.
 */
export async function readIssued(
  paths: KeyPairPaths,
  subject: string | null,
  issuer: Issued | null,
  validUntil: Date,
): Promise<Issued | null> {
  const [chain, pem] = [await readText(paths.chain), await readText(paths.key)];
  if (chain === null || pem === null) return null;
  try {
    const leaf = new X509Certificate(chain);
    const key = createPrivateKey(pem);
    const certificate = new PeculiarCertificate(leaf.raw);
    const authority = issuer === null ? leaf : new X509Certificate(Buffer.from(issuer.certificate.rawData));
    const serves =
      leaf.checkPrivateKey(key) &&
      leaf.verify(authority.publicKey) &&
      (subject === null || certificate.subject === subject) &&
      leaf.validFromDate <= validUntil &&
      leaf.validToDate > validUntil;
    return serves ? { certificate, keys: await importPair(key) } : null;
  } catch {
    // Damaged files are made anew, as missing ones are.
    return null;
  }
}

async function importPair(key: ReturnType<typeof createPrivateKey>): Promise<CryptoKeyPair> {
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    privateKey: await crypto.subtle.importKey('pkcs8', pkcs8, EC, true, ['sign']),
    publicKey: await crypto.subtle.importKey('spki', spki, EC, true, ['verify']),
  };
}

/** Makes the encryption key of a service unless it is there; `kid` is its RFC 7638 thumbprint. */
export async function ensureEncryptionKey(paths: ServicePaths): Promise<void> {
  if ((await readText(paths.encryption)) !== null && (await readText(paths.encryptionPublic)) !== null)
    return;
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) as JWK;
  const named = { ...jwk, kid: await calculateJwkThumbprint(jwk), use: 'enc', alg: 'ECDH-ES+A256KW' };
  const { d: _secret, ...open } = named;
  await writePrivate(paths.encryption, `${JSON.stringify(named, null, 2)}\n`);
  await writePrivate(paths.encryptionPublic, `${JSON.stringify(open, null, 2)}\n`);
}
