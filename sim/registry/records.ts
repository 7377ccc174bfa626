import { randomBytes } from 'node:crypto';
import { treeRoot } from './tree.ts';

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
  /** RFC 3339; kiosks must not use it from then on. */
  readonly expiresAt?: string;
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

/** The last change of one record; null is a record that was taken away. */
export interface LoggedChange {
  readonly recordId: string;
  readonly version: number;
  readonly record: ImmigrationRecord | null;
}

/** What a kiosk gets to know at a time. */
export interface ChangePage {
  readonly epoch: Uint8Array;
  readonly from: number;
  readonly version: number;
  readonly changes: readonly LoggedChange[];
  /** Null while more pages follow. */
  readonly root: string | null;
}

/** The records, by whom they are looked up, and the log of their changes that kiosks follow. */
export class RecordStore {
  readonly #records = new Map<string, ImmigrationRecord>();
  /** Last change of each record, oldest first. */
  readonly #log = new Map<string, LoggedChange>();
  readonly #epoch = randomBytes(32);
  #version = 0;

  /** Adds a record, or replaces the one with the same id. */
  add(record: ImmigrationRecord): void {
    this.#records.set(record.recordId, record);
    this.#note(record.recordId, record);
  }

  delete(recordId: string): void {
    if (this.#records.delete(recordId)) this.#note(recordId, null);
  }

  /** The changes after what a kiosk has, as many as fit; from the beginning for one that has nothing of this log. */
  changesAfter(
    have: { readonly epoch: string; readonly version: number } | null,
    limits: { readonly records: number; readonly bytes: number },
  ): ChangePage {
    const known = have?.epoch === this.#epoch.toString('base64url') && have.version <= this.#version;
    const from = known ? have.version : 0;
    const changes: LoggedChange[] = [];
    let bytes = 0;
    for (const change of this.#log.values()) {
      if (change.version <= from) continue;
      const size = change.record?.references.reduce((sum, { bytes: { length } }) => sum + length, 0) ?? 0;
      if (changes.length > 0 && (changes.length >= limits.records || bytes + size > limits.bytes)) break;
      changes.push(change);
      bytes += size;
    }
    const last = changes.at(-1)?.version ?? this.#version;
    const complete = last >= this.#version;
    return { epoch: this.#epoch, from, version: last, changes, root: complete ? this.#root() : null };
  }

  #note(recordId: string, record: ImmigrationRecord | null): void {
    this.#version += 1;
    this.#log.delete(recordId);
    this.#log.set(recordId, { recordId, version: this.#version, record });
  }

  #root(): string {
    return treeRoot(
      this.#epoch,
      [...this.#log.values()].filter(({ record }) => record !== null),
    );
  }

  /**
   * Nationality, birth date and document number must agree, and the residence card where both sides have one. Where no
   * record has the document, for it was renewed, the residence card alone stands for it.
   */
  find(claim: Claim): Finding {
    const records = [...this.#records.values()].filter(record => samePerson(record, claim));
    const byDocument = records.filter(record => sameDocument(record, claim));
    const matches =
      byDocument.length > 0
        ? byDocument.filter(record => sameCard(record, claim) ?? true)
        : records.filter(record => sameCard(record, claim) === true);
    const [record] = matches;
    if (record === undefined) return { state: 'not_found', record: null };
    if (matches.length > 1) return { state: 'several', record: null };
    return record.locked === true ? { state: 'locked', record: null } : { state: 'found', record };
  }
}

const samePerson = ({ person }: ImmigrationRecord, claim: Claim): boolean =>
  person.nationality === claim.nationality && person.birthDate === claim.birthDate;

const sameDocument = ({ travelDocumentNumber }: ImmigrationRecord, claim: Claim): boolean =>
  plain(travelDocumentNumber) === plain(claim.travelDocumentNumber);

/** Null where one of the two has no card. */
function sameCard({ residenceCardNumber: card }: ImmigrationRecord, claim: Claim): boolean | null {
  if (!card || claim.residenceCardNumber === null) return null;
  return plain(card) === plain(claim.residenceCardNumber);
}

/** A document number without the fillers and spaces that machine-readable zones and people put into it. */
const plain = (number: string): string => number.toUpperCase().replace(/[^A-Z0-9]/g, '');
