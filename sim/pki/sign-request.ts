// First: @peculiar/x509 asks for a Reflect polyfill at import.
import 'reflect-metadata';
import { Pkcs10CertificateRequest } from '@peculiar/x509';
import { certify } from './certificate.ts';
import { readIssued } from './files.ts';
import { pkiPaths } from './paths.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What an office's authority puts into the certificate; the name and the key are the request's. */
export interface RequestTerms {
  readonly office: string;
  readonly notBefore?: Date;
  /** Validity in days. */
  readonly days?: number;
}

/**
 * What the office's authority does with a kiosk's certificate request (PKCS #10): checks that whoever asks has the key,
 * and signs. The set of keys must be in the folder already.
 * @returns the chain, PEM: kiosk, office
 */
export async function signRequest(folder: string, pem: string, terms: RequestTerms): Promise<string> {
  const { office } = pkiPaths(folder, terms.office, 'any');
  const root = pkiPaths(folder, 'any', 'any').root;
  const now = new Date();
  const request = new Pkcs10CertificateRequest(pem);
  if (!(await request.verify())) throw new Error('the request is not signed with the key it names');
  const rootIssued = await readIssued(root, null, null, now);
  const authority = rootIssued && (await readIssued(office, null, rootIssued, now));
  if (!authority) throw new Error(`no authority of ${terms.office} in ${folder}`);
  const notBefore = terms.notBefore ?? new Date(now.getTime() - HOUR_MS);
  const wish = {
    subject: request.subject,
    role: 'signer',
    notBefore,
    notAfter: new Date(now.getTime() + (terms.days ?? 365) * DAY_MS),
  } as const;
  const publicKey = await request.publicKey.export();
  const { keys, certificate } = authority;
  const leaf = await certify(wish, publicKey, { keys, name: certificate.subject });
  return [leaf, certificate].map(one => `${one.toString('pem')}\n`).join('');
}
