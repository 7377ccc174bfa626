import { z } from 'zod';
import { FingerPosition, PersonalData, Sha256 } from './common.ts';
import { RecordReference } from './record.ts';

const known = {
  recordId: z.string().min(1).max(128),
  person: PersonalData,
  travelDocumentNumber: z.string().min(1).max(20),
  residenceCardNumber: z.string().min(1).max(20).nullable().default(null),
};
const { modality, position, ppi } = RecordReference.shape;

/** Records in a file; the picture of each reference is a file beside it, named relative to it. */
export const PictureRecords = z.array(
  z.object({ ...known, references: z.array(z.object({ modality, position, ppi, file: z.string().min(1) })) }),
);

const TemplateRecords = z.strictObject({
  /** What made the templates. */
  models: z.array(Sha256),
  records: z.array(
    z.strictObject({
      ...known,
      /** Embeddings: 32-bit floats, little-endian. */
      faces: z.array(z.base64()),
      fingers: z.array(z.strictObject({ position: FingerPosition, template: z.base64() })),
      /** JPEG for an officer's eyes. */
      portrait: z.base64().nullable(),
    }),
  ),
});
/** What a record server of an office holds. */
export type TemplateRecords = z.infer<typeof TemplateRecords>;
