/** The record behind a claim, as the visit needs it: what the registry answered, or that it could not be asked. */
import type { RecordAnswer, RecordRequest } from '../contract/record.ts';
import { Biometric } from '../ops/biometric.ts';
import type { Consented, Lookup } from '../session/visit.ts';
import { type Preparer, prepareReferences, type ReferenceImage } from './prepare.ts';

/** Who asks the registry; never rejects because of the network. */
export interface RecordSource {
  requestRecord(
    claim: RecordRequest['claim'],
    signal: AbortSignal,
  ): Promise<
    | {
        readonly kind: 'answer';
        readonly answer: RecordAnswer;
        readonly blobs: ReadonlyMap<string, Uint8Array>;
      }
    | { readonly kind: 'unavailable'; readonly reason: string }
  >;
}

/** Asks for the record of the claimed identity, and makes its references ready for the comparison. */
export async function lookUp(
  source: RecordSource,
  models: Preparer,
  visit: Consented,
  signal: AbortSignal,
): Promise<Lookup> {
  const { travelDocument, residenceCard } = visit;
  const reply = await source.requestRecord(
    {
      nationality: travelDocument.person.nationality,
      travelDocumentNumber: travelDocument.document.number,
      birthDate: travelDocument.person.birthDate,
      residenceCardNumber: residenceCard.document.number,
    },
    signal,
  );
  if (reply.kind === 'unavailable') return { state: 'unavailable' };
  const { state, record } = reply.answer;
  if (state !== 'found') return { state };
  if (!record) return { state: 'unavailable' };
  const images = record.references.flatMap(({ blob, ...described }): ReferenceImage[] => {
    const bytes = reply.blobs.get(blob);
    return bytes ? [{ ...described, bytes }] : [];
  });
  const references = new Biometric(await prepareReferences(models, images, signal));
  return { state: 'found', onFile: record.onFile, references };
}
