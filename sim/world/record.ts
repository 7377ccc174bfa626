/** A person as the immigration database knows them: identity, papers, and samples of an earlier visit. */
import sharp from 'sharp';
import { grayPng, type Person, positionName } from '../people/index.ts';
import { minutiaeRecord, type RecordedPrint } from '../registry/minutiae-record.ts';
import type { ImmigrationRecord, ReferenceSample } from '../registry/records.ts';
import { recordPortraits } from './portrait.ts';

export async function recordOf(person: Person, signal: AbortSignal): Promise<ImmigrationRecord> {
  const { identity } = person;
  const references: ReferenceSample[] = [];
  for (const portrait of await recordPortraits(person)) {
    references.push({
      modality: 'face',
      position: null,
      mediaType: `image/${(await sharp(portrait).metadata()).format}`,
      bytes: portrait,
      ppi: null,
    });
  }
  references.push(
    ...(person.recordMinutiae ? [await minutiaeOf(person, signal)] : await imagesOf(person, signal)),
  );
  return {
    recordId: `record-${person.id}`,
    person: {
      surname: identity.surname,
      givenNames: identity.givenNames,
      birthDate: identity.birthDate,
      sex: identity.sex,
      nationality: identity.nationality,
    },
    travelDocumentNumber: identity.passport.number,
    residenceCardNumber: identity.residenceCard.number,
    onFile: { face: true, finger: person.fingers.length > 0 },
    references,
  };
}

async function imagesOf(person: Person, signal: AbortSignal): Promise<ReferenceSample[]> {
  const samples: ReferenceSample[] = [];
  for (const finger of person.fingers) {
    for (const image of await person.recordImpressions(finger, signal)) {
      samples.push({
        modality: 'finger',
        position: positionName(finger),
        mediaType: 'image/png',
        bytes: await grayPng(image),
        ppi: image.ppi,
      });
    }
  }
  return samples;
}

/** All fingers as one record, which says itself which they are. */
async function minutiaeOf(person: Person, signal: AbortSignal): Promise<ReferenceSample> {
  const prints: RecordedPrint[] = [];
  for (const position of person.fingers) {
    const impressions = (await person.recordMinutiae?.(position, signal)) ?? [];
    impressions.forEach(({ image: { width, height, ppi }, minutiae }, number) => {
      prints.push({ position, number, width, height, ppi, minutiae });
    });
  }
  const bytes = minutiaeRecord(prints);
  return { modality: 'finger', position: null, mediaType: 'application/vnd.iso.19794-2', bytes, ppi: null };
}
