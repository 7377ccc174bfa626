import { type KeyPairPaths, type PkiPaths, pkiPaths, servicePaths } from './paths.ts';

/** Key files of a service in the shape that `startBackend` and `startRegistry` take. */
export interface ServiceKeySet {
  readonly root: string;
  readonly signing: KeyPairPaths;
  readonly encryption: readonly string[];
}

/** TLS files in the shape that `startBroker` and the MQTT clients take. */
export interface TlsSet {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Names of a trust set's ends of the broker connection. */
export type TlsEnd = 'server' | 'backend' | 'registry';

/** The office and kiosk of a path do not matter for what they share. */
const shared = (folder: string): PkiPaths => pkiPaths(folder, 'any', 'any');

export function serviceKeys(folder: string, name: 'backend' | 'registry'): ServiceKeySet {
  const { signing, encryption } = servicePaths(folder, name);
  return { root: shared(folder).root.chain, signing, encryption: [encryption] };
}

export function recordServerKeys(folder: string, office: string): ServiceKeySet {
  const { root, recordServer } = pkiPaths(folder, office, 'any');
  return { root: root.chain, signing: recordServer.signing, encryption: [recordServer.encryption] };
}

export function tlsFiles(folder: string, end: TlsEnd): TlsSet {
  const paths = shared(folder);
  const pair = end === 'server' ? paths.mqttServer : paths[end].mqtt;
  return { ca: paths.mqttAuthority.chain, certificate: pair.chain, key: pair.key };
}

export function recordServerTlsFiles(folder: string, office: string): TlsSet {
  const { mqttAuthority, recordServer } = pkiPaths(folder, office, 'any');
  return { ca: mqttAuthority.chain, certificate: recordServer.mqtt.chain, key: recordServer.mqtt.key };
}

export function kioskTlsFiles(folder: string, office: string, kiosk: string): TlsSet {
  const paths = pkiPaths(folder, office, kiosk);
  return { ca: paths.mqttAuthority.chain, certificate: paths.kiosk.mqtt.chain, key: paths.kiosk.mqtt.key };
}
