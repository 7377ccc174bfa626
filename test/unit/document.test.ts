import { describe, expect, it } from 'vitest';
import { readZone, takeDocument } from '../../agent/pipeline/document.ts';
import { CARD_CODES, LAW } from '../../agent/procedure/index.ts';
import type { DocumentReader, Reading } from '../../drivers/device.ts';

/** Check digit of Doc 9303 part 3, 4.9: weights 7, 3, 1; digits count as they are, A = 10 ... Z = 35, filler 0. */
function digitOf(text: string): string {
  const value = (char: string) => (char === '<' ? 0 : Number.parseInt(char, 36));
  return String([...text].reduce((sum, char, i) => sum + value(char) * [7, 3, 1][i % 3]!, 0) % 10);
}

const pad = (text: string, length: number) => text.padEnd(length, '<').slice(0, length);

const BIRTH = '900102';
const EXPIRES = '300304';

/** A passport (TD3), Doc 9303 part 4. */
function td3(
  change: Partial<Record<'code' | 'issuer' | 'number' | 'birth' | 'sex' | 'nationality', string>> = {},
) {
  const {
    code = 'P<',
    issuer = 'FRA',
    number = '12AB34567',
    birth = BIRTH,
    sex = 'F',
    nationality = 'FRA',
  } = change;
  const first = pad(`${code}${issuer}DUPONT<<MARIE<CLAIRE`, 44);
  const body = number + digitOf(number);
  const dates = `${birth}${digitOf(birth)}${sex}${EXPIRES}${digitOf(EXPIRES)}`;
  const personal = `${'<'.repeat(14)}0`;
  const composite = digitOf(body + birth + digitOf(birth) + EXPIRES + digitOf(EXPIRES) + personal);
  return [first, `${body}${nationality}${dates}${personal}${composite}`];
}

/** A residence card (TD1), Doc 9303 part 5. */
function td1(change: Partial<Record<'code' | 'issuer' | 'number', string>> = {}) {
  const { code = 'AT', issuer = 'VNM', number = 'TR1234567' } = change;
  const first = `${code}${issuer}${number}${digitOf(number)}${'<'.repeat(15)}`;
  const composite = digitOf(
    first.slice(5, 30) + BIRTH + digitOf(BIRTH) + EXPIRES + digitOf(EXPIRES) + '<'.repeat(11),
  );
  const second = `${BIRTH}${digitOf(BIRTH)}F${EXPIRES}${digitOf(EXPIRES)}FRA${'<'.repeat(11)}${composite}`;
  return [first, second, pad('DUPONT<<MARIE<CLAIRE', 30)];
}

/** What somebody holds before the reader, one after another. */
const readerOf = (...seen: Reading[]): DocumentReader => ({
  identity: { driver: '', model: '', serial: '', location: '' },
  read: async () => seen.shift()!,
  [Symbol.asyncDispose]: async () => {},
});

function reading(...seen: Reading[]) {
  const reader = readerOf(...seen);
  const signal = new AbortController().signal;
  return takeDocument([{ use: work => work(reader) }], CARD_CODES, '2026-11-21', signal);
}

describe('codes', () => {
  it('come from a scanner beside the reader as well, also while one of the two is away', async () => {
    const away = Promise.withResolvers<never>();
    const left: unknown[] = [];
    const awayUse = (_: unknown, signal: AbortSignal) => {
      signal.addEventListener('abort', () => {
        left.push(signal.reason);
        away.reject(signal.reason);
      });
      return away.promise;
    };
    const scanner = readerOf({ kind: 'code', text: 'HN-2026/1182' });
    const readers = [{ use: awayUse }, { use: <T>(work: (device: DocumentReader) => T) => work(scanner) }];
    const signal = new AbortController().signal;
    expect(await takeDocument(readers, CARD_CODES, '2026-11-21', signal)).toMatchObject({
      kind: 'appointment',
    });
    expect(left).toHaveLength(1);
  });

  it.each(['HN-2026/1182', 'A.17', 'x'.repeat(64)])('%s is one of an appointment', async code => {
    expect(await reading({ kind: 'code', text: code })).toEqual({ kind: 'appointment', code });
  });

  it('of other content are passed over', async () => {
    const others = ['A17', 'x'.repeat(65), 'HN 2026', 'https://example.org/1', 'P<FRA', 'mã-1182', 'A17\n'];
    const seen = others.map(text => ({ kind: 'code' as const, text }));
    expect(await reading(...seen, { kind: 'zone', lines: td3() })).toMatchObject({ kind: 'document' });
  });
});

const read = (lines: readonly string[], today = '2026-11-21') => readZone(lines, CARD_CODES, today);

/** The zone with the digit at a place of a line made wrong. */
const corrupted = (lines: readonly string[], line: number, place: number) =>
  lines.map((text, i) =>
    i === line ? `${text.slice(0, place)}${(Number(text[place]) + 1) % 10}${text.slice(place + 1)}` : text,
  );

