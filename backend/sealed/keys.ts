import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { JWK } from 'jose';
import { loadSigningKey, type SigningKey } from './jws.ts';

/** Where the keys of a service (backend, registry) stand; `sim/pki` makes such sets. */
export interface ServiceKeyFiles {
  /** Trusted root, PEM. */
  readonly root: string;
  /** Chain (PEM, leaf first) and private key (PKCS #8 PEM) that sign. */
  readonly signing: { readonly chain: string; readonly key: string };
  /** Private encryption keys (JWK with `kid`); several while keys rotate. */
  readonly encryption: readonly string[];
}

export interface ServiceKeys {
  readonly root: X509Certificate;
  readonly signer: SigningKey;
  readonly keys: readonly JWK[];
}

export const loadServiceKeys = (files: ServiceKeyFiles): ServiceKeys => ({
  root: new X509Certificate(readFileSync(files.root)),
  signer: loadSigningKey(files.signing.chain, files.signing.key),
  keys: files.encryption.map(loadJwk),
});

export const loadJwk = (path: string): JWK => JSON.parse(readFileSync(path, 'utf8')) as JWK;
