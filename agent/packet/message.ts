import type { z } from 'zod';
import { AccountRequest } from '../contract/account-request.ts';
import { SCHEMA_VERSION } from '../contract/common.ts';
import { IdentifyAnswer, IdentifyRequest } from '../contract/identify.ts';
import { PacketManifest } from '../contract/packet.ts';
import { RecordAnswer, RecordRequest } from '../contract/record.ts';
import { SyncAnswer, SyncRequest } from '../contract/sync.ts';
import { canonicalJson } from './canonical.ts';
import type { VerifiedSigner } from './certificates.ts';
import { PacketError } from './errors.ts';

/** Any of the manifests that travel in a sealed container. */
export type Manifest =
  | PacketManifest
  | AccountRequest
  | RecordRequest
  | RecordAnswer
  | SyncRequest
  | SyncAnswer
  | IdentifyRequest
  | IdentifyAnswer;
export type ManifestType = Manifest['type'];
export type ManifestOf<T extends ManifestType> = Extract<Manifest, { type: T }>;

const SCHEMAS = {
  'vantay.packet': PacketManifest,
  'vantay.account-request': AccountRequest,
  'vantay.record-request': RecordRequest,
  'vantay.record-answer': RecordAnswer,
  'vantay.sync-request': SyncRequest,
  'vantay.sync-answer': SyncAnswer,
  'vantay.identify-request': IdentifyRequest,
  'vantay.identify-answer': IdentifyAnswer,
} as const satisfies Record<ManifestType, z.ZodType>;

/**
 * Common name of an office's record server. A space keeps it apart from every kiosk of that office: their names have none.
 */
const RECORD_SERVER = 'record server';

type Sender = 'registry' | 'backend' | { readonly kiosk: string; readonly office: string };

/** Who has to have signed: the registry or the office's record server what they answer, else the kiosk that is named. */
export function senderOf(manifest: Manifest): Sender {
  switch (manifest.type) {
    case 'vantay.record-answer':
    case 'vantay.sync-answer':
      return 'registry';
    case 'vantay.identify-answer':
      return { kiosk: RECORD_SERVER, office: manifest.office };
    default:
      return manifest;
  }
}

/** The id a message goes by: in chunks, associated data and receipts. */
export const messageId = (manifest: { packetId: string } | { requestId: string }): string =>
  'packetId' in manifest ? manifest.packetId : manifest.requestId;

/**
 * Parses what a signature covered, in the order that gives each refusal its own code.
 * @throws PacketError PACKET_NOT_CANONICAL, PACKET_TYPE, PACKET_SCHEMA_VERSION, PACKET_SCHEMA
 */
export function parseSigned<T>(payload: string, type: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(payload);
    // Also finds doubled keys, which two parsers may understand in two ways.
    if (canonicalJson(value) !== payload) throw new TypeError('not canonical');
  } catch (cause) {
    throw new PacketError('PACKET_NOT_CANONICAL', 'signed content is not canonical JSON', { cause });
  }
  const { type: actualType, schemaVersion } = (value ?? {}) as Record<string, unknown>;
  if (actualType !== type) throw new PacketError('PACKET_TYPE', `not of type ${type}`);
  if (schemaVersion !== SCHEMA_VERSION) {
    throw new PacketError('PACKET_SCHEMA_VERSION', `schema version is not ${SCHEMA_VERSION}`);
  }
  const parsed = schema.safeParse(value);
  // Only the paths of what is wrong: zod's messages may quote values, and these are people's.
  if (!parsed.success)
    throw new PacketError('PACKET_SCHEMA', `does not fit its schema at ${paths(parsed.error)}`);
  return parsed.data;
}

/** @throws PacketError as parseSigned */
export function parseManifest<T extends ManifestType>(payload: string, type: T): ManifestOf<T> {
  return parseSigned(payload, type, SCHEMAS[type] as unknown as z.ZodType<ManifestOf<T>>);
}

/** @throws PacketError PACKET_DRAFT */
export function requireManifest(manifest: Manifest): void {
  const parsed = SCHEMAS[manifest.type].safeParse(manifest);
  if (!parsed.success)
    throw new PacketError('PACKET_DRAFT', `message does not fit its schema at ${paths(parsed.error)}`);
}

/**
 * Holds the leaf certificate's subject to what the message says of its sender.
 * @throws PacketError PACKET_WRONG_SIGNER
 */
export function requireSigner(signer: VerifiedSigner, sender: Sender): void {
  const fits =
    typeof sender === 'string'
      ? signer.commonName === sender && signer.office === null
      : signer.commonName === sender.kiosk && signer.office === sender.office;
  if (!fits) throw new PacketError('PACKET_WRONG_SIGNER', 'signed by somebody else than the sender it names');
}

/** @throws PacketError PACKET_WRONG_KIOSK */
export function requireKiosk(
  message: { kiosk: string; office: string },
  expected: { readonly kiosk: string; readonly office: string },
): void {
  if (message.kiosk !== expected.kiosk || message.office !== expected.office) {
    throw new PacketError('PACKET_WRONG_KIOSK', 'belongs to another kiosk');
  }
}

const paths = (error: z.ZodError): string =>
  [...new Set(error.issues.map(issue => issue.path.join('.') || '(top)'))].slice(0, 5).join(', ');
