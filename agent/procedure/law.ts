/**
 * The law as dated data: every rule and number the agent applies, with the article it stands in. A change of law is a
 * change of this file and of nothing else.
 */

/** Decree 69/2024/ND-CP, in force since 1 July 2024. */
const DECREE_69 = 'Decree 69/2024/ND-CP';

export const LAW = {
  /** Youngest age for level 1 and, on request, level 2. */
  level2: { minimumAgeYears: 6, article: `${DECREE_69}, Art. 7` },
  /** Younger applicants, and wards, come with a representative and register with that person's number. */
  representative: {
    belowAgeYears: 14,
    /** Civil Code 2015 (91/2015/QH13), Art. 20: an adult is 18 or older. */
    minimumAgeYears: 18,
    /** Document code of a Vietnamese citizen's identity card (TD1, issuer VNM): parents of foreign children may hold one. */
    identityCardCode: 'ID',
    article: `${DECREE_69}, Art. 11 and 14`,
  },
  /** What an account holds; the last three lines of level 1 are in no machine-readable zone, the first is the authority's. */
  contents: {
    level1: [
      'identification_number',
      'full_name',
      'birth_date',
      'sex',
      'nationality',
      'travel_document_number',
      'portrait',
      'travel_document_symbol_and_type',
      'travel_document_date_of_issue',
      'travel_document_place_of_issue',
    ],
    level2: ['fingerprints'],
    article: `${DECREE_69}, Art. 8`,
  },
  /** Office practice: the answer to this text message names the registered owner of the SIM. */
  sim: { keyword: 'TTTB', number: '1414', article: 'office practice' },
  /** From the result on, in calendar days; later through the hotline. */
  activation: { calendarDays: 7, article: `${DECREE_69}, Art. 14` },
  account: {
    /** Kept from Decree 59/2022, Art. 19: the successor's clause was not found. */
    decisionWorkingDays: 2,
    /** Why an account is locked, and unlocked when it has ended: what its holder may name at a kiosk. */
    holderGrounds: ['holder_request', 'travel_document_expired', 'residence_ended'],
    /** What an agency or a user of the service may name besides, through an officer. */
    agencyGrounds: ['breach_of_terms', 'holder_deceased', 'agency_request'],
    article: `${DECREE_69}, Art. 15; Decree 59/2022/ND-CP, Art. 19`,
  },
  /** Only holders of a permanent or temporary residence card are eligible. */
  residence: {
    article: `${DECREE_69}, Art. 7`,
    /** Document code in the card's machine-readable zone (TD1, issuer VNM) -> kind of card. */
    cardCodes: { AT: 'temporary_residence_card', AP: 'permanent_residence_card' },
  },
  /** Longest time to the result, in working days after the day a complete dossier was accepted. */
  result: { onFileWorkingDays: 3, otherwiseWorkingDays: 7, article: `${DECREE_69}, Art. 13` },
} as const;

/** Document code in the zone of a card that Viet Nam issues -> its kind. */
export const CARD_CODES = {
  ...LAW.residence.cardCodes,
  [LAW.representative.identityCardCode]: 'identity_card',
} as const;

/** Labour Code 2019 (45/2019/QH14), Art. 112: fixed public holidays, month-day. */
export const FIXED_HOLIDAYS = ['01-01', '04-30', '05-01', '09-02'] as const;

/**
 * Holiday on 24 November (Vietnam Culture Day) from this year on; the enacting text was not found, so the configuration
 * can switch it off.
 */
export const CULTURE_DAY = { monthDay: '11-24', fromYear: 2026 } as const;

/**
 * Holidays that follow the Vietnamese lunar calendar (UTC+7, which differs from the Chinese one): first day of Tet, and
 * Hung Kings' day (10th of the 3rd lunar month). Computed from new moons and solar terms after Meeus, Astronomical
 * Algorithms (1998), chapters 25 and 49; Tet agrees with the published dates up to 2031. Later years have to
 * be added here; every span that touches one is marked provisional until then.
 */
export const LUNAR_HOLIDAYS: Readonly<Record<number, { readonly tet: string; readonly hungKings: string }>> =
  {
    2025: { tet: '2025-01-29', hungKings: '2025-04-07' },
    2026: { tet: '2026-02-17', hungKings: '2026-04-26' },
    2027: { tet: '2027-02-06', hungKings: '2027-04-16' },
    2028: { tet: '2028-01-26', hungKings: '2028-04-04' },
    2029: { tet: '2029-02-13', hungKings: '2029-04-23' },
    2030: { tet: '2030-02-02', hungKings: '2030-04-12' },
    2031: { tet: '2031-01-23', hungKings: '2031-04-01' },
    2032: { tet: '2032-02-11', hungKings: '2032-04-19' },
  };

/**
 * What the Prime Minister fixed for a year: the days off of Tet and National Day with their swaps. A year that is not
 * listed is computed by the rule and marked provisional.
 */
export const PUBLISHED_YEARS: Readonly<
  Record<
    number,
    { readonly off: readonly string[]; readonly worked: readonly string[]; readonly source: string }
  >
> = {
  2026: {
    off: ['2026-02-16', '2026-02-17', '2026-02-18', '2026-02-19', '2026-02-20', '2026-08-31', '2026-09-01'],
    worked: ['2026-08-22'],
    source: 'Announcement of the Ministry of Home Affairs on public holidays in 2026',
  },
};
