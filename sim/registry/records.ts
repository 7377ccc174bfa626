/** Identity as the immigration database holds it. */
interface PersonRecord {
  readonly surname: string;
  readonly givenNames: string;
  /** YYYY-MM-DD. */
  readonly birthDate: string;
  readonly sex: 'female' | 'male' | 'unspecified';
  /** State code as in a machine-readable zone (ICAO Doc 9303 part 3), fillers left out: 'FRA', 'D'. */
  readonly nationality: string;
}

/** One sample taken at an earlier visit. */
export interface ReferenceSample {
  readonly modality: 'face' | 'finger';
  /** In words, e.g. `right_index`; null for a face. */
  readonly position: string | null;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** Pixels per inch, 200..2000; null for a face. */
  readonly ppi: number | null;
}

export interface ImmigrationRecord {
  readonly recordId: string;
  readonly person: PersonRecord;
  readonly travelDocumentNumber: string;
  readonly residenceCardNumber?: string | null;
  readonly onFile: { readonly face: boolean; readonly finger: boolean };
  readonly references: readonly ReferenceSample[];
  /** Nobody gets to see it until an officer unlocks it. */
  readonly locked?: boolean;
}

/** What an applicant claims to be. */
export interface Claim {
  readonly nationality: string;
  readonly travelDocumentNumber: string;
  readonly birthDate: string;
  readonly residenceCardNumber: string | null;
}

export type Finding =
  | { readonly state: 'found'; readonly record: ImmigrationRecord }
  | { readonly state: 'not_found' | 'several' | 'locked'; readonly record: null };

/** The records, by whom they are looked up. */
export class RecordStore {
  readonly #records = new Map<string, ImmigrationRecord>();

  /** Adds a record, or replaces the one with the same id. */
  add(record: ImmigrationRecord): void {
    this.#records.set(record.recordId, record);
  }

  delete(recordId: string): void {
    this.#records.delete(recordId);
  }

  /** Nationality, document number and birth date must agree, and the residence card where both sides have one. */
  find(claim: Claim): Finding {
    const matches = [...this.#records.values()].filter(record => fits(record, claim));
    const [record] = matches;
    if (record === undefined) return { state: 'not_found', record: null };
    if (matches.length > 1) return { state: 'several', record: null };
    return record.locked === true ? { state: 'locked', record: null } : { state: 'found', record };
  }
}

function fits(record: ImmigrationRecord, claim: Claim): boolean {
  const card = record.residenceCardNumber ?? null;
  return (
    record.person.nationality === claim.nationality &&
    record.person.birthDate === claim.birthDate &&
    plain(record.travelDocumentNumber) === plain(claim.travelDocumentNumber) &&
    (card === null || claim.residenceCardNumber === null || plain(card) === plain(claim.residenceCardNumber))
  );
}

/** A document number without the fillers and spaces that machine-readable zones and people put into it. */
const plain = (number: string): string => number.toUpperCase().replace(/[^A-Z0-9]/g, '');
