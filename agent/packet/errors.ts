/** One line of the error catalogue. */
export interface PacketErrorEntry {
  readonly code: string;
  readonly cause: string;
  readonly remedy: string;
}

const REFUSE =
  'Do not use the message; ask the sender to send it again, and look for who altered it if it comes again.';
const ENROL = 'Check the certificate chain and the trusted roots on both sides, then send again.';

/** Every refusal of this room, in the order a reader meets them. */
export const PACKET_ERRORS = [
  { code: 'PACKET_FORMAT', cause: 'The bytes are no sealed message of format 1 (VSM1).', remedy: REFUSE },
  { code: 'PACKET_TRUNCATED', cause: 'The container is shorter than its own lengths say.', remedy: REFUSE },
  { code: 'PACKET_TRAILING_BYTES', cause: 'Bytes follow the last blob of the container.', remedy: REFUSE },
  { code: 'PACKET_JWE_MALFORMED', cause: 'The encrypted manifest is no JWE.', remedy: REFUSE },
  {
    code: 'PACKET_JWE_ALGORITHM',
    cause: 'The manifest is encrypted with other algorithms than ECDH-ES+A256KW and A256GCM.',
    remedy: REFUSE,
  },
  {
    code: 'PACKET_WRONG_RECIPIENT',
    cause: 'The message is sealed to a key that this reader does not have.',
    remedy: 'Give the sender this reader’s current public key, or open it with the key it was sealed to.',
  },
  {
    code: 'PACKET_DECRYPTION',
    cause: 'The encrypted manifest does not decrypt: it was altered.',
    remedy: REFUSE,
  },
  {
    code: 'PACKET_JWS_MALFORMED',
    cause: 'The signed manifest is no compact JWS of the expected type.',
    remedy: REFUSE,
  },
  {
    code: 'PACKET_JWS_ALGORITHM',
    cause: 'The manifest is signed with another algorithm than ES256.',
    remedy: REFUSE,
  },
  { code: 'PACKET_SIGNATURE', cause: 'The signature does not fit the content.', remedy: REFUSE },
  {
    code: 'PACKET_CERTIFICATE',
    cause: 'A certificate of the signer cannot be read or must not sign.',
    remedy: ENROL,
  },
  { code: 'PACKET_UNTRUSTED', cause: 'The signer’s chain does not end at a trusted root.', remedy: ENROL },
  {
    code: 'PACKET_CERTIFICATE_EXPIRED',
    cause: 'A certificate of the signer is no longer valid.',
    remedy: 'Renew the certificate; check the clock of this machine if it should still be valid.',
  },
  {
    code: 'PACKET_CERTIFICATE_NOT_YET_VALID',
    cause: 'A certificate of the signer is not valid yet.',
    remedy: 'Check the clock of this machine.',
  },
  { code: 'PACKET_CERTIFICATE_REVOKED', cause: 'A certificate of the signer was revoked.', remedy: ENROL },
  {
    code: 'PACKET_WRONG_SIGNER',
    cause: 'The certificate’s subject is not the kiosk, registry or backend that the message names.',
    remedy: ENROL,
  },
  { code: 'PACKET_NOT_CANONICAL', cause: 'The manifest is not canonical JSON (RFC 8785).', remedy: REFUSE },
  {
    code: 'PACKET_SCHEMA_VERSION',
    cause: 'The manifest has another schema version than this program reads.',
    remedy: 'Bring both sides to the same version.',
  },
  {
    code: 'PACKET_TYPE',
    cause: 'The message is of another type than the one expected here.',
    remedy: REFUSE,
  },
  {
    code: 'PACKET_SCHEMA',
    cause: 'The manifest does not fit its schema.',
    remedy: 'Bring both sides to the same version.',
  },
  { code: 'PACKET_WRONG_KIOSK', cause: 'The message belongs to another kiosk or office.', remedy: REFUSE },
  {
    code: 'PACKET_WRONG_ID',
    cause: 'The message answers another request, or another packet.',
    remedy: REFUSE,
  },
  {
    code: 'PACKET_WRONG_MANIFEST',
    cause: 'A receipt speaks of other content than was sent.',
    remedy: REFUSE,
  },
  {
    code: 'PACKET_RECEIPT_EXPIRED',
    cause: 'A receipt was issued more than 90 days ago, or more than a day ahead of this kiosk’s clock.',
    remedy: 'Check the clocks of kiosk and backend; the backend answers again when the packet comes again.',
  },
  { code: 'PACKET_BLOB_NAME', cause: 'Two blobs of the message have the same name.', remedy: REFUSE },
  { code: 'PACKET_BLOB', cause: 'A blob does not decrypt: it was altered.', remedy: REFUSE },
  {
    code: 'PACKET_BLOB_HASH',
    cause: 'A blob’s clear bytes are not the ones the manifest names.',
    remedy: REFUSE,
  },
  {
    code: 'PACKET_CHUNK',
    cause: 'A chunk is malformed or disagrees with the others of its message.',
    remedy: REFUSE,
  },
  {
    code: 'PACKET_CHUNK_HASH',
    cause: 'The chunks together are not the container they announced.',
    remedy: REFUSE,
  },
  {
    code: 'PACKET_CHUNK_LIMIT',
    cause: 'A message exceeds the bytes this reader spends on unfinished messages.',
    remedy: 'Send smaller messages, or fewer at a time.',
  },
  {
    code: 'PACKET_KEY',
    cause: 'The kiosk’s key or certificate file cannot be read, or the two do not belong together.',
    remedy:
      'Check the paths in the configuration; the key must be P-256 and belong to the first certificate.',
  },
  {
    code: 'PACKET_DRAFT',
    cause: 'A message to be sealed does not fit its schema.',
    remedy: 'This is a fault of the program: report it with the version.',
  },
  {
    code: 'PACKET_IMAGE',
    cause: 'An image could not be encoded for the packet in time, or does not fit an ISO record.',
    remedy: 'Capture again; restart the agent if it repeats.',
  },
] as const satisfies readonly PacketErrorEntry[];

export type PacketErrorCode = (typeof PACKET_ERRORS)[number]['code'];

/** A message that was refused, or could not be made. The text never holds content of a message. */
export class PacketError extends Error {
  override readonly name = 'PacketError';
  readonly code: PacketErrorCode;
  constructor(code: PacketErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