describe('a passport', () => {
  it('is read with everything that stands in it', () => {
    expect(read(td3())).toEqual({
      kind: 'document',
      document: {
        document: { kind: 'travel_document', number: '12AB34567', issuer: 'FRA', expires: '2030-03-04' },
        person: {
          surname: 'DUPONT',
          givenNames: 'MARIE CLAIRE',
          birthDate: '1990-01-02',
          sex: 'female',
          nationality: 'FRA',
        },
      },
    });
  });

  it.each([
    ['documentNumber', 9],
    ['birthDate', 19],
    ['expirationDate', 27],
    ['personalNumber', 42],
    ['composite', 43],
  ])('with a wrong check digit of %s says so', (field, place) => {
    const outcome = read(corrupted(td3(), 1, place));
    expect(outcome).toMatchObject({ kind: 'problem', problem: { reason: 'check_digit' } });
    // The composite digit covers the other digits, so it is wrong along with each of them.
    expect(outcome.kind === 'problem' && outcome.problem.fields).toContain(field);
  });

  it('takes an unstated sex and a one-letter state', () => {
    const outcome = read(td3({ sex: '<', nationality: 'D<<', issuer: 'D<<' }));
    expect(outcome).toMatchObject({
      kind: 'document',
      document: { document: { issuer: 'D' }, person: { sex: 'unspecified', nationality: 'D' } },
    });
  });

  it.each([
    ['260101', '2026-11-21', '2026-01-01'],
    ['261231', '2026-11-21', '1926-12-31'],
    ['000229', '2026-11-21', '2000-02-29'],
  ])('a birth in %s read on %s lies in %s', (birth, today, wanted) => {
    expect(read(td3({ birth }), today)).toMatchObject({ document: { person: { birthDate: wanted } } });
  });

  it('with a day that no calendar has is unreadable', () => {
    expect(read(td3({ birth: '900231' }))).toMatchObject({
      kind: 'problem',
      problem: { reason: 'unreadable' },
    });
  });
});

describe("a Vietnamese citizen's identity card", () => {
  /** As on specimens: nine digits as the document's number, all twelve in the optional field, and a digit of the issuer's own. */
  const citizen = (number: string, optional: string) => {
    const lines = td1({ code: 'ID', number });
    const first = `${lines[0]?.slice(0, 15)}${pad(optional, 15)}`;
    const body = first.slice(5, 30) + BIRTH + digitOf(BIRTH) + EXPIRES + digitOf(EXPIRES) + '<'.repeat(11);
    return [first, `${lines[1]?.slice(0, 29)}${digitOf(body)}`, lines[2] ?? ''];
  };

  it('is read with its number of twelve digits', () => {
    expect(read(citizen('093047064', '001093047064<<2'))).toMatchObject({
      kind: 'document',
      document: { document: { kind: 'identity_card', number: '001093047064', issuer: 'VNM' } },
    });
  });

  it.each([
    ['none', ''],
    ['one too short', '1093047064'],
    ["another person's", '001093047065'],
  ])('with %s in the optional field is unreadable', (_what, optional) => {
    expect(read(citizen('093047064', optional))).toMatchObject({ problem: { reason: 'unreadable' } });
  });

  it('of another state is no such card', () => {
    expect(read(td1({ code: 'ID', issuer: 'FRA' }))).toMatchObject({ problem: { reason: 'wrong_document' } });
  });
});

describe('a residence card', () => {
  it.each(Object.entries(LAW.residence.cardCodes))('with the code %s is a %s', (code, kind) => {
    expect(read(td1({ code }))).toMatchObject({
      kind: 'document',
      document: { document: { kind, number: 'TR1234567', issuer: 'VNM', expires: '2030-03-04' } },
    });
  });

  it.each([
    ['documentNumber', 0, 14],
    ['birthDate', 1, 6],
    ['expirationDate', 1, 14],
    ['composite', 1, 29],
  ])('with a wrong check digit of %s says so', (field, line, place) => {
    const outcome = read(corrupted(td1(), line, place));
    expect(outcome).toMatchObject({ kind: 'problem', problem: { reason: 'check_digit' } });
    expect(outcome.kind === 'problem' && outcome.problem.fields).toContain(field);
  });

  it.each([
    ['another state', td1({ issuer: 'FRA' })],
    ['an unknown code', td1({ code: 'I<' })],
    ['a visa in passport size', td3({ code: 'V<' })],
  ])('is not %s', (_what, lines) => {
    expect(read(lines)).toMatchObject({ kind: 'problem' });
  });
});

describe('what is no zone', () => {
  it.each([
    ['nothing', []],
    ['empty lines', ['', '']],
    ['words', ['HELLO KIOSK', 'THIS IS NO PASSPORT']],
    ['one line', [td3()[0]!]],
    ['a truncated line', [td3()[0]!, td3()[1]!.slice(0, 40)]],
    ['control characters', ['\u0000'.repeat(44), '\u0007'.repeat(44)]],
    ['small letters', td3().map(line => line.toLowerCase())],
    ['fillers only', ['<'.repeat(44), '<'.repeat(44)]],
  ])('%s is a problem in plain words, never an exception', (_what, lines) => {
    const outcome = read(lines);
    expect(outcome.kind).toBe('problem');
    expect(outcome.kind === 'problem' && ['unreadable', 'check_digit'].includes(outcome.problem.reason)).toBe(
      true,
    );
  });
});
