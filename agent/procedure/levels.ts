/** What an account of each level holds (Decree 69/2024, Art. 8), and what of it a dossier still lacks. */
import type {
  FingerExceptionReason,
  FingerPosition,
  IdentityDocument,
  PersonalData,
} from '../contract/common.ts';
import { LAW } from './law.ts';

export type Level = 1 | 2;
export type Content = (typeof LAW.contents.level1)[number] | (typeof LAW.contents.level2)[number];

/** Level 2 holds what level 1 holds, and the fingerprints. */
export const contentsOf = (level: Level): readonly Content[] =>
  level === 1 ? LAW.contents.level1 : [...LAW.contents.level1, ...LAW.contents.level2];

export interface Dossier {
  readonly person: PersonalData;
  readonly travelDocument: IdentityDocument;
  readonly portrait: boolean;
  readonly fingers: readonly FingerPosition[];
  readonly exceptions: readonly {
    readonly position: FingerPosition;
    readonly reason: FingerExceptionReason;
  }[];
}

/**
 * Contents that the kiosk has to bring and that are missing. What the authority adds (the identification number, and what
 * no machine-readable zone holds) is never missing here.
 * @param wanted fingers that have to be there, or excepted
 */
export function missingContents(
  level: Level,
  dossier: Dossier,
  wanted: readonly FingerPosition[],
): readonly Content[] {
  const { person, travelDocument, portrait, fingers, exceptions } = dossier;
  const accounted = new Set([...fingers, ...exceptions.map(({ position }) => position)]);
  const there: Readonly<Partial<Record<Content, boolean>>> = {
    full_name: person.surname !== '',
    birth_date: person.birthDate !== '',
    sex: true,
    nationality: person.nationality !== '',
    travel_document_number: travelDocument.number !== '',
    portrait,
    fingerprints: wanted.every(position => accounted.has(position)),
  };
  return contentsOf(level).filter(content => there[content] === false);
}
