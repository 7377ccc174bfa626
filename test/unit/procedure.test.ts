import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDays,
  ageOn,
  dateInVietnam,
  deadline,
  expectedDates,
  isWorkingDay,
  refusal,
} from '../../agent/procedure/index.ts';
import { LUNAR_HOLIDAYS } from '../../agent/procedure/law.ts';

const settings = { november24IsHoliday: true, extraDaysOff: [], extraDaysWorked: [] };

describe('working days', () => {
  it.each([
    ['2026-02-13', 3, '2026-02-25'],
    ['2026-02-13', 7, '2026-03-03'],
    ['2026-08-20', 3, '2026-08-24'],
    ['2026-08-20', 7, '2026-08-28'],
    ['2026-08-28', 3, '2026-09-07'],
    ['2026-04-24', 3, '2026-05-04'],
    ['2026-11-20', 3, '2026-11-26'],
  ])('accepted %s, %i working days later is %s', (accepted, days, expected) => {
    expect(deadline(accepted, days, settings)).toEqual({ date: expected, provisional: false });
  });

  it('can do without the holiday of 24 November', () => {
    expect(deadline('2026-11-20', 3, { ...settings, november24IsHoliday: false }).date).toBe('2026-11-25');
  });

  it('marks a span that touches a year without a published list', () => {
    expect(deadline('2026-12-30', 3, settings).provisional).toBe(true);
  });

  it.each([
    [2025, '2025-01-29'],
    [2026, '2026-02-17'],
    [2027, '2027-02-06'],
    [2028, '2028-01-26'],
    [2029, '2029-02-13'],
    [2030, '2030-02-02'],
    [2031, '2031-01-23'],
  ])('knows Tet %i', (year, tet) => {
    expect(LUNAR_HOLIDAYS[year]?.tet).toBe(tet);
  });

  const dates = fc.integer({ min: 0, max: 2500 }).map(days => addDays('2025-01-01', days));

  it('never ends on a day off, and more days never end earlier', () => {
    fc.assert(
      fc.property(dates, fc.integer({ min: 1, max: 15 }), (accepted, days) => {
        const end = deadline(accepted, days, settings).date;
        expect(isWorkingDay(end, settings)).toBe(true);
        expect(deadline(accepted, days + 1, settings).date > end).toBe(true);
        expect(end > accepted).toBe(true);
      }),
    );
  });
});

describe('expected dates', () => {
  it('promises three days only when both modalities are on file', () => {
    expect(
      expectedDates('register_level_2', { face: true, finger: true }, '2026-08-20', settings),
    ).toMatchObject({
      within3WorkingDays: '2026-08-24',
      within7WorkingDays: null,
    });
    expect(
      expectedDates('register_level_2', { face: true, finger: false }, '2026-08-20', settings),
    ).toMatchObject({
      within3WorkingDays: null,
      within7WorkingDays: '2026-08-28',
    });
    expect(expectedDates('register_level_2', null, '2026-08-20', settings)).toMatchObject({
      within3WorkingDays: '2026-08-24',
      within7WorkingDays: '2026-08-28',
    });
  });
});

describe('eligibility', () => {
  const person = {
    surname: 'ROSSI',
    givenNames: 'ANNA',
    birthDate: '1990-05-01',
    sex: 'female',
    nationality: 'ITA',
  } as const;
  const passport = {
    document: { kind: 'travel_document', number: 'YA1', issuer: 'ITA', expires: '2030-01-01' },
    person,
  } as const;
  const card = {
    document: { kind: 'temporary_residence_card', number: 'TRC1', issuer: 'VNM', expires: '2027-01-01' },
    person,
  } as const;
  const today = '2026-11-20';
  const born = (birthDate: string) =>
    [
      { ...passport, person: { ...person, birthDate } },
      { ...card, person: { ...person, birthDate } },
    ] as const;

  it('takes an adult with two valid documents of one person', () => {
    expect(refusal(passport, card, 'register_level_2', today)).toBeNull();
  });

  it('counts birthdays on the day in Vietnam', () => {
    expect(dateInVietnam(new Date('2026-11-19T17:00:00Z'))).toBe('2026-11-20');
    expect(refusal(...born('2020-11-21'), 'register_level_2', today)?.reason).toBe('under_6_level_1_only');
    expect(refusal(...born('2020-11-20'), 'register_level_2', today)).toBeNull();
    expect(refusal(...born('2012-11-21'), 'register_level_2', today)).toBeNull();
    expect(refusal(...born('2012-11-20'), 'register_level_2', today)).toBeNull();
    expect(ageOn('2020-02-29', '2026-02-28')).toBe(5);
  });

  it('names the fields in which two documents disagree', () => {
    const other = { ...card, person: { ...person, surname: 'BIANCHI', birthDate: '1991-05-01' } };
    expect(refusal(passport, other, 'register_level_2', today)).toEqual({
      reason: 'documents_do_not_match',
      fields: ['surname', 'birthDate'],
    });
  });

  it('accepts a name that one zone had to cut', () => {
    const cut = { ...card, person: { ...person, givenNames: 'ANN' } };
    expect(refusal(passport, cut, 'register_level_2', today)).toBeNull();
  });

  it('refuses expired documents', () => {
    const old = { ...passport, document: { ...passport.document, expires: '2026-11-19' } };
    expect(refusal(old, card, 'register_level_2', today)?.reason).toBe('travel_document_expired');
    const oldCard = { ...card, document: { ...card.document, expires: '2026-11-19' } };
    expect(refusal(passport, oldCard, 'register_level_2', today)?.reason).toBe('residence_card_expired');
  });
});
