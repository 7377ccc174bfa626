import { join } from 'node:path';

/** Certificate chain (PEM, leaf first, without the root) and private key (PKCS #8 PEM). */
export interface KeyPairPaths {
  readonly chain: string;
  readonly key: string;
}

/** What a kiosk owns. It has no lasting encryption key: answers are sealed to a key made for each request. */
interface KioskPaths {
  /** Signs manifests. */
  readonly signing: KeyPairPaths;
  /** Client certificate for mutual TLS with the broker. */
  readonly mqtt: KeyPairPaths;
}

/** What a service behind the broker owns. */
export interface ServicePaths {
  /** Signs receipts and answers. */
  readonly signing: KeyPairPaths;
  /** Private P-256 key for ECDH-ES as JWK with `kid`. */
  readonly encryption: string;
  /** Its public half. */
  readonly encryptionPublic: string;
  /** Client certificate for mutual TLS with the broker. */
  readonly mqtt: KeyPairPaths;
}

/** A trust set on disk; the layout is drawn in README.md. */
export interface PkiPaths {
  readonly folder: string;
  readonly root: KeyPairPaths;
  readonly office: KeyPairPaths;
  readonly kiosk: KioskPaths;
  readonly backend: ServicePaths;
  readonly registry: ServicePaths;
  /** Of the office, and of no other. */
  readonly recordServer: ServicePaths;
  /** `chain` is the authority that both ends of the broker connection trust. */
  readonly mqttAuthority: KeyPairPaths;
  readonly mqttServer: KeyPairPaths;
}

const pair = (folder: string, name: string): KeyPairPaths => ({
  chain: join(folder, `${name}.pem`),
  key: join(folder, `${name}.key.pem`),
});

/** Where the parts of a service stand: backend and registry in the set's folder, a record server in its office's. */
export const servicePaths = (
  folder: string,
  name: 'backend' | 'registry' | 'record-server',
): ServicePaths => ({
  signing: pair(folder, name),
  encryption: join(folder, `${name}-encryption.jwk`),
  encryptionPublic: join(folder, `${name}-encryption.public.jwk`),
  mqtt: pair(folder, `mqtt-${name}`),
});

/** Where the parts of a trust set stand; nothing is read or made. */
export function pkiPaths(folder: string, office: string, kiosk: string): PkiPaths {
  const officeFolder = join(folder, 'offices', office);
  const kioskFolder = join(officeFolder, kiosk);
  return {
    folder,
    root: pair(folder, 'root'),
    office: pair(officeFolder, 'office'),
    kiosk: { signing: pair(kioskFolder, 'kiosk'), mqtt: pair(kioskFolder, 'mqtt-kiosk') },
    backend: servicePaths(folder, 'backend'),
    registry: servicePaths(folder, 'registry'),
    recordServer: servicePaths(officeFolder, 'record-server'),
    mqttAuthority: pair(folder, 'mqtt-ca'),
    mqttServer: pair(folder, 'mqtt-server'),
  };
}
