import { createRng } from './finger/rng.ts';
import { td1Lines } from './mrz.ts';

/** A Vietnamese citizen who comes along with an applicant: a name, a telephone, and the card. */
export interface Citizen {
  readonly surname: string;
  readonly givenNames: string;
  /** YYYY-MM-DD. */
  readonly birthDate: string;
  /** Personal identification number: twelve digits. */
  readonly number: string;
  /** Vietnamese mobile number, +84 and nine digits. */
  readonly mobile: string;
  /** Lines of the card's zone (TD1). */
  readonly mrz: readonly string[];
}

const SURNAMES = ['NGUYEN', 'TRAN', 'LE', 'PHAM', 'HOANG'];
const GIVEN_NAMES = ['THI MAI', 'THI LAN', 'THU HA', 'NGOC ANH'];
/** Provinces as the first three digits of a number name them. */
const PROVINCES = ['001', '048', '079', '092'];

/**
 * An invented mother of full age, from a seed. Her number holds province, sex and century (1: a woman of the 20th), year of
 * birth and six digits; the zone has its last nine as the document's number and all twelve in the optional field.
 */
export function makeCitizen(seed: number): Citizen {
  const rng = createRng('citizen', seed);
  const year = 75 + rng.integer(20);
  const number = `${rng.pick(PROVINCES)}1${year}${String(rng.integer(1_000_000)).padStart(6, '0')}`;
  const holder = {
    surname: rng.pick(SURNAMES),
    givenNames: rng.pick(GIVEN_NAMES),
    birthDate: `19${year}-0${1 + rng.integer(9)}-1${rng.integer(10)}`,
  };
  const mrz = td1Lines({
    ...holder,
    documentCode: 'ID',
    issuer: 'VNM',
    documentNumber: number.slice(3),
    nationality: 'VNM',
    sex: 'female',
    expires: '2035-01-15',
    optional: `${number}<<0`,
  });
  return { ...holder, number, mobile: `+8490000${String(rng.integer(10_000)).padStart(4, '0')}`, mrz };
}
