import { z } from 'zod';
import { AuditHead } from './audit.ts';
import { SCHEMA_VERSION, Sha256, TopicName, UtcTime, Uuid7 } from './common.ts';

/** What lies on a removable medium, signed by the kiosk: a packet taken away or put there shows. Payload of `list.jws`. */
export const ExportList = z.strictObject({
  type: z.literal('vantay.export'),
  schemaVersion: z.literal(SCHEMA_VERSION),
  office: TopicName,
  kiosk: TopicName,
  createdAt: UtcTime,
  /** Head of the kiosk's audit chain when the list was made. */
  audit: AuditHead,
  /** In the order of their sequence numbers; each is the sealed packet in `<packetId>.vsm` beside the list. */
  packets: z.array(
    z.strictObject({
      packetId: Uuid7,
      sequence: z.int().min(1),
      manifestSha256: Sha256,
      /** SHA-256 of the file. */
      containerSha256: Sha256,
      bytes: z.int().min(1),
    }),
  ),
});
export type ExportList = z.infer<typeof ExportList>;
