/** Makes keys and certificate requests, and installs what comes back; each step may be cut off and done again. */
import { randomBytes, verify, X509Certificate } from 'node:crypto';
import { parseCertificates, validUntil, verifyChain } from '../packet/certificates.ts';
import { requireSigner } from '../packet/message.ts';
import { recipientFromJwk } from '../packet/signer.ts';
import { KeyError } from './errors.ts';
import { readIfThere, writeWhole } from './files.ts';
import { keyOfChain, type Names } from './identity.ts';
import type { KeyFiles } from './kiosk-keys.ts';
import { type PublishedKey, publishedKeys } from './recipients.ts';
import { certificateRequest } from './request.ts';
import type { KeyRing, RingKey } from './ring.ts';

export interface Provisioning {
  readonly files: KeyFiles;
  readonly ring: KeyRing;
  readonly names: Names;
}

/** A key of the ring and what it is there for. */
export interface KeyState {
  readonly name: string;
  /** `next` waits for its certificate, `previous` served until the last exchange. */
  readonly use: 'current' | 'next' | 'previous';
}

/** The chain that was replaced last: it tells the key that served before from the one that comes next. */
const previousOf = (chainFile: string): string => `${chainFile}.previous`;

async function keysWithUse({ files, ring }: Provisioning, signal: AbortSignal) {
  const leafOf = async (path: string) => {
    const pem = await readIfThere(path);
    return pem === null ? null : new X509Certificate(parseCertificates(pem)[0] ?? '').publicKey;
  };
  const current = await leafOf(files.certificateChainFile);
  const previous = await leafOf(previousOf(files.certificateChainFile));
  const useOf = ({ publicKey }: RingKey): KeyState['use'] => {
    if (current?.equals(publicKey)) return 'current';
    return previous?.equals(publicKey) ? 'previous' : 'next';
  };
  return (await ring.list(signal)).map(key => ({ key, use: useOf(key) }));
}

/** @throws KeyError, PacketError PACKET_CERTIFICATE */
export async function keyStates(provisioning: Provisioning, signal: AbortSignal): Promise<KeyState[]> {
  return (await keysWithUse(provisioning, signal)).map(({ key, use }) => ({ name: key.name, use }));
}

/**
 * The certificate request of the key that comes next. Makes that key unless it waits already, so that asking twice asks
 * for the same; the key that served before the current one is destroyed for it.
 * @throws KeyError, PacketError PACKET_CERTIFICATE
 */
export async function requestCertificate(
  provisioning: Provisioning,
  signal: AbortSignal,
): Promise<{ readonly pem: string; readonly key: string; readonly made: boolean }> {
  const { ring, names } = provisioning;
  const keys = await keysWithUse(provisioning, signal);
  const waiting = keys.find(({ use }) => use === 'next')?.key;
  if (waiting === undefined) {
    for (const { key, use } of keys) if (use === 'previous') await ring.remove(key, signal);
  }
  const key = waiting ?? (await ring.make(signal));
  return {
    pem: await certificateRequest(key, names, signal),
    key: key.name,
    made: waiting === undefined,
  };
}

/** What a visit to the authority brought back; each part is optional. PEM and JWK texts. */
export interface Delivered {
  readonly chain?: string | undefined;
  /** Replaces the trusted roots; several while roots are exchanged. */
  readonly roots?: string | undefined;
  /** Added to the keys that are there; the newest is sealed to. */
  readonly backendKeys?: string | undefined;
  readonly registryKeys?: string | undefined;
  /** Where the office has a record server. */
  readonly recordServerKeys?: string | undefined;
  /** `kid`s of keys of any of these that are not to be sealed to any more. */
  readonly retired?: readonly string[] | undefined;
}

/**
 * Installs what is right all together, or nothing: everything is checked before anything is written, and each file
 * changes as a whole.
 * @returns paths of the files that changed
 * @throws KeyError KEY_NOT_FOUND, KEY_RECIPIENT, KEY_NO_RECORD_SERVER and what the ring throws; PacketError as verifyChain, PACKET_KEY
 */
