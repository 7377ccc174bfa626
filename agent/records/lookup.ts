/** The record behind a claim, as the visit needs it: what the registry answered, or that it could not be asked. */
import type { RecordAnswer, RecordRequest } from '../contract/record.ts';
import { Biometric } from '../ops/biometric.ts';
import type { Consented, Lookup, Reference } from '../session/visit.ts';

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

export async function lookUp(source: RecordSource, visit: Consented, signal: AbortSignal): Promise<Lookup> {
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
  if (state !== 'found' || !record) return { state: state === 'found' ? 'unavailable' : state };
  const references = record.references.flatMap(({ modality, position, blob, ppi }): Reference[] => {
    const bytes = reply.blobs.get(blob);
    const mediaType = reply.answer.blobs.find(({ name }) => name === blob)?.mediaType ?? '';
    return bytes ? [{ modality, position, mediaType, ppi, bytes }] : [];
  });
  return { state: 'found', onFile: record.onFile, references: new Biometric(references) };
}
