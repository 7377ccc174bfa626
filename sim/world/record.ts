/** A person as the immigration database knows them: identity, papers, and samples of an earlier visit. */
import sharp from 'sharp';
import { grayPng, type Person, positionName } from '../people/index.ts';
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
  for (const finger of person.fingers) {
    for (const image of await person.recordImpressions(finger, signal)) {
      references.push({
        modality: 'finger',
        position: positionName(finger),
        mediaType: 'image/png',
        bytes: await grayPng(image),
        ppi: image.ppi,
      });
    }
  }
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
