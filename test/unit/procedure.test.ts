import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AccountForm } from '../../agent/contract/account-request.ts';
import {
  accountDecision,
  activationWindow,
  addDays,
  ageOn,
  contentsOf,
  dateInVietnam,
  deadline,
  expectedDates,
  groundsByDate,
  isWorkingDay,
  missingContents,
  needsRepresentative,
  refusal,
  representativeProblem,
  simCheck,
} from '../../agent/procedure/index.ts';
import { LAW, LUNAR_HOLIDAYS } from '../../agent/procedure/law.ts';

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

  it('asks for a representative below 14, who is grown up, somebody else, and has valid papers', () => {
    const child = { ...person, birthDate: '2012-11-21' };
    expect(needsRepresentative(child, today)).toBe(true);
    expect(needsRepresentative({ ...person, birthDate: '2012-11-20' }, today)).toBe(false);
    const papers = {
      travelDocument: { ...passport, person: child },
      residenceCard: { ...card, person: child },
    };
    const parent = (birthDate: string, expires = '2030-01-01') => ({
      document: { ...passport.document, number: 'YA2', expires },
      person: { ...person, givenNames: 'CARLA', birthDate },
    });
    expect(representativeProblem(papers, parent('2008-11-20'), today)).toBeNull();
    expect(representativeProblem(papers, parent('2008-11-21'), today)?.reason).toBe(
      'representative_too_young',
    );
    expect(representativeProblem(papers, parent('1980-01-01', '2026-11-19'), today)?.reason).toBe('expired');
    expect(representativeProblem(papers, papers.travelDocument, today)?.reason).toBe('same_person');
    const renewed = { document: { ...passport.document, number: 'YA3' }, person: child };
    expect(representativeProblem(papers, renewed, today)?.reason).toBe('same_person');
  });

  it('lets papers that ran out be the ground of a lock', () => {
    const old = { ...passport, document: { ...passport.document, expires: '2026-11-19' } };
    expect(refusal(old, card, 'lock', today)).toBeNull();
    expect(refusal(old, card, 'unlock', today)?.reason).toBe('travel_document_expired');
    expect(groundsByDate('2026-11-19', '2027-01-01', today)).toEqual(['travel_document_expired']);
    expect(groundsByDate(today, '2026-11-19', today)).toEqual(['residence_ended']);
    expect(groundsByDate(today, today, today)).toEqual([]);
  });
});

describe('locks and unlocks', () => {
  it('are decided within two working days', () => {
    expect(accountDecision('2026-11-20', settings)).toEqual({ date: '2026-11-25', provisional: false });
    expect(expectedDates('lock', null, '2026-02-13', settings)).toEqual({
      within3WorkingDays: null,
      within7WorkingDays: null,
      accountDecision: '2026-02-24',
      provisional: false,
    });
  });
});

describe('after the result', () => {
  it('an account can be activated for seven calendar days, holidays or not', () => {
    expect(activationWindow('2026-02-13')).toEqual({ from: '2026-02-13', until: '2026-02-20' });
  });
});

describe('the SIM check', () => {
  it('is exactly the text and the number of the law, also as a code', () => {
    expect(simCheck('C01X00T47')).toEqual({
      message: 'TTTB C01X00T47',
      number: '1414',
      uri: 'SMSTO:1414:TTTB C01X00T47',
    });
  });
});

describe('what an account holds', () => {
  const wanted = ['right_index', 'left_index'] as const;
  const dossier = {
    person: {
      surname: 'ROSSI',
      givenNames: 'ANNA',
      birthDate: '1990-05-01',
      sex: 'female',
      nationality: 'ITA',
    },
    travelDocument: { kind: 'travel_document', number: 'YA1', issuer: 'ITA', expires: '2030-01-01' },
    portrait: true,
    fingers: ['right_index'],
    exceptions: [],
  } as const;

  it('level 2 adds the fingerprints to level 1', () => {
    expect(contentsOf(2)).toEqual([...contentsOf(1), 'fingerprints']);
    expect(contentsOf(1)).toContain('travel_document_place_of_issue');
  });

  it('a finger is there or excepted; level 1 asks for none', () => {
    expect(missingContents(2, dossier, wanted)).toEqual(['fingerprints']);
    expect(missingContents(1, dossier, wanted)).toEqual([]);
    const excepted = { ...dossier, exceptions: [{ position: 'left_index', reason: 'missing' }] } as const;
    expect(missingContents(2, excepted, wanted)).toEqual([]);
    expect(missingContents(1, { ...dossier, portrait: false }, wanted)).toEqual(['portrait']);
  });
});

describe('dates in general', () => {
  const days = fc.integer({ min: 0, max: 2500 }).map(count => addDays('2025-01-01', count));
  const added = { ...settings, extraDaysOff: ['2026-03-10'], extraDaysWorked: ['2026-03-14'] };

  it('a later acceptance never ends earlier, and the operator may add days off and days worked', () => {
    fc.assert(
      fc.property(days, fc.integer({ min: 1, max: 10 }), (accepted, count) => {
        const today = deadline(accepted, count, added).date;
        expect(deadline(addDays(accepted, 1), count, added).date >= today).toBe(true);
        expect(isWorkingDay(today, added)).toBe(true);
      }),
    );
    expect(isWorkingDay('2026-03-10', added)).toBe(false);
    expect(isWorkingDay('2026-03-14', added)).toBe(true);
  });

  it('three days are promised alone only where both are on file, and never while the database was offline', () => {
    fc.assert(
      fc.property(
        days,
        fc.option(fc.record({ face: fc.boolean(), finger: fc.boolean() })),
        (accepted, onFile) => {
          const dates = expectedDates('register_level_2', onFile, accepted, settings);
          expect(dates.within7WorkingDays === null).toBe(onFile?.face === true && onFile.finger);
          expect(dates.within3WorkingDays === null).toBe(onFile !== null && !(onFile.face && onFile.finger));
          expect(dates.accountDecision).toBeNull();
        },
      ),
    );
  });
});

it("the form for agencies names every ground of the law, and no other than the holder's dated ones besides", () => {
  const named = [...AccountForm.shape.ground.options].sort();
  const { agencyGrounds, holderGrounds } = LAW.account;
  const dated = holderGrounds.filter(ground => ground !== 'holder_request');
  expect(named).toEqual([...agencyGrounds, ...dated].sort());
});
