import { createRng, type Rng } from './finger/rng.ts';
import { td1Lines, td3Lines } from './mrz.ts';
import { NATIONALITIES, type Nationality } from './names.ts';

type AgeGroup = 'child_under_6' | 'child_under_14' | 'adult';

/**
 * Document codes of the simulated Vietnamese residence cards. Doc 9303-5 leaves the second character to the issuing state
 * (V excepted): after A, which readers take for any card-size document, T stands for temporary and P for permanent;
 * C would mean crew, and I with P a passport card.
 */
export const RESIDENCE_CARD_CODES = { temporary: 'AT', permanent: 'AP' } as const;
type ResidenceCardKind = keyof typeof RESIDENCE_CARD_CODES;

interface SimulatedDocument {
  readonly number: string;
  /** ICAO three-letter code. */
  readonly issuer: string;
  /** Calendar dates are YYYY-MM-DD. */
  readonly expires: string;
  /** Lines of the machine-readable zone, all check digits right. */
  readonly mrz: readonly string[];
}

export interface Identity {
  readonly surname: string;
  readonly givenNames: string;
  readonly sex: 'female' | 'male';
  /** ICAO three-letter code. */
  readonly nationality: string;
  readonly birthDate: string;
  /** TD3, issued by the state of nationality. */
  readonly passport: SimulatedDocument;
  /** TD1, issued by Viet Nam. */
  readonly residenceCard: SimulatedDocument & { readonly kind: ResidenceCardKind };
  /** Vietnamese mobile number, +84 and nine digits. */
  readonly mobile: string;
  readonly email: string;
}

export interface IdentityOptions {
  /** The day on which the age and the documents' validity count, YYYY-MM-DD. */
  readonly onDate?: string;
  readonly ageGroup?: AgeGroup;
  readonly sex?: 'female' | 'male';
  readonly residenceCard?: ResidenceCardKind;
}

/** Fixed, so that a seed means the same person every day; documents made for it are valid into 2029. */
const REFERENCE_DATE = '2026-07-01';

/** Ages in full years, both ends included. */
const AGES: Readonly<Record<AgeGroup, readonly [number, number]>> = {
  child_under_6: [1, 5],
  child_under_14: [6, 13],
  adult: [18, 69],
};

const DAY_MS = 86_400_000;

/** The date `years` and `days` after a date (29 February falls on 1 March). */
function shifted(date: string, years: number, days: number): string {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  return new Date(Date.UTC(year + years, month - 1, day) + days * DAY_MS).toISOString().slice(0, 10);
}

const LETTERS = 'ABCDEFGHJKLMNPRSTUVWXYZ';

const passportNumber = (pattern: string, rng: Rng): string =>
  pattern.replaceAll(/[#?]/g, mark =>
    mark === '#' ? String(rng.integer(10)) : LETTERS[rng.integer(LETTERS.length)]!,
  );

/** Prefixes of the Vietnamese mobile networks after +84. */
const MOBILE_PREFIXES = ['32', '34', '38', '70', '77', '83', '86', '90', '91', '93', '96', '98'];

/**
 * A foreigner resident in Viet Nam, invented from a seed. Pure. Even seeds are male and odd seeds female unless given.
 */
export function makeIdentity(seed: number, options: IdentityOptions = {}): Identity {
  const { onDate = REFERENCE_DATE, ageGroup = 'adult' } = options;
  const rng = createRng('identity', seed);
  const nationality: Nationality = rng.pick(NATIONALITIES);
  const sex = options.sex ?? (Math.abs(seed) % 2 === 1 ? 'female' : 'male');
  const surname = rng.pick(nationality.surnames);
  const givenNames = rng.pick(sex === 'female' ? nationality.female : nationality.male);
  const [youngest, oldest] = AGES[ageGroup];
  // At most 360 days past the birthday: whatever the leap years, not yet the next one.
  const birthDate = shifted(onDate, -(youngest + rng.integer(oldest - youngest + 1)), -rng.integer(361));
  const holder = { surname, givenNames, sex, nationality: nationality.code, birthDate };

  const passport = {
    number: passportNumber(nationality.passportNumber, rng),
    issuer: nationality.code,
    expires: shifted(onDate, 3 + rng.integer(6), rng.integer(360)),
  };
  const kind: ResidenceCardKind = options.residenceCard ?? (rng.chance(0.2) ? 'permanent' : 'temporary');
  const card = {
    number: `${kind === 'permanent' ? 'PR' : 'TR'}${String(1_000_000 + rng.integer(9_000_000))}`,
    issuer: 'VNM',
    // A temporary card ends before the passport does; a permanent one is changed every ten years.
    expires:
      kind === 'permanent'
        ? shifted(onDate, 5 + rng.integer(5), rng.integer(360))
        : shifted(onDate, 1 + rng.integer(2), rng.integer(360)),
  };
  return {
    ...holder,
    passport: {
      ...passport,
      mrz: td3Lines({
        ...holder,
        documentCode: 'P',
        issuer: passport.issuer,
        documentNumber: passport.number,
        expires: passport.expires,
      }),
    },
    residenceCard: {
      ...card,
      kind,
      mrz: td1Lines({
        ...holder,
        documentCode: RESIDENCE_CARD_CODES[kind],
        issuer: card.issuer,
        documentNumber: card.number,
        expires: card.expires,
      }),
    },
    // Zeros in the middle keep invented numbers away from most that are in use.
    mobile: `+84${rng.pick(MOBILE_PREFIXES)}000${String(rng.integer(10_000)).padStart(4, '0')}`,
    email: `${givenNames}.${surname}`
      .toLowerCase()
      .replaceAll(/[^a-z.]+/g, '-')
      .concat('@example.com'),
  };
}
