import { parse } from 'mrz';
import { describe, expect, it } from 'vitest';
import { makeIdentity, RESIDENCE_CARD_CODES } from '../../sim/people/identity.ts';
import { type CheckedField, checkDigit, corruptCheckDigit } from '../../sim/people/mrz.ts';

const SEEDS = Array.from({ length: 200 }, (_, i) => i);
const fullYears = (birth: string, day: string): number =>
  Number(day.slice(0, 4)) - Number(birth.slice(0, 4)) - (day.slice(5) < birth.slice(5) ? 1 : 0);

describe('invented identities', () => {
  it('are the same for the same seed and differ between seeds', () => {
    expect(makeIdentity(42)).toEqual(makeIdentity(42));
    expect(new Set(SEEDS.map(seed => makeIdentity(seed).passport.number)).size).toBe(SEEDS.length);
    expect(new Set(SEEDS.map(seed => makeIdentity(seed).residenceCard.number)).size).toBe(SEEDS.length);
    expect(new Set(SEEDS.map(seed => makeIdentity(seed).nationality)).size).toBeGreaterThanOrEqual(8);
  });

  it('carry passports that an independent parser accepts with every check digit', () => {
    for (const seed of SEEDS) {
      const identity = makeIdentity(seed);
      const zone = parse([...identity.passport.mrz]);
      expect(zone.valid).toBe(true);
      expect(zone.format).toBe('TD3');
      expect(zone.details.filter(detail => !detail.valid)).toEqual([]);
      expect(zone.fields).toMatchObject({
        documentCode: 'P',
        documentNumber: identity.passport.number,
        issuingState: identity.nationality,
        nationality: identity.nationality,
        sex: identity.sex,
        birthDate: identity.birthDate.slice(2).replaceAll('-', ''),
        expirationDate: identity.passport.expires.slice(2).replaceAll('-', ''),
        lastName: identity.surname.replaceAll('-', ' '),
        firstName: identity.givenNames,
      });
    }
  });

  it('carry residence cards whose document code tells temporary from permanent', () => {
    for (const kind of ['temporary', 'permanent'] as const) {
      for (const seed of SEEDS) {
        const { residenceCard, nationality } = makeIdentity(seed, { residenceCard: kind });
        const zone = parse([...residenceCard.mrz]);
        expect(zone.valid).toBe(true);
        expect(zone.format).toBe('TD1');
        expect(zone.fields).toMatchObject({
          documentCode: RESIDENCE_CARD_CODES[kind],
          issuingState: 'VNM',
          nationality,
          documentNumber: residenceCard.number,
        });
      }
    }
  });

  it('have the age that was asked for on that day', () => {
    const ranges = { child_under_6: [1, 5], child_under_14: [6, 13], adult: [18, 69] } as const;
    for (const onDate of ['2026-07-01', '2028-02-29', '2027-01-01']) {
      for (const ageGroup of ['child_under_6', 'child_under_14', 'adult'] as const) {
        for (const seed of SEEDS) {
          const { birthDate, passport, residenceCard } = makeIdentity(seed, { onDate, ageGroup });
          const years = fullYears(birthDate, onDate);
          expect(years).toBeGreaterThanOrEqual(ranges[ageGroup][0]);
          expect(years).toBeLessThanOrEqual(ranges[ageGroup][1]);
          expect(passport.expires > onDate).toBe(true);
          expect(residenceCard.expires > onDate).toBe(true);
        }
      }
    }
  });

  it('have a Vietnamese mobile number and an address at a domain that delivers nowhere', () => {
    for (const seed of SEEDS) {
      const { mobile, email } = makeIdentity(seed);
      expect(mobile).toMatch(/^\+84[35789]\d{8}$/);
      expect(email).toMatch(/^[a-z.-]+@example\.com$/);
    }
  });
});

describe('machine-readable zones', () => {
  it('use the check digits of the specification', () => {
    // Doc 9303-3 section 4.9 and the specimen of Doc 9303-4 appendix B.
    expect(checkDigit('520727')).toBe('3');
    expect(checkDigit('L898902C3')).toBe('6');
    expect(checkDigit('ZE184226B<<<<<')).toBe('1');
  });

  it('can be corrupted in one check digit, which the parser names', () => {
    const named: Record<CheckedField, string> = {
      documentNumber: 'documentNumberCheckDigit',
      birthDate: 'birthDateCheckDigit',
      expires: 'expirationDateCheckDigit',
      composite: 'compositeCheckDigit',
    };
    const { passport, residenceCard } = makeIdentity(5);
    for (const lines of [passport.mrz, residenceCard.mrz]) {
      for (const field of Object.keys(named) as CheckedField[]) {
        const zone = parse(corruptCheckDigit(lines, field));
        expect(zone.valid).toBe(false);
        expect(zone.details.filter(detail => !detail.valid).map(detail => detail.field)).toContain(
          named[field],
        );
      }
    }
    expect(() => corruptCheckDigit(['one'], 'composite')).toThrow(RangeError);
  });
});