export async function install(
  provisioning: Provisioning,
  delivered: Delivered,
  now: Date,
  signal: AbortSignal,
): Promise<string[]> {
  const { files } = provisioning;
  if (delivered.recordServerKeys !== undefined && files.recordServerKeyFile === undefined)
    throw new KeyError('KEY_NO_RECORD_SERVER', 'the configuration has no record server');
  const wanted = new Map<string, string>();
  if (delivered.roots !== undefined) wanted.set(files.trustRootFile, requireCertificates(delivered.roots));
  for (const [path, keys] of [
    [files.backendEncryptionKeyFile, delivered.backendKeys],
    [files.registryEncryptionKeyFile, delivered.registryKeys],
    [files.recordServerKeyFile, delivered.recordServerKeys],
  ] as const) {
    if (path !== undefined && (keys !== undefined || delivered.retired !== undefined))
      wanted.set(path, await mergedKeys(await readIfThere(path), keys, delivered.retired ?? []));
  }
  const chain = delivered.chain ?? (await readIfThere(files.certificateChainFile));
  const roots = delivered.roots ?? (await readIfThere(files.trustRootFile));
  if (chain !== null && (delivered.chain !== undefined || delivered.roots !== undefined)) {
    const pem = await requireChain(provisioning, chain, roots ?? '', now, signal);
    if (delivered.chain !== undefined) wanted.set(files.certificateChainFile, pem);
  }
  const changed: string[] = [];
  for (const [path, text] of wanted) {
    const before = await readIfThere(path);
    if (before === text) continue;
    if (path === files.certificateChainFile && before !== null) await writeWhole(previousOf(path), before);
    await writeWhole(path, text);
    changed.push(path);
  }
  return changed;
}

/** The chain without the root, once it is known to be this kiosk's, of a trusted root, valid, and of a key that signs. */
async function requireChain(
  { ring, names }: Provisioning,
  pem: string,
  rootsPem: string,
  now: Date,
  signal: AbortSignal,
): Promise<string> {
  const trust = { roots: parseCertificates(rootsPem) };
  const chain = parseCertificates(pem).filter(der => !isRoot(der));
  requireSigner(verifyChain(chain, trust, now), names);
  const key = await keyOfChain(ring, chain, signal);
  const bytes = randomBytes(32);
  const signature = await key.sign(bytes, signal);
  if (!verify('sha256', bytes, { key: key.publicKey, dsaEncoding: 'ieee-p1363' }, signature))
    throw new KeyError('KEY_FAULT', 'the key gives signatures that do not verify');
  return chain.map(der => new X509Certificate(der).toString()).join('');
}

function isRoot(der: Uint8Array): boolean {
  const certificate = new X509Certificate(der);
  return certificate.ca && certificate.checkIssued(certificate);
}

function requireCertificates(pem: string): string {
  validUntil(parseCertificates(pem), { roots: [] });
  return pem;
}

/** A JWK Set with what is there and what comes, by `kid`, without what is retired. */
async function mergedKeys(
  before: string | null,
  added: string | undefined,
  retired: readonly string[],
): Promise<string> {
  const byKid = new Map<string, PublishedKey>();
  for (const text of [before, added]) {
    for (const jwk of text ? publishedKeys(text) : []) {
      const { kid } = await recipientFromJwk(JSON.stringify(jwk));
      const { d: _never, ...open } = jwk;
      // Set anew, so that a key that comes again stands last.
      byKid.delete(kid);
      byKid.set(kid, { ...open, kid });
    }
  }
  for (const kid of retired) byKid.delete(kid);
  if (byKid.size === 0) throw new KeyError('KEY_RECIPIENT', 'no key would be left to seal to');
  return `${JSON.stringify({ keys: [...byKid.values()] }, null, 2)}\n`;
}
