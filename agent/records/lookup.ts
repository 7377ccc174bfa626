/** The record behind a claim, as the visit needs it: what is kept here, else what the registry answers. */
import type { RecordAnswer, RecordRequest } from '../contract/record.ts';
import { Biometric } from '../ops/biometric.ts';
import type { Consented, Lookup } from '../session/visit.ts';
import type { Found } from './cache/types.ts';
import { imagesOf, type Preparer, prepareReferences } from './prepare.ts';

type Claim = RecordRequest['claim'];

/** Who asks the registry; never rejects because of the network. */
export interface RecordSource {
  requestRecord(
    claim: Claim,
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

/** What this kiosk keeps of records; never rejects, and knows nothing where it cannot be believed. */
export interface KeptSource {
  find(claim: Claim): Promise<Found | null>;
}

/**
 * Looks for the record of the claimed identity, its references ready for the comparison. What is kept answers first: it
 * is what the registry signed, as long as that said it may be used. That nothing is kept says nothing about a person.
 */
export async function lookUp(
  kept: KeptSource | null,
  source: RecordSource,
  models: Preparer,
  visit: Consented,
  signal: AbortSignal,
): Promise<Lookup> {
  const claim = claimOf(visit);
  const here = await kept?.find(claim);
  if (here) return keptLookup(here);
  const reply = await source.requestRecord(claim, signal);
  if (reply.kind === 'unavailable') return { state: 'unavailable' };
  const { state, record } = reply.answer;
  if (state !== 'found') return { state };
  if (!record) return { state: 'unavailable' };
  const images = imagesOf(record.references, reply.blobs);
  const references = new Biometric(await prepareReferences(models, images, signal));
  const { recordId, onFile } = record;
  return { state: 'found', recordId, onFile, references };
}

const claimOf = ({ travelDocument, residenceCard }: Consented): Claim => ({
  nationality: travelDocument.person.nationality,
  travelDocumentNumber: travelDocument.document.number,
  birthDate: travelDocument.person.birthDate,
  residenceCardNumber: residenceCard.document.number,
});

function keptLookup(found: Found): Lookup {
  if (found.state !== 'found') return { state: found.state, kept: true };
  const { recordId, onFile, references } = found.record;
  return { state: 'found', kept: true, recordId, onFile, references: new Biometric(references) };
}
