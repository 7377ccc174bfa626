/** Who may register level 2 at this kiosk today, and if not, why. */
import type { IdentityDocument, PersonalData, Purpose } from '../contract/common.ts';
import type { DocumentProblem, RefusalReason } from '../contract/screen.ts';
import { LAW } from './law.ts';

export interface Holder {
  readonly document: IdentityDocument;
  readonly person: PersonalData;
}

export interface Refusal {
  readonly reason: RefusalReason;
  /** Fields in which the documents disagree. */
  readonly fields: string[];
}

const RESIDENCE_CARDS: readonly IdentityDocument['kind'][] = Object.values(LAW.residence.cardCodes);

/** Full years of age on a day. A birthday on 29 February is reached on 1 March of common years. */
export function ageOn(birthDate: string, today: string): number {
  const years = Number(today.slice(0, 4)) - Number(birthDate.slice(0, 4));
  return today.slice(5) >= birthDate.slice(5) ? years : years - 1;
}

/**
 * Null when nothing stands against it.
 * @param today calendar date in Vietnam
 */
export function refusal(
  travelDocument: Holder,
  residenceCard: Holder,
  purpose: Purpose,
  today: string,
): Refusal | null {
  // Papers that ran out are a ground for a lock: they must not stand in its way (Decree 69/2024, Art. 15).
  const mustBeValid = purpose !== 'lock';
  if (mustBeValid && travelDocument.document.expires < today)
    return { reason: 'travel_document_expired', fields: [] };
  if (!RESIDENCE_CARDS.includes(residenceCard.document.kind))
    return { reason: 'no_residence_card', fields: [] };
  if (mustBeValid && residenceCard.document.expires < today)
    return { reason: 'residence_card_expired', fields: [] };
  const fields = disagreements(travelDocument.person, residenceCard.person);
  if (fields.length > 0) return { reason: 'documents_do_not_match', fields };
  const age = ageOn(travelDocument.person.birthDate, today);
  if (purpose === 'register_level_2' && age < LAW.level2.minimumAgeYears)
    return { reason: 'under_6_level_1_only', fields: [] };
  return null;
}

/** Children under 14 do not come alone; of a ward, no document tells. */
export const needsRepresentative = ({ birthDate }: PersonalData, today: string): boolean =>
  ageOn(birthDate, today) < LAW.representative.belowAgeYears;

/** Null when this person may act for the applicant, as far as documents tell. */
export function representativeProblem(
  applicant: { readonly travelDocument: Holder; readonly residenceCard: Holder },
  representative: Holder,
  today: string,
): DocumentProblem | null {
  const { document, person } = representative;
  const own = [applicant.travelDocument, applicant.residenceCard].some(
    holder =>
      (holder.document.number === document.number && holder.document.issuer === document.issuer) ||
      disagreements(holder.person, person).length === 0,
  );
  if (own) return { reason: 'same_person', fields: [] };
  if (document.expires < today) return { reason: 'expired', fields: [] };
  return ageOn(person.birthDate, today) < LAW.representative.minimumAgeYears
    ? { reason: 'representative_too_young', fields: [] }
    : null;
}

/** Names in a zone are cut to its width (Doc 9303 part 3, 4.6): the shorter one must begin the longer one. */
const sameName = (a: string, b: string): boolean => a.startsWith(b) || b.startsWith(a);

function disagreements(a: PersonalData, b: PersonalData): string[] {
  const fields: string[] = [];
  if (!sameName(a.surname, b.surname)) fields.push('surname');
  if (!sameName(a.givenNames, b.givenNames)) fields.push('givenNames');
  if (a.birthDate !== b.birthDate) fields.push('birthDate');
  if (a.sex !== b.sex && a.sex !== 'unspecified' && b.sex !== 'unspecified') fields.push('sex');
  if (a.nationality !== b.nationality) fields.push('nationality');
  return fields;
}
